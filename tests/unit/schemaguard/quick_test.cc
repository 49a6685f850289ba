/* SPDX-License-Identifier: MIT */
/* The short way (guard-quick.h) and the machine with a collector, which never takes it,
 * say the same. IsValid() compares them. */
#include "guard-test-support.h"

#include <sys/mman.h>

#include <cstring>
#include <random>
#include <vector>

namespace {

const char schema[] = R"({
    "type": "object",
    "required": ["city", "a name that is longer than thirty-two bytes"],
    "properties": {
        "city": {"type": "string"},
        "a name that is longer than thirty-two bytes": {"type": "integer"},
        "unit": {"enum": ["c", "fahrenheit or something long", "\"", "K"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 14, "multipleOf": 2},
        "ratio": {"type": "number"},
        "live": {"type": "boolean"},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 9},
        "either": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        "rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
        "free": {"type": "object"},
        "branch": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/row"}]},
        "qu\"ote": {"type": "integer"}
    },
    "minProperties": 2,
    "$defs": {"row": {
        "type": "object", "additionalProperties": false,
        "properties": {"id": {"type": "integer"}, "next": {"$ref": "#/$defs/row"}}}}
})";

const char *const texts[] = {
    R"({"city": "Riga", "a name that is longer than thirty-two bytes": 7})",
    R"({"a name that is longer than thirty-two bytes":-3,"city":"R\u0069ga \ud83d\ude00"})",
    R"({"city": "ä", "unit": "fahrenheit or something long", "days": 12, "ratio": -0.5e1,)"
    R"( "live": true, "a name that is longer than thirty-two bytes": 0})",
    R"({"city":"","tags":["a","b"],"rows":[{"id":1},{"id":2,"next":{"id":3}},{}],)"
    R"("a name that is longer than thirty-two bytes":1,"live":false,"code":"abc"})",
    R"( { "city" : "x" , "free" : {"p": [1, {"q": null}]} , "branch": {"id": 5},)"
    R"( "either": null, "ratio": 1.25, "qu\"ote": 1, "new": "n",)"
    "\n\t\"a name that is longer than thirty-two bytes\" : 12 } ",
    R"({"city": "x", "rows": [{"next":{"next":{"next":{"next":{"next":{"next":{"next":)"
    R"({"next":{"next":{"id":1}}}}}}}}}}], "unit": "\"", "days": 14,)"
    R"( "a name that is longer than thirty-two bytes": 1})",
};

TEST(GuardQuick, TakesWhatTheMachineTakes)
{
    Guard guard = MakeGuard(schema);
    for (const char *text : texts) {
        EXPECT_TRUE(IsValid(guard, text)) << text;
    }
}

TEST(GuardQuick, RefusesWhatTheMachineRefuses)
{
    const std::string head =
        R"({"city": "x", "a name that is longer than thirty-two bytes": 1, )";
    Guard guard = MakeGuard(schema);
    for (const char *member : {R"("city": "y")",
                               R"("unit": "k")",
                               R"("days": 3)",
                               R"("days": 16)",
                               R"("days": 02)",
                               R"("days": 2.5)",
                               R"("days": -)",
                               R"("ratio": 1.)",
                               R"("ratio": 01)",
                               R"("live": tru)",
                               R"("live": 1)",
                               R"("code": "A")",
                               R"("either": 1)",
                               R"("tags": ["a", "b", "c", "d"])",
                               R"("tags": ["a" "b"])",
                               R"("tags": ["a",])",
                               R"("tags": [,"a"])",
                               R"("rows": [{"id": 1, "id": 2}])",
                               R"("rows": [{"other": 1}])",
                               R"("rows": {})",
                               R"("branch": {"id": "5"})",
                               R"("city" "y")",
                               "\"days\": 2\v",
                               "\"tags\": [\"a\tb\"]",
                               "\"unit\": \"\xFF\"",
                               R"("tags": ["\x"])",
                               R"("free": {"p": 1, "p": 2})",
                               R"("new": 1, "new": 2)",
                               ""}) {
        EXPECT_FALSE(IsValid(guard, head + member + "}")) << member;
    }
    EXPECT_FALSE(IsValid(guard, R"({"city": "x"})"));
    EXPECT_TRUE(IsValid(guard, head + R"("days": 2})"));
}

TEST(GuardQuick, AgreesOnTextsWithAByteChanged)
{
    Guard guard = MakeGuard(schema);
    std::mt19937 random(7);
    const std::string bytes = "{}[]\",:\\ 0123-.eEtfnu\n\x80\xC3x";
    int valid = 0;
    for (const char *source : texts) {
        for (int i = 0; i < 3000; i++) {
            std::string text = source;
            size_t at = random() % text.size();
            char byte = bytes[random() % bytes.size()];
            switch (random() % 3) {
            case 0:
                text[at] = byte;
                break;
            case 1:
                text.erase(at, 1 + random() % 4);
                break;
            default:
                text.insert(at, 1, byte);
            }
            valid += IsValid(guard, text);
        }
    }
    EXPECT_GT(valid, 100);
}

/* Names that no schema has, branches of which one is left, containers of anything. */
const char open_schema[] = R"({
    "properties": {
        "env": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "on": {"anyOf": [{"type": "string"}, {"type": "array", "maxItems": 2,
               "items": {"$ref": "#/$defs/step"}}, {"$ref": "#/$defs/step"}]},
        "list": {"type": "array"},
        "tags": {"uniqueItems": true, "items": {"type": ["string", "number", "object"]}},
        "if": {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
               "if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"maxProperties": 2},
               "dependentSchemas": {"b": {"properties": {"x": {"type": "array"}}}}},
        "map": {"type": "object", "minProperties": 1, "maxProperties": 3},
        "never": false,
        "x-known": {"type": "integer"},
        "steps": {"type": "array", "items": {"oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "a"}, "n": {"type": "integer"}}},
            {"type": "object", "required": ["kind"], "additionalProperties": false,
             "properties": {"kind": {"enum": ["b", "c"]}, "s": {"type": "string"}}},
            {"not": {"type": "object"}, "enum": [null, "skip", 7]}]}}
    },
    "patternProperties": {"^x-": {"type": ["integer", "object"]}, "^y": {"type": "array"},
                          "[0-9]$": {"type": "boolean"}},
    "additionalProperties": {"$ref": "#/$defs/step"},
    "$defs": {"step": {"type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {"id": {"type": "string"}, "sub": {"$ref": "#/$defs/step"}},
        "patternProperties": {"^_": true}}}
})";

const char *const open_texts[] = {
    R"({"env": {"A": "1", "B": null, "C D": "\u0041"}, "on": "push", "list": [], "x-a": 1})",
    R"({"on": [{"id": "a", "_x": {"p": [1, {"q": 1.5e3}], "r": {}}}, {"id": "b"}], "x-known": 4})",
    R"({"on": {"id": "q", "sub": {"id": "r", "sub": {"id": "s", "_": [[], {}, [{}]]}}}})",
    R"({"list": [1, "a", {"a": 1, "b": [2, {"a": 1}]}, null, true], "map": {"k": 0, "l": {}}})",
    R"({"steps": [{"kind": "a", "n": 1, "z": {"z": 0}}, {"kind": "b", "s": ""}, null, 7,)"
    R"( {"s": "t", "kind": "c"}, "skip"], "yes": [[1]], "one1": true, "free": {"id": ""}})",
    R"({"tags": ["a", "b", "a ", "\u0063", 1, {"a": 1}, "d"], "if": {"a": 1, "b": "", "x": [{"y": 1}]}})",
    R"({"if": {"x": {"z": [1, "]", {"}": "\""}]}, "q": 1}, "tags": ["b", "bb", "bbb"]})",
    R"({"x-a": {"deep": {"er": [{"and": {"deeper": [1, [2, [3, [4, [5, [6]]]]]]}}]}}, "y": []})",
};

TEST(GuardQuick, AgreesOnNamesItDoesNotKnowAndOnBranches)
{
    Guard guard = MakeGuard(open_schema);
    std::mt19937 random(11);
    const std::string bytes = "{}[]\",:\\ 01.enu\n\xC3xyab_-";
    int valid = 0;
    for (const char *source : open_texts) {
        EXPECT_TRUE(IsValid(guard, source)) << source;
        for (int i = 0; i < 6000; i++) {
            std::string text = source;
            for (unsigned edits = 1 + random() % 2; edits > 0; edits--) {
                size_t at = random() % text.size();
                size_t from = random() % text.size();
                switch (random() % 4) {
                case 0:
                    text[at] = bytes[random() % bytes.size()];
                    break;
                case 1:
                    text.erase(at, 1 + random() % 4);
                    break;
                case 2:
                    text.insert(at, 1, bytes[random() % bytes.size()]);
                    break;
                default:
                    text.insert(at, text.substr(from, random() % 12));
                }
            }
            valid += IsValid(guard, text);
        }
    }
    EXPECT_GT(valid, 1000);
}

TEST(GuardQuick, CountsWhatIsOpenOnceWhenItGivesUp)
{
    Guard guard = MakeGuard(R"({"maxItems": 2, "items": {
        "maxProperties": 1, "properties": {"a": {"properties": {"b": true}}}}})");
    EXPECT_TRUE(IsValid(guard, R"([{"a": {"b" : 1}}, {"a": {"b" : 1}}])"));
    EXPECT_FALSE(IsValid(guard, R"([{"a": {"b" : 1}}, {"a": {"b" : 1}}, {}])"));
}

TEST(GuardQuick, RefusesOtherTypesThanContainersOfAnything)
{
    Guard guard = MakeGuard(open_schema);
    for (const char *text :
         {R"({"list": "a"})", R"({"list": {}})", R"({"map": 1})", R"({"map": {}})",
          R"({"map": {"a":1,"b":1,"c":1,"d":1}})", R"({"never": 1})", R"({"x-a": 1.5})",
          R"({"x-1": 1})", R"({"list": [{"a": 1, "a": 2}]})", R"({"env": {"A": 1}})",
          R"({"x-a": {"b": {"c": 1, "d": 2, "c": 3}}})",
          R"({"steps": [{"kind": "b", "n": 1}]})", R"({"env": {"A": "", "A": ""}})",
          R"({"x-known": {}})"}) {
        EXPECT_FALSE(IsValid(guard, text)) << text;
    }
    for (const char *text :
         {R"({"tags": ["a", "b", "a"]})", R"({"tags": ["a", "\u0061"]})",
          R"({"tags": [1, "a", 1.0]})", R"({"if": {"a": 1}})",
          R"({"tags": ["x", {"a": 1}, {"a": 1}]})",
          R"({"if": {"a": 1, "b": "", "x": {}}})",
          R"({"if": {"x": 1, "y": 2, "z": 3}})"}) {
        EXPECT_FALSE(IsValid(guard, text)) << text;
    }
    EXPECT_TRUE(IsValid(guard, R"({"env": {"A": "", "\u0061": ""}})"));
    EXPECT_FALSE(IsValid(guard, R"({"env": {"A": "", "\u0041": ""}})"));
}

TEST(GuardQuick, AgreesWithStreamsInPiecesOfEverySize)
{
    Guard guard = MakeGuard(schema);
    for (const char *text : texts) {
        size_t length = strlen(text);
        for (size_t piece = 1; piece <= length; piece++) {
            SchemaGuardStream *stream = schema_guard_stream_new(guard.get());
            SchemaGuardStreamState state = SCHEMA_GUARD_STREAM_MORE;
            for (size_t at = 0; at < length; at += piece) {
                ASSERT_NE(state, SCHEMA_GUARD_STREAM_INVALID)
                    << text << " by " << piece;
                state = schema_guard_stream_feed(stream, text + at,
                                                 std::min(piece, length - at));
            }
            EXPECT_EQ(schema_guard_stream_finish(stream), SCHEMA_GUARD_STREAM_COMPLETE)
                << text << " by " << piece;
            schema_guard_stream_free(stream);
        }
    }
}

TEST(GuardQuick, ComesBackToObjectsWithNamesItDoesNotKnow)
{
    Guard guard = MakeGuard(R"({"allOf": [
        {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}},
        {"properties": {"c": {"type": "integer"}}}]})");
    EXPECT_TRUE(IsValid(guard, R"({"x": {"y": 1}, "a": 1, "c": 2, "b": "s"})"));
    EXPECT_TRUE(IsValid(guard, R"({"c": 2, "x": [{}], "b": "s", "a": 1})"));
    EXPECT_FALSE(IsValid(guard, R"({"x": {"y": 1}, "a": 1, "c": "2", "b": "s"})"));
    EXPECT_FALSE(IsValid(guard, R"({"x": {"y": 1}, "a": 1, "x": 2})"));
}

TEST(GuardQuick, FindsManyNamesInAnyOrder)
{
    std::string properties, forward, backward;
    for (int i = 0; i < 60; i++) {
        std::string name = "\"" + std::string(i % 40, 'n') + std::to_string(i) + "\"";
        properties += (i ? "," : "") + name + ":{\"type\":\"integer\"}";
        forward += (i ? "," : "") + name + ":" + std::to_string(i);
        backward = name + " : " + std::to_string(i) + (i ? "," : "") + backward;
    }
    Guard guard = MakeGuard("{\"additionalProperties\":false,\"properties\":{" +
                            properties + "}}");
    EXPECT_TRUE(IsValid(guard, "{" + forward + "}"));
    EXPECT_TRUE(IsValid(guard, "{" + backward + "}"));
    EXPECT_FALSE(IsValid(guard, "{" + backward + ",\"x\":1}"));
    EXPECT_FALSE(IsValid(guard, "{" + forward + "," + forward + "}"));
}

TEST(GuardQuick, ReadsNothingBehindTheLastPage)
{
    const size_t page = 4096;
    char *pages = static_cast<char *>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(pages, MAP_FAILED);
    ASSERT_EQ(mprotect(pages + page, page, PROT_NONE), 0);
    Guard guard = MakeGuard(schema);
    for (size_t space = 0; space < 3000; space += 37) {
        for (size_t gap = 0; gap < 20; gap++) {
            std::string text = texts[2] + std::string(space, ' ');
            char *at = pages + page - gap - text.size() - 1;
            memcpy(at, text.c_str(), text.size() + 1);
            EXPECT_TRUE(schema_guard_is_valid(guard.get(), at, text.size()));
            at[text.size() - space - 1] = '\0';
            EXPECT_FALSE(
                schema_guard_is_valid(guard.get(), at, text.size() - space - 1));
        }
    }
    munmap(pages, 2 * page);
}

} // namespace
