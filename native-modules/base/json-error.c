/* SPDX-License-Identifier: MIT */
/* json-error.c - what is wrong with a JSON text, in words that say what to do. */
#include "json-scan.h"

#include <string.h>

#define QUOTES \
    "names and text stand in double quotes; other words are true, false, null"

static const char *
message_of(JsonError error)
{
    static const char *const messages[] = {
        [JSON_ERROR_NONE] = "no error",
        [JSON_ERROR_EMPTY] = "there is no JSON value",
        [JSON_ERROR_TRUNCATED] = "the text ends inside a value",
        [JSON_ERROR_UNEXPECTED] = "unexpected character",
        [JSON_ERROR_TRAILING] = "something follows the value",
        [JSON_ERROR_NUMBER] = "malformed number",
        [JSON_ERROR_LITERAL] = "unknown word; JSON has true, false and null",
        [JSON_ERROR_ESCAPE] = "invalid escape sequence",
        [JSON_ERROR_CONTROL] = "control character inside a string",
        [JSON_ERROR_UTF8] = "invalid UTF-8",
        [JSON_ERROR_DEPTH] = "nested too deeply",
        [JSON_ERROR_DUPLICATE] = "the same name twice in one object",
    };
    return messages[error];
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The last byte before `at` that is no white space, 0 for none. */
static char
byte_before(const char *text, const char *at)
{
    while (at > text && strchr(" \t\r\n", at[-1]) != NULL)
        at--;
    return at > text ? at[-1] : '\0';
}

static bool
starts_with(const char *at, const char *end, const char *bytes)
{
    size_t length = strlen(bytes);
    return (size_t)(end - at) >= length && memcmp(at, bytes, length) == 0;
}

/* Marks that are in files and in what models write, but not in JSON. */
static const char *
foreign_mark(const char *at, const char *end)
{
    static const struct {
        const char *bytes, *message;
    } marks[] = {
        {"\xef\xbb\xbf", "a byte order mark; the text begins with its value"},
        {"\xff\xfe", "this is UTF-16; JSON is UTF-8"},
        {"\xfe\xff", "this is UTF-16; JSON is UTF-8"},
        {"'", QUOTES},
        {"`",
         "a code fence or a quote of another kind; nothing but the JSON belongs here"},
        {"/", "JSON has no comments"},
        {"#", "JSON has no comments"},
        {"+", "a number begins with a digit or a minus sign"},
        {".", "a number begins with a digit or a minus sign"},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (starts_with(at, end, marks[i].bytes))
            return marks[i].message;
    return NULL;
}

static const char *
describe_unexpected(const char *text, const char *at, const char *end)
{
    const char *foreign = foreign_mark(at, end);
    char before = byte_before(text, at);
    bool follows_value = before == '"' || before == '}' || before == ']' ||
                         is_digit(before) || is_letter(before);
    if (foreign != NULL)
        return foreign;
    if ((*at == '}' || *at == ']') && before == ',')
        return "a comma before the closing bracket";
    if (strchr(",}]", *at) != NULL && (before == ':' || before == ','))
        return "a value is missing before this";
    if (is_digit(*at) && at > text && at[-1] == '0')
        return "a number does not begin with 0";
    if (follows_value && (strchr("\"{[-", *at) != NULL || is_digit(*at)))
        return "a comma or a colon is missing before this";
    return is_letter(*at) ? QUOTES : message_of(JSON_ERROR_UNEXPECTED);
}

const char *
json_error_message(JsonError error, const char *text, size_t length, size_t offset)
{
    if (error != JSON_ERROR_UNEXPECTED || offset >= length || text[offset] == '\0')
        return message_of(error);
    return describe_unexpected(text, text + offset, text + length);
}
