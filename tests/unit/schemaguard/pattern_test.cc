/* SPDX-License-Identifier: MIT */
/* ECMA-262 patterns: what matches, what is no pattern, what takes too long. */
#include "guard-test-support.h"

#include <random>
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
        {"((b|c|)*|(^d^)e){0}[0-9]", "a1", true}, /* PCRE2 says no */
        {"\\1+(?<n>b*)\\.c", "a.c", true},
        {"^(?<n>a)?\\k<n>{2}$", "", true},
        {"^(?<n>a)?\\k<n>{2}$", "aaa", true},
        {"(?=(?!b)a)", "ba", true},
        {"(?!(?<=a)b)^b", "b", true},
        {"^(?=(a+))a*b\\1", "baaabac", false},
        {"(?=(a+))a*b\\1", "baaabac", true},
        {"a{0}(?=b)b", "b1", true}, /* PCRE2 says no */
        {"^(?:a|(b)(?<=c+)){0}(c)\\2$", "cc", true},
        {"^(?<aNameOfMoreThanThirtyTwoCharacters>a)"
         "\\k<aNameOfMoreThanThirtyTwoCharacters>$",
         "aa", true},
        {"^\\k<$\xC3\xA9>(?<$\xC3\xA9>a)$", "a", true},
        {"^[(?<n>](\\(?<n>)(?<m>b)\\k<m>$", "<(>bb", false},
        {"^[(?<n>]\\((?<n>b)\\k<n>$", "<(bb", true},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(Search(row.pattern, row.text), row.found)
            << row.pattern << " on " << row.text;
    }
}

TEST(GuardPattern, RefusesWhatEcmaScriptDoesNotHave)
{
    const char *const bad[] = {"(",
                               "a)",
                               "[a",
                               "*a",
                               "a**",
                               "a++",
                               "\\a",
                               "a\\Z",
                               "(?i)a",
                               "(?P<n>a)",
                               "(?#c)a",
                               "[b-a]",
                               "a{2,1}",
                               "\\p{Foo}",
                               "\\",
                               "(?>a)",
                               "\\1",
                               "\\u{110000}",
                               "(?<n>a)\\k",
                               "(?<>a)",
                               "(?<1n>a)",
                               "(?<n>a)(?<n>b)",
                               "(?<n>a)\\k<m>",
                               "(?<=a+"};
    for (const char *pattern : bad) {
        GError *error = nullptr;
        EXPECT_EQ(schema_guard_pattern_new(pattern, strlen(pattern), &error), nullptr)
            << pattern;
        ASSERT_NE(error, nullptr) << pattern;
        g_clear_error(&error);
    }
}

TEST(GuardPattern, NamesOfGroupsHaveNoZero)
{
    const char pattern[] = "(?<a\0b>c)";
    GError *error = nullptr;
    EXPECT_EQ(schema_guard_pattern_new(pattern, sizeof pattern - 1, &error), nullptr);
    ASSERT_NE(error, nullptr);
    g_clear_error(&error);
}

TEST(GuardPattern, LooksBehindForAnyWidth)
{
    const std::vector<Row> rows = {
        {"(?<=a+)b", "caab", true},
        {"(?<=a+)b", "cb", false},
        {"^(?<!foo|b(?:a|ar))x", "x", true},
        {"(?<!foo|b(?:a|ar))x", "barx", false},
        {"(?<!foo|b(?:a|ar))x", "brx", true},
        {"(?<=^a*)b", "aab", true},
        {"(?<=^a*)b", "caab", false},
        {"a(?<=ba*$)", "cbaa", true},
        {"ba(?<=ba*$)a", "cbaa", false},
        {"^a+(?<=^a{1,2})$", "aaa", false},
        {"^a+(?<=^a{1,2})a$", "aaa", true},
        {"(?<=\\bfo+)x", "a foox", true},
        {"(?<=\\bfo+)x", "afoox", false},
        {"(?<=\\p{L}+)1",
         "\xC3\xA9"
         "1",
         true},
        {"(?<=(?<!b)a+)c", "bac", false},
        {"(?<=(?<!b)a+)c", "baac", true},
        {"(?<=(?<=(?<=b+)a+)c+)d", "bacccd", true},
        {"(?<=(?<=(?<=b+)a+)c+)d", "acccd", false},
        {"(?<=a(?=b+c)b*)bc", "abbc", true},
        {"^(?=.*(?<=a+b)$)", "aab", true},
        {"(?<=a(?<=b+a)c)d", "bacd", true}, /* one in PCRE2's own */
        {"(?<=[\xF0\x9F\x98\x80-\xF0\x9F\x98\x82]{1,2})b",
         "\xF0\x9F\x98\x81"
         "b",
         true},
        {"^.(?<!^.\\u{1F600}?)$", "\xF0\x9F\x98\x80", false},
        {"(?<!(a+))(b)\\2", "bb", true},
        {"(?<!(a+))b\\1$", "b", true},
        {"(?<=(a+))(b)\\2", "abb", true},
        {"(?<=[]|a+)b", "ab", true},
    };
    for (const Row &row : rows) {
        EXPECT_EQ(Search(row.pattern, row.text), row.found)
            << row.pattern << " on " << row.text;
    }
}

TEST(GuardPattern, RefusesWhatALookbehindCannotCatch)
{
    std::string many;
    for (int i = 0; i < 17; i++) {
        many += "(?<=a+)";
    }
    const std::vector<std::pair<std::string, const char *>> bad = {
        {"(?<=(a+))b\\1", "character 11: a reference to a group in a lookbehind"},
        {"\\k<n>(?<=(?<n>a|bc){2})b", "character 1: a reference to a group"},
        {"(a)(?<=\\1|bc+)", "character 8: a reference in a lookbehind"},
        {"(?<=(a)\\1)b", "character 8: a reference in a lookbehind"},
        {many, "character 119: too many lookbehinds"},
    };
    for (const auto &[pattern, message] : bad) {
        GError *error = nullptr;
        EXPECT_EQ(schema_guard_pattern_new(pattern.data(), pattern.size(), &error),
                  nullptr);
        ASSERT_NE(error, nullptr) << pattern;
        EXPECT_NE(strstr(error->message, message), nullptr) << error->message;
        g_clear_error(&error);
    }
    /* Patterns they are nevertheless. */
    Guard guard = MakeGuard(R"({"format": "regex"})");
    EXPECT_TRUE(IsValid(guard, R"("(?<=(a+))b\\1")"));
    EXPECT_FALSE(IsValid(guard, R"("(?<=(a+))b\\1(")"));
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
    Guard guard = MakeGuard(R"({"pattern": "^(a+)+\\1$"})");
    Guard inverse = MakeGuard(R"({"not": {"pattern": "^(a+)+\\1$"}})");
    std::string hostile = "\"" + std::string(64 << 10, 'a') + "!\"";
    EXPECT_FALSE(IsValid(guard, hostile));
    EXPECT_FALSE(IsValid(inverse, hostile));
    Report report = MakeReport(inverse, hostile);
    EXPECT_STREQ(schema_guard_report_at(report.get(), 0)->code, "limit-pattern");
    EXPECT_TRUE(IsValid(guard, "\"aaa\""));
    Guard behind = MakeGuard(R"({"not": {"pattern": "(?<=(?:a|aa)*\\b[yz])!"}})");
    EXPECT_FALSE(IsValid(behind, hostile));
    EXPECT_TRUE(IsValid(behind, "\"aaa!\""));
}

/* Without a bound each of them takes from seconds to for ever; the suite's time limit
 * tells. Those that look around or refer back may give up, the others may not. */
TEST(GuardPattern, EveryPatternEndsOnLongHostileTexts)
{
    const char *const regular[] = {
        "^(a+)+$",           "(a|aa)+$",           "(x+x+)+y",     "[a-z]{2,}\\d",
        "(?:a|aa){15}[yz]",  "(.*)(.*)(.*)[yz]$",  "(?:.*,){11}P", "(a?){30}a{30}y",
        "^(\\w+\\s?)*[#?]$", ".*a.*a.*a.*a.*[yz]", "((a*)*)*[yz]", "(\\w+)@(\\w+)\\.y",
    };
    const char *const others[] = {
        "(?=.*a.*a.*a.*a.*z)",    "(a*)\\1[yz]",
        "(a*)*\\1[yz]",           "(?:(?=a|aa)a|aa){15}[yz]",
        "(?:(?=(a+)))+(\\1|a)*z", "\\b(a+)+\\B[yz]",
        "(?<=b)(a|b|ab)*[yz]",    "(\\w+)!\\1[yz]",
        "(\\w+)-(\\w+)[yz]\\b",   "\\b[ab]{1,900}[yz]",
        "(?<=(?:a|aa)*\\b)[yz]",  "(?<=(?:a|b|ab)*)[yz]",
        "(?:(?<=\\w+)a|aa)*[yz]", "(?<=(?:\\p{L}|a)+\\p{N})!",
    };
    const std::string units[] = {"a", "b", "ab", "aab ", std::string(1600, 'b') + "a"};
    for (const std::string &unit : units) {
        std::string text;
        while (text.size() < 64 << 10) {
            text += unit;
        }
        text += "!";
        for (const char *pattern : regular) {
            EXPECT_FALSE(Search(pattern, text)) << pattern << " on " << unit;
        }
        for (const char *pattern : others) {
            EXPECT_FALSE(Search(pattern, text)) << pattern << " on " << unit;
        }
    }
    EXPECT_TRUE(Search("(.*)(.*)(.*)[yz]$", std::string(64 << 10, 'a') + "y"));
}

/* More states than are kept, and more work than the automaton is given. */
TEST(GuardPattern, ManyStatesAreMadeAnew)
{
    std::mt19937 random(7);
    std::string text;
    for (int i = 0; i < 20000; i++) {
        text += "ab"[random() % 2];
    }
    size_t length = text.size();
    for (int k : {3, 12, 60}) {
        std::string pattern = "^[ab]*a[ab]{" + std::to_string(k) + "}$";
        EXPECT_EQ(Search(pattern.c_str(), text), text[length - 1 - (size_t)k] == 'a')
            << k;
    }
    EXPECT_TRUE(Search("(?:ab|a|b){1,30}$", text));
}

TEST(GuardPattern, TooLargeForPcre2ButRegular)
{
    const char *pattern =
        "^(?:[\\u0100-\\u0200\\u0300]a|b[^\\u0100-\\u0200]c){1,1500}$";
    std::string text;
    for (int i = 0; i < 2000; i++) {
        text += "\xC4\x80"
                "a";
    }
    EXPECT_TRUE(Search(pattern, "\xC4\x80"
                                "abxc"));
    EXPECT_FALSE(Search(pattern, "\xC4\x80"
                                 "abx"));
    /* Beyond the automaton's work it is neither yes nor no. */
    std::string schema = "{\"not\": {\"pattern\": \"(?:[\\u0100-\\u0200\\u0300]a?|"
                         "b[^\\u0100-\\u0200]c){1,1500}d\"}}";
    Guard inverse = MakeGuard(schema.c_str());
    EXPECT_FALSE(IsValid(inverse, "\"" + text + "\""));
    EXPECT_FALSE(IsValid(inverse, "\"\xC4\x80"
                                  "d\""));
    EXPECT_TRUE(IsValid(inverse, "\"d\""));
}

std::string
RandomPattern(std::mt19937 &random, int depth)
{
    static const char *const atoms[] = {
        "a",   "b",   "c",      ".",        "[ab]", "[^a]", "\\d",  "\\w",
        "\\s", "\\W", "[^\\s]", "\xC3\xA9", "^",    "$",    "(?:)", "[b-\xC3\xA9]"};
    static const char *const quantifiers[] = {"*",     "+",     "?",    "{2}",
                                              "{0,2}", "{1,}?", "{2,}", "*?"};
    std::string out;
    for (int i = (int)(random() % 4); i >= 0; i--) {
        std::string atom = atoms[random() % G_N_ELEMENTS(atoms)];
        if (depth > 0 && random() % 3 == 0) {
            atom =
                (random() % 2 ? "(" : "(?:") + RandomPattern(random, depth - 1) + ")";
        }
        out += atom;
        if (atom != "^" && atom != "$" && random() % 3 == 0) {
            out += quantifiers[random() % G_N_ELEMENTS(quantifiers)];
        }
        if (random() % 6 == 0) {
            out += "|";
        }
    }
    return out;
}

/* PCRE2 is the reference: an empty look before a pattern leaves it to PCRE2. */
TEST(GuardPattern, TheAutomatonFindsWhatPcre2Finds)
{
    static const char *const letters[] = {
        "a", "b", "c", "1", " ", "\n", "\xC3\xA9", "\xE2\x80\xA8", "\xF0\x9F\x98\x80"};
    std::mt19937 random(20261124);
    int found = 0;
    for (int i = 0; i < 20000; i++) {
        std::string pattern = RandomPattern(random, 2);
        std::string reference = "(?:" + pattern + ")(?=)";
        std::string text;
        for (size_t left = random() % 12; left > 0; left--) {
            text += letters[random() % G_N_ELEMENTS(letters)];
        }
        bool matches = Search(pattern.c_str(), text);
        ASSERT_EQ(matches, Search(reference.c_str(), text))
            << pattern << " on " << text;
        found += matches;
    }
    EXPECT_GT(found, 4000);
    EXPECT_LT(found, 16000);
}

/* What PCRE2 finds is the reference again: for fixed widths its own lookbehind, for
 * others all places where it finds an end. Short, for it goes all ways there. */
TEST(GuardPattern, TheAutomatonLooksBehindAsPcre2Does)
{
    static const char *const letters[] = {
        "a", "b", "c", "1", " ", "\xC3\xA9", "\xF0\x9F\x98\x80"};
    std::mt19937 random(20261129);
    int found = 0;
    for (int i = 0; i < 20000; i++) {
        std::string inside = RandomPattern(random, 1);
        std::string behind = random() % 2 ? "(?<=" : "(?<!";
        std::string after = RandomPattern(random, 1);
        std::string pattern = behind + inside + ")(?:" + after + ")";
        std::string reference = behind + "(?:" + inside + ")(?=))(?:" + after + ")";
        std::string text;
        for (size_t left = random() % 6; left > 0; left--) {
            text += letters[random() % G_N_ELEMENTS(letters)];
        }
        bool matches = Search(pattern.c_str(), text);
        ASSERT_EQ(matches, Search(reference.c_str(), text))
            << pattern << " on " << text;
        found += matches;
    }
    EXPECT_GT(found, 4000);
    EXPECT_LT(found, 16000);
}

} // namespace
