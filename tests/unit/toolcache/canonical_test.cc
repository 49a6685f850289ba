// SPDX-License-Identifier: MIT
#include <cstring>

#include "cache_support.h"

namespace {

std::string
Canonical(const std::string &text)
{
    g_autoptr(GError) error = nullptr;
    size_t size = 0;
    g_autofree char *out =
        tool_cache_canonical(text.data(), text.size(), &size, &error);
    return out != nullptr ? std::string(out, size)
                          : std::string("error: ") + error->message;
}

// RFC 8785, section 3.2.2 and 3.2.3.
TEST(Canonical, FollowsTheExamplesOfTheStandard)
{
    EXPECT_EQ(Canonical(R"({
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false] })"),
              "{\"literals\":[null,true,false],"
              "\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
              "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    EXPECT_EQ(Canonical(R"({"\u20ac":"Euro Sign","\r":"Carriage Return",)"
                        R"("\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
                        R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",)"
                        R"("\u00f6":"Latin Small Letter O With Diaeresis"})"),
              "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\","
              "\"\xC3\xB6\":\"Latin Small Letter O With Diaeresis\","
              "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":"
              "\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":"
              "\"Hebrew Letter Dalet With Dagesh\"}");
}

// RFC 8785, appendix B, where the values are no integers above 2^53.
TEST(Canonical, PrintsNumbersAsEcmascriptDoes)
{
    const char *rows[][2] = {
        {"0", "0"},
        {"-0", "0"},
        {"-0.0", "0"},
        {"5e-324", "5e-324"},
        {"-5e-324", "-5e-324"},
        {"9007199254740992", "9007199254740992"},
        {"9.999999999999997e22", "9.999999999999997e+22"},
        {"1e23", "1e+23"},
        {"0.000001", "0.000001"},
        {"0.0000010", "0.000001"},
        {"1e-7", "1e-7"},
        {"333333333.33333325", "333333333.33333325"},
        {"333333333.3333332", "333333333.3333332"},
        {"0.1", "0.1"},
        {"1.0", "1"},
        {"10e-1", "1"},
        {"100", "100"},
        {"1e2", "100"},
        {"123456789012345680000", "123456789012345680000"},
        {"1e20", "100000000000000000000"},
        {"1e21", "1e+21"},
        {"999999999999999999999", "999999999999999999999"},
        {"1000000000000000000000", "1e+21"},
        {"-100000000000000000000", "-100000000000000000000"},
        {"1424953923781206.2", "1424953923781206.2"},
        {"-1.5E+3", "-1500"},
    };
    for (auto &row : rows) {
        EXPECT_EQ(Canonical(row[0]), row[1]) << row[0];
    }
}

TEST(Canonical, KeepsNumbersApartThatADoubleCannot)
{
    EXPECT_EQ(Canonical("9007199254740993"), "9007199254740993");
    EXPECT_EQ(Canonical("9007199254740993.0"), "9007199254740993");
    EXPECT_EQ(Canonical("1152921504606846977"), "1152921504606846977");
    EXPECT_NE(Canonical("9007199254740993.5"), Canonical("9007199254740994"));
    EXPECT_NE(Canonical("1e-400"), Canonical("0"));
    EXPECT_NE(Canonical("1e400"), Canonical("1e401"));
    EXPECT_EQ(Canonical("1e400"), Canonical("10e399"));
}

TEST(Canonical, OrdersMembersAtEveryDepth)
{
    EXPECT_EQ(Canonical(R"({"b":{"z":[{"y":1,"x":2}],"a":0},"a":[ ]  ,"":{}})"),
              R"({"":{},"a":[],"b":{"a":0,"z":[{"x":2,"y":1}]}})");
}

TEST(Canonical, SaysWhereTheErrorIs)
{
    const char *rows[][2] = {
        {"", "at byte 0"},
        {"{\"a\":}", "at byte 5"},
        //      ^
        {"[1,NaN]", "at byte 3"},
        // ^
        {"{\"a\":1,\"\\u0061\":2}", "a name twice in the object that ends at byte 17"},
        {R"([1,"a\uD800"])", "half of a surrogate pair in the string at byte 3"},
        {R"({"a":1,"\uDFFF":2})", "half of a surrogate pair in the string at byte 7"},
        {R"("\uDE00\uD83D")", "half of a surrogate pair in the string at byte 0"},
        {"[\"\xff\"]", "at byte 2"},
        {"1 2", "at byte 2"},
    };
    for (auto &row : rows) {
        EXPECT_NE(Canonical(row[0]).find(row[1]), std::string::npos)
            << row[0] << " gave " << Canonical(row[0]);
    }
}

TEST(Canonical, RefusesNestingWithoutEnd)
{
    EXPECT_EQ(Canonical(std::string(200, '[') + std::string(200, ']')),
              std::string(200, '[') + std::string(200, ']'));
    EXPECT_NE(Canonical(std::string(100000, '[')).find("error"), std::string::npos);
}

TEST(Canonical, IsItsOwnCanonicalForm)
{
    for (const char *text :
         {"{\"b\":[1.50,{\"\\u0001\":\"\\ud83d\\ude00\"}],\"a\":-0.00}", "1E-7",
          "[]"}) {
        std::string once = Canonical(text);
        EXPECT_EQ(Canonical(once), once);
    }
}

// The short way and the long way must agree: white space in front forces the long one.
TEST(Canonical, TakesTheShortWayOnlyWhereItIsRight)
{
    for (const char *text : {"{\"a\":1,\"b\":[true,null,{}]}",
                             "{\"b\":1,\"a\":2}",
                             "{\"a\":{\"c\":1,\"b\":2}}",
                             "[1,2,[3,[]]]",
                             "-1",
                             "-0",
                             "[-0]",
                             "1.0",
                             "1e2",
                             "123456789012345",
                             "1234567890123456",
                             "[\"\\u0041\"]",
                             "{\"\\u0041\":1}",
                             "\"\xC3\xA9\"",
                             "{\"ab\":1,\"a\":2}",
                             "{\"a\":1,\"ab\":2}",
                             "{\"\xC3\xA9\":1,\"z\":2}",
                             "{\"\":1,\"a\":{\"\":{}}}",
                             "[[],[]]",
                             "{}",
                             "[{},{}]",
                             "\"\""}) {
        EXPECT_EQ(Canonical(text), Canonical(std::string(" ") + text)) << text;
    }
    EXPECT_EQ(Canonical("{\"a\":1,\"a\":2}").find("error"), 0u);
    EXPECT_EQ(Canonical("[1,]").find("error"), 0u);
}

} // namespace
