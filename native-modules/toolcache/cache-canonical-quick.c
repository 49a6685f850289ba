/* SPDX-License-Identifier: MIT */
#include "cache-canonical-private.h"

#include <string.h>

#include "json-scan.h"

enum {
    QUICK_DEPTH_MAX = 16, /* deeper text takes the long way */
    QUICK_DIGITS_MAX = 21 /* an integer this short is canonical as it is */
};

typedef struct {
    size_t name, length; /* of the last member */
    bool is_object, has_items;
} QuickFrame;

typedef struct {
    JsonScan scan;
    const char *text;
    size_t at; /* end of the last token; nothing may stand between two */
    unsigned depth;
    bool is_value; /* a name was read, its value follows */
    QuickFrame frames[QUICK_DEPTH_MAX];
} Quick;

/* Steps over the one byte that has to stand before the token. */
static void
quick_separate(Quick *self, const JsonToken *token)
{
    QuickFrame *frame = self->depth > 0 ? &self->frames[self->depth - 1] : NULL;
    bool is_end =
        token->kind == JSON_TOKEN_OBJECT_END || token->kind == JSON_TOKEN_ARRAY_END;
    if (self->is_value) {
        self->at++; /* the colon */
        self->is_value = false;
    }
    else if (frame != NULL && !is_end) {
        self->at += frame->has_items;
        frame->has_items = true;
    }
}

/* Names in order, without escapes, ASCII (where all orders are one). */
static bool
quick_name(Quick *self, const JsonToken *token)
{
    QuickFrame *frame = &self->frames[self->depth - 1];
    size_t name = token->offset + 1;
    size_t length = token->length - 2;
    if (token->is_escaped || !token->is_ascii) {
        return false;
    }
    if (frame->name != 0) {
        size_t common = MIN(length, frame->length);
        int order = memcmp(self->text + frame->name, self->text + name, common);
        if (order > 0 || (order == 0 && frame->length >= length)) {
            return false;
        }
    }
    frame->name = name;
    frame->length = length;
    self->is_value = true;
    return true;
}

static bool
quick_number(const Quick *self, const JsonToken *token)
{
    const char *text = self->text + token->offset;
    bool is_negative = text[0] == '-';
    return token->is_plain && token->length - is_negative <= QUICK_DIGITS_MAX &&
           !(is_negative && text[1] == '0');
}

static bool
quick_token(Quick *self, const JsonToken *token)
{
    quick_separate(self, token);
    if (token->offset != self->at) {
        return false;
    }
    self->at += token->length;
    switch (token->kind) {
    case JSON_TOKEN_OBJECT_BEGIN:
    case JSON_TOKEN_ARRAY_BEGIN:
        if (self->depth == QUICK_DEPTH_MAX) {
            return false;
        }
        self->frames[self->depth++] =
            (QuickFrame){.is_object = token->kind == JSON_TOKEN_OBJECT_BEGIN};
        return true;
    case JSON_TOKEN_OBJECT_END:
    case JSON_TOKEN_ARRAY_END:
        self->depth--;
        return true;
    case JSON_TOKEN_NAME:
        return quick_name(self, token);
    case JSON_TOKEN_STRING:
        return !token->is_escaped;
    case JSON_TOKEN_NUMBER:
        return quick_number(self, token);
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
    case JSON_TOKEN_NULL:
        return true;
    case JSON_TOKEN_ERROR:
    case JSON_TOKEN_END:
        break;
    }
    return false;
}

bool
cache_canonical_is_already(const char *text, size_t size)
{
    Quick self = {.text = text};
    JsonToken token;
    json_scan_init(&self.scan, text, size, QUICK_DEPTH_MAX);
    while (json_scan_next(&self.scan, &token) > JSON_TOKEN_END) {
        if (!quick_token(&self, &token)) {
            return false;
        }
    }
    return token.kind == JSON_TOKEN_END && self.at == size;
}
