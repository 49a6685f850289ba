/* SPDX-License-Identifier: MIT */
/* Streams: the verdict of the whole at every split, and no later than it can be known.
 */
#include "guard-test-support.h"

#include <random>
#include <vector>

namespace {

struct StreamDeleter {
    void
    operator()(SchemaGuardStream *stream) const
    {
        schema_guard_stream_free(stream);
    }
};

using Stream = std::unique_ptr<SchemaGuardStream, StreamDeleter>;

/* Feeds the pieces and finishes. */
SchemaGuardStreamState
Feed(const Guard &guard, const std::vector<std::string> &pieces)
{
    Stream stream(schema_guard_stream_new(guard.get()));
    for (const std::string &piece : pieces) {
        schema_guard_stream_feed(stream.get(), piece.data(), piece.size());
    }
    return schema_guard_stream_finish(stream.get());
}

/* How many bytes it takes, one by one, until the stream says "invalid". */
size_t
BytesUntilInvalid(const Guard &guard, const std::string &text)
{
    Stream stream(schema_guard_stream_new(guard.get()));
    for (size_t i = 0; i < text.size(); i++) {
        if (schema_guard_stream_feed(stream.get(), &text[i], 1) ==
            SCHEMA_GUARD_STREAM_INVALID) {
            return i + 1;
        }
    }
    return text.size() + 1;
}

const char *const schema = R"({
  "properties": {
    "a": {"type": "integer", "maximum": 100},
    "s": {"type": "string", "maxLength": 9},
    "l": {"type": "array", "items": {"anyOf": [{"type": "null"}, {"type": "number"}]},
          "uniqueItems": true, "contains": {"const": null}},
    "o": {"allOf": [{"properties": {"x": true}}], "unevaluatedProperties": false}
  },
  "required": ["a"]
})";

const std::string payloads[] = {
    "{\"a\": 12}",
    "{\"a\": 123}",
    "{\"s\": \"\\u00e9\xC3\xA9\\\\\\\"\", \"a\": 1e1}",
    "{\"s\":\"\\uD83D\\uDE00\",\"a\":-0}",
    "{\"a\":1,\"l\":[null,1.5,2e3]}",
    "{\"a\":1,\"l\":[1.5,1.50]}",
    "{\"a\":1,\"l\":[true]}",
    "{\"a\":1,\"o\":{\"x\":[{}]}}",
    "{\"a\":1,\"o\":{\"x\":1,\"y\":2}}",
    "{\"a\":1,\"a\":2}",
    "{\"q\":1,\"q\":2}",
    "{\"a\":1,\"b\":tru}",
    "{\"a\":1,\"b\":[1,]}",
    "{\"a\":1} x",
    "{\"a\":1} \n",
    "{\"a\":1",
    "{\"s\":\"\xC3\x28\",\"a\":1}",
    "12",
    " -1.5e+3 ",
    "1..2",
    "\"x\"",
    "[[],[{}],\"\\n\"]",
    std::string("{\"a\":1}\0", 8),
    std::string("\"x\"\0 ", 5),
};

TEST(GuardStream, AgreesWithOneShotAtEverySplit)
{
    Guard guard = MakeGuard(schema);
    for (const std::string &text : payloads) {
        bool valid = IsValid(guard, text);
        SchemaGuardStreamState want =
            valid ? SCHEMA_GUARD_STREAM_COMPLETE : SCHEMA_GUARD_STREAM_INVALID;
        for (size_t i = 0; i <= text.size(); i++) {
            for (size_t j = i; j <= text.size(); j++) {
                ASSERT_EQ(Feed(guard, {text.substr(0, i), text.substr(i, j - i),
                                       text.substr(j)}),
                          want)
                    << text << " at " << i << " and " << j;
            }
        }
        std::vector<std::string> bytes;
        for (char c : text) {
            bytes.emplace_back(1, c);
        }
        EXPECT_EQ(Feed(guard, bytes), want) << text;
    }
}

TEST(GuardStream, SaysInvalidAtTheFirstOffendingByte)
{
    Guard guard = MakeGuard(schema);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"a\":\"x\"}"), 6u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"a\":1,}"), 8u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"s\":\"\\x\"}"), 8u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"s\":\"\xC3\x28\"}"), 8u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"b\":trx}"), 8u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"b\":01}"), 7u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"l\":[{"), 7u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"b\":\"aaaaaaaaaaaaaaaaaaaaaaaa\n"), 31u);
    EXPECT_EQ(BytesUntilInvalid(guard, "{\"s\":\"aaaaaaaaaaaaaaaaaaaaaaaa\n"), 16u);
}

/* The caret is below the byte that no text can make right any more. */
TEST(GuardStream, KnowsWhatNoTextCanMakeRight)
{
    struct Row {
        const char *schema;
        const char *text;
        size_t byte; /* from 1 */
    };
    const Row rows[] = {
        {R"({"properties": {"n": {"type": "string"}}})", "{\"n\": 12}", 7},
        /*                                                         ^ */
        {R"({"properties": {"n": {"type": "string"}}})", "{\"n\": -1}", 7},
        {R"({"properties": {"n": {"type": "string"}}})", "{\"n\": true}", 7},
        {R"({"items": {"type": "number"}})", "[1, null]", 5},
        {R"({"items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "null"}}})",
         "[null, 1]", 8},
        {R"({"anyOf": [{"type": "null"}, {"type": "object"}]})", "12", 1},
        {R"({"enum": ["celsius", "kelvin"]})", "\"cem\"", 4},
        /*                                        ^ */
        {R"({"enum": ["celsius", "kelvin"]})", "\"kelvins\"", 8},
        {R"({"enum": ["a\u00e9b"]})", "\"a\\u00e9c\"", 9},
        {R"({"enum": ["celsius", "kelvin"]})", "12", 1},
        {R"({"enum": ["celsius", "kelvin"]})", "[1]", 2},
        {R"({"const": false})", "true", 1},
        {R"({"maxLength": 3})", "\"abcd\"", 5},
        {R"({"maxLength": 2})", "\"\\n\\u00e9x\"", 10},
        {R"({"maxLength": 1})", "\"\\ud83d\\ude00x\"", 14},
        {R"({"maxItems": 1})", "[1,2]", 3},
        {R"({"maxItems": 0})", "[1]", 2},
        {R"({"maxProperties": 1})", "{\"a\":1,\"b\":2}", 7},
        {R"({"properties": {"city": true}, "additionalProperties": false})",
         "{\"citty\":1}", 6},
        {R"({"properties": {"city": true}, "additionalProperties": false})",
         "{\"ci\":1}", 5},
        {R"({"properties": {"x": false}})", "{\"x\":1}", 6},
    };
    for (const Row &row : rows) {
        Guard guard = MakeGuard(row.schema);
        EXPECT_EQ(BytesUntilInvalid(guard, row.text), row.byte)
            << row.schema << " " << row.text;
        Stream stream(schema_guard_stream_new(guard.get()));
        EXPECT_EQ(schema_guard_stream_feed(stream.get(), row.text, row.byte),
                  SCHEMA_GUARD_STREAM_INVALID);
        Report report(schema_guard_stream_report(stream.get()));
        EXPECT_GE(schema_guard_report_count(report.get()), 1u)
            << row.schema << " " << row.text;
    }
}

TEST(GuardStream, WaitsWhileSomeTextCouldMakeItRight)
{
    const char *const rows[][2] = {
        {R"({"maximum": 100})", "1500"}, /* e-2 may follow */
        {R"({"type": "integer"})", "1.5"},
        {R"({"enum": ["\ud83d\ude00"]})", R"("\ud83d)"},
        {R"({"enum": ["celsius", "kelvin"]})", R"("\u006b)"},
        {R"({"maxLength": 1})", R"("\ud83d\ude00)"},
        {R"({"minLength": 9, "pattern": "z$"})", "\"a"},
        {R"({"not": {"type": "string"}, "minItems": 2})", "[1"},
        {R"({"not": {"enum": ["ab"]}})", "\"ab"},
        {R"({"patternProperties": {"x": true}, "additionalProperties": false})",
         "{\"a"},
    };
    for (const auto &row : rows) {
        Guard guard = MakeGuard(row[0]);
        std::string text = row[1];
        EXPECT_EQ(BytesUntilInvalid(guard, text), text.size() + 1) << row[0];
    }
}

TEST(GuardStream, ReportsWhatHasCome)
{
    Guard guard = MakeGuard(schema);
    Stream stream(schema_guard_stream_new(guard.get()));
    std::string text = "{\"a\":\"x";
    EXPECT_EQ(schema_guard_stream_feed(stream.get(), text.data(), text.size()),
              SCHEMA_GUARD_STREAM_INVALID);
    Report report(schema_guard_stream_report(stream.get()));
    ASSERT_EQ(schema_guard_report_count(report.get()), 1u);
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->instance_path, "/a");
}

TEST(GuardStream, TakesAMegabyteInRandomPieces)
{
    Guard guard = MakeGuard(R"({"items": {"required": ["id"], "uniqueItems": true}})");
    std::string text = "[";
    for (int i = 0; text.size() < 1 << 20; i++) {
        text += "{\"id\":" + std::to_string(i) + ",\"text\":\"" +
                std::string(static_cast<size_t>(i % 400), 'x') +
                "\\n\xC3\xA9\",\"l\":[1,2]},";
    }
    text.back() = ']';
    std::mt19937 random(7);
    Stream stream(schema_guard_stream_new(guard.get()));
    for (size_t at = 0; at < text.size();) {
        size_t n = std::min<size_t>(1 + random() % 3000, text.size() - at);
        SchemaGuardStreamState state =
            schema_guard_stream_feed(stream.get(), &text[at], n);
        at += n;
        ASSERT_EQ(state, at < text.size() ? SCHEMA_GUARD_STREAM_MORE
                                          : SCHEMA_GUARD_STREAM_COMPLETE)
            << at;
    }
}

} // namespace
