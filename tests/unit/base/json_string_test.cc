/* SPDX-License-Identifier: MIT */
/* Strings read in large blocks against a reader that takes byte after byte. */
#include <json-scan.h>

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace {

struct Reading {
    JsonError error = JSON_ERROR_NONE;
    size_t at = 0; /* of the closing quote, or of what is wrong */
    bool is_escaped = false;
    bool is_ascii = true;
    std::string value;
};

/* Content without \u; beyond ASCII it knows e-acute only. */
Reading
ReadSlowly(const std::string &text)
{
    const std::string letters = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    Reading result;
    size_t &i = result.at;
    auto fail = [&result](JsonError error, size_t at) {
        result.error = error;
        result.at = at;
        return result;
    };
    while (i < text.size() && text[i] != '"') {
        if (text[i] == '\\') {
            result.is_escaped = true;
            if (i + 1 == text.size()) {
                return fail(JSON_ERROR_TRUNCATED, text.size());
            }
            size_t letter = letters.find(text[i + 1]);
            if (letter == std::string::npos) {
                return fail(JSON_ERROR_ESCAPE, i);
            }
            result.value += values[letter];
            i += 2;
        }
        else if (text[i] == '\xC3') {
            result.is_ascii = false;
            if (i + 1 == text.size() || text[i + 1] != '\xA9') {
                return fail(JSON_ERROR_UTF8, i);
            }
            result.value += "\xC3\xA9";
            i += 2;
        }
        else if (static_cast<unsigned char>(text[i]) < ' ') {
            return fail(JSON_ERROR_CONTROL, i);
        }
        else {
            result.value += text[i++];
        }
    }
    return i < text.size() ? result : fail(JSON_ERROR_TRUNCATED, text.size());
}

void
ExpectSame(const std::string &text)
{
    Reading want = ReadSlowly(text);
    JsonStringInfo info;
    const char *bad = nullptr;
    const char *begin = text.data();
    const char *close = json_string_check(begin, begin + text.size(), &info, &bad);
    ASSERT_EQ(info.error, want.error) << text;
    ASSERT_EQ(static_cast<size_t>((close ? close : bad) - begin), want.at) << text;
    if (close == nullptr) {
        return;
    }
    ASSERT_EQ(info.is_escaped, want.is_escaped) << text;
    ASSERT_EQ(info.is_ascii, want.is_ascii) << text;
    std::string value(want.at, '?');
    bool lone = true;
    value.resize(json_string_unescape(begin, want.at, value.data(), &lone));
    ASSERT_EQ(value, want.value) << text;
    ASSERT_FALSE(lone);
}

TEST(JsonString, ReadsRunsOfBackslashesAtEveryPlace)
{
    for (size_t before = 0; before < 140; before++) {
        for (size_t run = 0; run < 70; run++) {
            std::string text(before, 'x');
            ExpectSame(text + std::string(run, '\\') + "n\"" + std::string(90, 'y'));
            ExpectSame(text + std::string(run, '\\') + "\"" + std::string(90, 'y'));
        }
    }
}

TEST(JsonString, ReadsRandomContentAsASlowReaderDoes)
{
    std::mt19937 random(11);
    const std::string plain = "abnrtu/ {}[]:,0123456789fghijk";
    const char *const pieces[] = {"\\n", "\\\"", "\\\\", "\\/", "\\t", "\xC3\xA9"};
    const char *const wrong[] = {"\\x", "\n", "\xC3", "\x7F", "\""};
    for (int i = 0; i < 20000; i++) {
        std::string text;
        size_t size = random() % 700;
        unsigned density = 1 + random() % 40;
        while (text.size() < size) {
            text += random() % density == 0 ? pieces[random() % 6]
                                            : std::string(1, plain[random() % 30]);
        }
        if (random() % 2 == 0) {
            text.insert(random() % (text.size() + 1), wrong[random() % 5]);
        }
        ExpectSame(text + (random() % 8 == 0 ? "" : "\""));
    }
}

TEST(JsonString, ReadsUnicodeEscapesAtEveryPlace)
{
    for (size_t before = 0; before < 140; before++) {
        std::string text =
            std::string(before, 'x') + "\\u00e9\\n" + std::string(80, 'y');
        JsonStringInfo info;
        const char *bad = nullptr;
        std::string quoted = text + "\"";
        EXPECT_EQ(json_string_check(quoted.data(), quoted.data() + quoted.size(), &info,
                                    &bad),
                  quoted.data() + text.size());
        std::string value(text.size(), '?');
        value.resize(
            json_string_unescape(text.data(), text.size(), value.data(), NULL));
        EXPECT_EQ(value,
                  std::string(before, 'x') + "\xC3\xA9\n" + std::string(80, 'y'));
        quoted[before + 4] = '"';
        EXPECT_EQ(json_string_check(quoted.data(), quoted.data() + quoted.size(), &info,
                                    &bad),
                  nullptr);
        EXPECT_EQ(bad, quoted.data() + before);
    }
}

} // namespace
