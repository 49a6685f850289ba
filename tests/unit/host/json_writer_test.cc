/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include "json-writer.h"

TEST(JsonWriter, PlacesCommasAndBrackets)
{
    g_autoptr(GString) out = g_string_new(nullptr);
    json_writer_open(out, nullptr, '{');
    json_writer_number(out, "a", 1);
    json_writer_open(out, "b", '[');
    json_writer_string(out, nullptr, "x");
    json_writer_bool(out, nullptr, TRUE);
    json_writer_close(out, ']');
    json_writer_open(out, "c", '{');
    json_writer_close(out, '}');
    json_writer_close(out, '}');
    EXPECT_STREQ(out->str, R"({"a": 1, "b": ["x", true], "c": {}})");
}

TEST(JsonWriter, EscapesWhatJsonCannotHold)
{
    g_autoptr(GString) out = g_string_new(nullptr);
    json_writer_string(out, nullptr, "a\"b\\c\n\x01é");
    EXPECT_STREQ(out->str, "\"a\\\"b\\\\c\\u000a\\u0001é\"");
}
