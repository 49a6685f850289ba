/* SPDX-License-Identifier: MIT */
#include "json-scan.h"

#include "json-number.h"

#include <string.h>

/* What may come next. */
enum {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_END, /* just behind '[' */
    EXPECT_NAME,
    EXPECT_NAME_OR_END, /* just behind '{' */
    EXPECT_COMMA,       /* or the end of the container, or of the text */
};

void
json_scan_init(JsonScan *self, const char *text, size_t length, unsigned depth_max)
{
    self->text = text;
    self->length = length;
    self->at = 0;
    self->depth = 0;
    self->depth_max = depth_max < JSON_SCAN_DEPTH_CAP ? depth_max : JSON_SCAN_DEPTH_CAP;
    self->expects = EXPECT_VALUE;
    self->error = JSON_ERROR_NONE;
    self->error_offset = 0;
}

static JsonTokenKind
fail(JsonScan *self, JsonToken *token, JsonError error, size_t offset)
{
    if (error == JSON_ERROR_UNEXPECTED && offset >= self->length) {
        error = JSON_ERROR_TRUNCATED;
    }
    self->error = error;
    self->error_offset = offset;
    *token = (JsonToken){.kind = JSON_TOKEN_ERROR, .offset = offset};
    return JSON_TOKEN_ERROR;
}

static inline size_t
skip_space(const JsonScan *self, size_t at)
{
    while (at < self->length) {
        char c = self->text[at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
            break;
        }
        at++;
    }
    return at;
}

static inline bool
in_object(const JsonScan *self)
{
    unsigned level = self->depth - 1;
    return (self->is_object[level / 64] >> (level % 64) & 1) != 0;
}

static JsonTokenKind
open_level(JsonScan *self, JsonToken *token, bool object)
{
    if (self->depth >= self->depth_max) {
        return fail(self, token, JSON_ERROR_DEPTH, self->at);
    }
    uint64_t bit = (uint64_t)1 << (self->depth % 64);
    uint64_t *word = &self->is_object[self->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    self->depth++;
    self->expects = object ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
    *token =
        (JsonToken){.kind = object ? JSON_TOKEN_OBJECT_BEGIN : JSON_TOKEN_ARRAY_BEGIN,
                    .offset = self->at,
                    .length = 1};
    self->at++;
    return token->kind;
}

static JsonTokenKind
close_level(JsonScan *self, JsonToken *token, bool object)
{
    self->depth--;
    self->expects = EXPECT_COMMA;
    *token = (JsonToken){.kind = object ? JSON_TOKEN_OBJECT_END : JSON_TOKEN_ARRAY_END,
                         .offset = self->at,
                         .length = 1};
    self->at++;
    return token->kind;
}

static JsonTokenKind
take_string(JsonScan *self, JsonToken *token, JsonTokenKind kind)
{
    JsonStringInfo info;
    const char *bad;
    const char *close = json_string_check(self->text + self->at + 1,
                                          self->text + self->length, &info, &bad);
    if (close == NULL) {
        return fail(self, token, info.error, (size_t)(bad - self->text));
    }
    size_t length = (size_t)(close + 1 - self->text) - self->at;
    *token = (JsonToken){.kind = kind,
                         .offset = self->at,
                         .length = length,
                         .is_escaped = info.is_escaped,
                         .is_ascii = info.is_ascii};
    self->at += length;
    self->expects = EXPECT_COMMA;
    return kind;
}

static JsonTokenKind
take_number(JsonScan *self, JsonToken *token)
{
    bool plain;
    size_t length =
        json_number_scan(self->text + self->at, self->length - self->at, &plain);
    if (length == 0) {
        return fail(self, token, JSON_ERROR_NUMBER, self->at);
    }
    *token = (JsonToken){.kind = JSON_TOKEN_NUMBER,
                         .offset = self->at,
                         .length = length,
                         .is_plain = plain};
    self->at += length;
    self->expects = EXPECT_COMMA;
    return JSON_TOKEN_NUMBER;
}

static JsonTokenKind
take_literal(JsonScan *self, JsonToken *token, const char *word, JsonTokenKind kind)
{
    size_t length = strlen(word);
    size_t rest = self->length - self->at;
    if (rest < length || memcmp(self->text + self->at, word, length) != 0) {
        return fail(self, token, JSON_ERROR_LITERAL, self->at);
    }
    *token = (JsonToken){.kind = kind, .offset = self->at, .length = length};
    self->at += length;
    self->expects = EXPECT_COMMA;
    return kind;
}

static JsonTokenKind
take_value(JsonScan *self, JsonToken *token)
{
    switch (self->text[self->at]) {
    case '{':
        return open_level(self, token, true);
    case '[':
        return open_level(self, token, false);
    case '"':
        return take_string(self, token, JSON_TOKEN_STRING);
    case 't':
        return take_literal(self, token, "true", JSON_TOKEN_TRUE);
    case 'f':
        return take_literal(self, token, "false", JSON_TOKEN_FALSE);
    case 'n':
        return take_literal(self, token, "null", JSON_TOKEN_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return take_number(self, token);
    default:
        return fail(self, token, JSON_ERROR_UNEXPECTED, self->at);
    }
}

/* Reads the name and its colon, so that the value is next. */
static JsonTokenKind
take_name(JsonScan *self, JsonToken *token)
{
    if (self->text[self->at] != '"') {
        return fail(self, token, JSON_ERROR_UNEXPECTED, self->at);
    }
    if (take_string(self, token, JSON_TOKEN_NAME) == JSON_TOKEN_ERROR) {
        return JSON_TOKEN_ERROR;
    }
    self->at = skip_space(self, self->at);
    if (self->at >= self->length || self->text[self->at] != ':') {
        return fail(self, token, JSON_ERROR_UNEXPECTED, self->at);
    }
    self->at++;
    self->expects = EXPECT_VALUE;
    return JSON_TOKEN_NAME;
}

/* Behind a value inside a container: steps over a comma, or closes. */
static JsonTokenKind
take_separator(JsonScan *self, JsonToken *token)
{
    char c = self->text[self->at];
    bool object = in_object(self);
    if (c == (object ? '}' : ']')) {
        return close_level(self, token, object);
    }
    if (c != ',') {
        return fail(self, token, JSON_ERROR_UNEXPECTED, self->at);
    }
    self->at = skip_space(self, self->at + 1);
    if (self->at >= self->length) {
        return fail(self, token, JSON_ERROR_TRUNCATED, self->at);
    }
    return object ? take_name(self, token) : take_value(self, token);
}

/* The text is used up: complete only behind one whole value. */
static JsonTokenKind
take_end(JsonScan *self, JsonToken *token)
{
    if (self->depth > 0 || self->expects != EXPECT_COMMA) {
        bool empty = self->depth == 0;
        return fail(self, token, empty ? JSON_ERROR_EMPTY : JSON_ERROR_TRUNCATED,
                    self->at);
    }
    *token = (JsonToken){.kind = JSON_TOKEN_END, .offset = self->at};
    return JSON_TOKEN_END;
}

JsonTokenKind
json_scan_next(JsonScan *self, JsonToken *ret_token)
{
    if (self->error != JSON_ERROR_NONE) {
        return fail(self, ret_token, self->error, self->error_offset);
    }
    self->at = skip_space(self, self->at);
    if (self->at >= self->length) {
        return take_end(self, ret_token);
    }
    char c = self->text[self->at];
    switch (self->expects) {
    case EXPECT_VALUE_OR_END:
        return c == ']' ? close_level(self, ret_token, false)
                        : take_value(self, ret_token);
    case EXPECT_NAME_OR_END:
        return c == '}' ? close_level(self, ret_token, true)
                        : take_name(self, ret_token);
    case EXPECT_COMMA:
        return self->depth == 0 ? fail(self, ret_token, JSON_ERROR_TRAILING, self->at)
                                : take_separator(self, ret_token);
    default:
        return take_value(self, ret_token);
    }
}

bool
json_scan_skip(JsonScan *self, const JsonToken *token)
{
    if (token->kind != JSON_TOKEN_OBJECT_BEGIN &&
        token->kind != JSON_TOKEN_ARRAY_BEGIN) {
        return token->kind != JSON_TOKEN_ERROR;
    }
    unsigned outside = self->depth - 1;
    JsonToken inner;
    while (self->depth > outside) {
        if (json_scan_next(self, &inner) == JSON_TOKEN_ERROR) {
            return false;
        }
    }
    return true;
}
