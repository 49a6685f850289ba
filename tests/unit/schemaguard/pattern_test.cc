/* SPDX-License-Identifier: MIT */
/* ECMA-262 patterns: what matches, what is no pattern, what takes too long. */
#include "guard-test-support.h"

#include <chrono>
#include <vector>

namespace {

struct Row {
    const char *pattern;
    std::string text;
    bool found;
};

bool
Search(const char *pattern, const std::string &text)
{
    GError *error = nullptr;
    SchemaGuardPattern *self =
        schema_guard_pattern_new(pattern, strlen(pattern), &error);
    EXPECT_NE(self, nullptr) << pattern << (error ? error->message : "");
    g_clear_error(&error);
    bool found = self && schema_guard_pattern_search(self, text.c_str(), text.size());
    schema_guard_pattern_free(self);
    return found;
}

TEST(GuardPattern, MatchesAsEcmaScriptDoes)
{
    const std::vector<Row> rows = {
        {"^abc$", "abc", true},
        {"^abc$", "abc\n", false},
        {"^a.b$", "a\nb", false},
        {"^a.b$",
         "a\xE2\x80\xA8"
         "b",
         false},
        {"^\\d$", "\xE0\xA7\xA6", false},
        {"^\\w+$", "\xC3\xA9", false},
        {"^\\s$", "\xC2\xA0", true},
        {"^\\s$", "\xE1\x9A\x80", true},
        {"^\\S$", "\xEF\xBB\xBF", false},
        {"^\\p{Letter}+$", "\xC3\xA9t\xC3\xA9", true},
        {"^\\p{Script=Greek}$", "\xCE\xB1", true},
        {"^[0-9]{2}$", "12", true},
        {"^[0-9]{2}$", "123", false},
        {"[0-9]{2}", "a12", true},
        {"^a{,3}$", "a{,3}", true},
        {"^[a-z]{2,3}$", "abcd", false},
        {"^(ab|12)", "12x", true},
        {"^[]$", "", false},
        {"^[^]$", "\n", true},
        {"^\\u{1F600}$", "\xF0\x9F\x98\x80", true},
        {"^\\uD83D\\uDE00$", "\xF0\x9F\x98\x80", true},
        {"^[^a]$", "\xF0\x9F\x98\x80", true},
        {"^(?<y>\\d)\\k<y>$", "11", true},
        {"(?<=a)b", "ab", true},
        {"^\\cA$", "\x01", true},
        {"x*", "", true},
        {"^a*a$", "aaa", true},
        {"^[a-z]+@[a-z]+\\.com$", "ab@cd.com", true},
        {"^[a-z]+[a-z0-9]*$", "abc1", true},
        {"\\-", "a-b", true},
        {"^.{2}$", "\xC3\xA9\xC3\xA9", true},
        /* Halves of pairs are no characters; real schemas write them nevertheless. */
        {"^[ -\\uD7FF\\uE000-\\uFFFD\\uD800\\uDBFF-\\uDC00\\uDFFF\\t]*$", "a\t\xC3\xA9",
         true},
        {"^[ -\\uD7FF\\uE000-\\uFFFD\\uD800\\uDBFF-\\uDC00\\uDFFF\\t]*$", "a\n", false},
        {"^[x\\uD83C-\\uDBFF\\uDC00]$", "\xF0\x9F\x98\x80", true},
        {"^[\\uD800-\\uDFFF]?$", "", true},
        {"[\\uD800-\\uDFFF]", "a\xF0\x9F\x98\x80", false},
        {"^[^\\uD800-\\uDFFF]{2}$", "a\n", true},
        {"^a|\\uD83D$", "b\xF0\x9F\x98\x80", false},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(Search(row.pattern, row.text), row.found)
            << row.pattern << " on " << row.text;
    }
}

TEST(GuardPattern, RefusesWhatEcmaScriptDoesNotHave)
{
    const char *const bad[] = {
        "(",    "a)",    "[a",       "*a",          "a**",       "a++",    "\\a",
        "a\\Z", "(?i)a", "(?P<n>a)", "(?#c)a",      "[b-a]",     "a{2,1}", "\\p{Foo}",
        "\\",   "(?>a)", "\\1",      "\\u{110000}", "(?<n>a)\\k"};
    for (const char *pattern : bad) {
        GError *error = nullptr;
        EXPECT_EQ(schema_guard_pattern_new(pattern, strlen(pattern), &error), nullptr)
            << pattern;
        ASSERT_NE(error, nullptr) << pattern;
        g_clear_error(&error);
    }
}

TEST(GuardPattern, TakesLongTextsUnderARepeatedGroup)
{
    std::string text;
    for (int i = 0; i < 20000; i++) {
        text += "ab";
    }
    EXPECT_TRUE(Search("^(a|b)+$", text));
    EXPECT_FALSE(Search("^(a|b)+$", text + "c"));
}

TEST(GuardPattern, RunningOutOfBudgetIsNeverValid)
{
    Guard guard = MakeGuard(R"({"pattern": "^(a+)+$"})");
    Guard inverse = MakeGuard(R"({"not": {"pattern": "^(a+)+$"}})");
    std::string hostile = "\"" + std::string(64 << 10, 'a') + "!\"";
    EXPECT_FALSE(IsValid(guard, hostile));
    EXPECT_FALSE(IsValid(inverse, hostile));
    Report report = MakeReport(inverse, hostile);
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->code, "limit-pattern");
}

} // namespace
