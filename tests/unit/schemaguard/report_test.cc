/* SPDX-License-Identifier: MIT */
/* Reports: the place, the words, the branch that was meant. */
#include "guard-test-support.h"

namespace {

const char *const weather = R"({
  "type": "object",
  "properties": {
    "city": {"type": "string", "minLength": 2},
    "unit": {"enum": ["celsius", "fahrenheit"]},
    "days": {"type": "integer", "minimum": 1, "maximum": 14},
    "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}
  },
  "required": ["city", "days"],
  "additionalProperties": false
})";

struct Row {
    const char *text;
    const char *code;
    const char *instance_path;
    const char *schema_path;
    size_t offset; /* of the caret in the comment above */
    const char *says;
};

TEST(GuardReport, NamesPlaceAndRemedy)
{
    const Row rows[] = {
        /*               v */
        {R"({"city":"Riga"})", "missing-property", "", "/required", 0,
         "missing required property \"days\" (integer)"},
        {R"({"city":7,"days":1})", "wrong-type", "/city", "/properties/city/type", 8,
         "expected string, got number 7"},
        {R"({"city":"Riga","days":0})", "too-small", "/days",
         "/properties/days/minimum", 22, "must be at least 1, got 0"},
        {R"({"city":"Riga","days":1,"unit":"celcius"})", "not-in-enum", "/unit",
         "/properties/unit/enum", 31, "did you mean \"celsius\"?"},
        {R"({"city":"Riga","days":1,"citty":1})", "unknown-property", "",
         "/additionalProperties", 24, "did you mean \"city\"?; allowed are \"city\""},
        {R"({"city":"R","days":1})", "too-short", "/city", "/properties/city/minLength",
         8, "at least 2 characters, has 1"},
        {R"({"city":"Riga","days":1,"tags":["a",2]})", "wrong-type", "/tags/1",
         "/properties/tags/items/type", 36, "expected string"},
        {R"({"city":"Riga","days":1,"tags":["a","a"]})", "not-unique", "/tags",
         "/properties/tags/uniqueItems", 36, "\"a\" is there twice"},
        {R"({"city":"Riga","days":1.5})", "wrong-type", "/days",
         "/properties/days/type", 22, "expected integer"},
        {R"({"city":"Riga","days":1)", "syntax", "", "", 23, "ends inside a value"},
        {R"({"city":null,"days":1})", "wrong-type", "/city", "/properties/city/type", 8,
         "expected string, got null"},
        {R"({"city":"Riga","city":"Riga"})", "duplicate-name", "", "", 15,
         "the name \"city\" twice"},
    };
    Guard guard = MakeGuard(weather);
    for (const Row &row : rows) {
        Report report = MakeReport(guard, row.text);
        ASSERT_EQ(schema_guard_report_count(report.get()), 1u)
            << row.text << "\n"
            << schema_guard_report_explain(report.get());
        const SchemaGuardIssue *issue = schema_guard_report_at(report.get(), 0);
        EXPECT_STREQ(issue->code, row.code) << row.text;
        EXPECT_STREQ(issue->instance_path, row.instance_path) << row.text;
        EXPECT_STREQ(issue->schema_path, row.schema_path) << row.text;
        EXPECT_EQ(issue->offset, row.offset) << row.text;
        EXPECT_NE(strstr(issue->message, row.says), nullptr) << issue->message;
    }
}

TEST(GuardReport, CollectsEverythingInTheOrderOfTheText)
{
    Guard guard = MakeGuard(weather);
    Report report = MakeReport(
        guard, "{\"cty\":1,\n\"unit\":\"kelvin\",\"days\":99,\"tags\":[1,2,2]}");
    std::string codes;
    for (size_t i = 0; i < schema_guard_report_count(report.get()); i++) {
        codes += std::string(schema_guard_report_at(report.get(), i)->code) + " ";
    }
    EXPECT_EQ(codes, "missing-property unknown-property not-in-enum too-large "
                     "wrong-type wrong-type wrong-type not-unique ");
    EXPECT_EQ(schema_guard_report_at(report.get(), 2)->line, 2u);
    EXPECT_EQ(schema_guard_report_at(report.get(), 2)->column, 8u);
}

TEST(GuardReport, HoldsTheValueAgainstTheBranchThatWasMeant)
{
    Guard guard = MakeGuard(R"({"properties": {"q": {"oneOf": [
        {"properties": {"kind": {"const": "a"}, "x": {"type": "integer"}},
         "required": ["kind", "x"]},
        {"properties": {"kind": {"const": "b"}, "y": {"type": "string"}},
         "required": ["kind", "y"]}]}}})");
    Report report = MakeReport(guard, R"({"q":{"kind":"b","y":7}})");
    ASSERT_EQ(schema_guard_report_count(report.get()), 2u);
    const SchemaGuardIssue *inner = schema_guard_report_at(report.get(), 1);
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->keyword, "oneOf");
    EXPECT_STREQ(inner->instance_path, "/q/y");
    EXPECT_STREQ(inner->branch, "1 (kind = \"b\")");
}

std::string
Says(const char *schema, const char *text)
{
    Guard guard = MakeGuard(schema);
    Report report = MakeReport(guard, text);
    return schema_guard_report_at(report.get(), 0)->message;
}

TEST(GuardReport, SaysWhatTheBranchesTakeWhereNoneIsClose)
{
    const char *schema = R"({"anyOf": [{"type": "integer"}, {"type": "string"},
                                       {"$ref": "#/$defs/list"}],
                             "$defs": {"list": {"type": "array"}}})";
    EXPECT_EQ(Says(schema, "1.5"), "number 1.5 matches no branch of anyOf; "
                                   "expected string or integer or array");
    EXPECT_EQ(Says(schema, "null"), "null matches no branch of anyOf; "
                                    "expected string or integer or array");
    EXPECT_EQ(Says(R"({"anyOf": [false, {"not": {}}]})", "1"),
              "number 1 matches no branch of anyOf; closest is branch 1");
}

TEST(GuardReport, NamesAllBranchesWhereOneIsAGuess)
{
    const char *schema = R"({"oneOf": [
        {"properties": {"kind": {"const": "disc"}, "r": {"type": "number"}},
         "required": ["kind"]},
        {"$ref": "#/$defs/box"}],
        "$defs": {"box": {"properties": {"kind": {"const": "box"}},
                          "required": ["kind"]}}})";
    const char *all = "; closest is branch 0 (kind = \"disc\"); "
                      "kind is one of \"disc\", \"box\"";
    EXPECT_NE(Says(schema, R"({"kind":"ball"})").find(all), std::string::npos);
    EXPECT_NE(Says(schema, "{}").find(all), std::string::npos);
    EXPECT_EQ(Says(schema, R"({"kind":"disc","r":"1"})").find("one of"),
              std::string::npos);
}

TEST(GuardReport, SaysWhenSeveralBranchesMatch)
{
    Guard guard = MakeGuard(R"({"oneOf": [{"type": "integer"}, {"minimum": 2}]})");
    Report report = MakeReport(guard, "3");
    ASSERT_EQ(schema_guard_report_count(report.get()), 1u);
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->code, "several-branches");
}

TEST(GuardReport, ShortensLongValuesAtACharacter)
{
    Guard guard = MakeGuard(R"({"type": "integer"})");
    std::string text = "\"" + std::string(59, 'x') + "\xC3\xA9\xC3\xA9\"";
    Report report = MakeReport(guard, text);
    std::string got = schema_guard_report_at(report.get(), 0)->got;
    EXPECT_EQ(got, "\"" + std::string(59, 'x') + "...");
}

TEST(GuardReport, ShortensTheSchemasTextsAtACharacter)
{
    std::string eighty = "\"a";
    while (eighty.size() < 80) {
        eighty += "\xC3\xA9";
    }
    std::string schema = "{\"const\": " + eighty + "\xC3\xA9\"}";
    EXPECT_EQ(Says(schema.c_str(), "1"), "must be " + eighty + "..., got 1");
    schema = "{\"const\": " + eighty.insert(1, "a") + "\xC3\xA9\"}";
    eighty.resize(79);
    EXPECT_EQ(Says(schema.c_str(), "1"), "must be " + eighty + "..., got 1");
}

TEST(GuardReport, EscapesNamesInPointers)
{
    Guard guard = MakeGuard(R"({"additionalProperties": {"type": "null"}})");
    Report report = MakeReport(guard, R"({"a/b~\u0063": 1})");
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->instance_path, "/a~1b~0c");
}

TEST(GuardReport, IsEmptyForAValidPayload)
{
    Guard guard = MakeGuard(weather);
    Report report = MakeReport(guard, R"({"city":"Riga","days":3})");
    EXPECT_EQ(schema_guard_report_count(report.get()), 0u);
    EXPECT_STREQ(schema_guard_report_explain(report.get()), "");
}

} // namespace
