/* SPDX-License-Identifier: MIT */
/* guard-json.h - schemas as trees, for the compiler only (payloads never become one).
 *
 * Purpose    a parsed JSON document whose values remember their place in the text.
 * Ownership  all of it lives in the arena given to guard_json_parse(); the text is
 *            copied there.
 * Threads    immutable after parsing, except `resource`, which the registry fills.
 * Errors     the scanner's JsonError and offset.
 * Limits     GUARD_JSON_DEPTH_MAX levels, GUARD_JSON_BYTES_MAX bytes.
 */
#pragma once

#include "guard-arena.h"

#include <json-scan.h>

enum {
    GUARD_JSON_DEPTH_MAX = 256,
    GUARD_JSON_BYTES_MAX = 64 << 20,
};

typedef struct GuardValue GuardValue;
typedef struct GuardDocument GuardDocument;

struct GuardValue {
    JsonTokenKind kind; /* OBJECT_BEGIN and ARRAY_BEGIN stand for the containers */
    uint32_t index;     /* among its siblings */
    uint32_t count;     /* of its children */
    uint32_t resource;  /* 0 until the registry has seen it as a schema */
    const char *name;   /* of a member, unescaped; NULL otherwise */
    size_t name_length;
    const char *text; /* string: the value; otherwise the raw JSON */
    size_t length;
    size_t offset;      /* of the value's first byte in the document */
    size_t name_offset; /* of the name's opening quote */
    GuardValue *first;
    GuardValue *next;
    GuardValue *parent;
    GuardDocument *document;
    uint32_t node; /* reference of the compiled schema, 0 if none yet */
};

struct GuardDocument {
    const char *text;
    size_t length;
    GuardValue *root;
};

typedef struct {
    JsonError error;
    size_t offset;
} GuardJsonFailure;

/* Returns NULL and *ret_failure if the text is not strict JSON or beyond the limits. */
GuardDocument *guard_json_parse(GuardArena *arena, const char *text, size_t length,
                                GuardJsonFailure *ret_failure);

/* Returns the member's value or NULL. */
GuardValue *guard_json_member(const GuardValue *object, const char *name);
GuardValue *guard_json_member_n(const GuardValue *object, const char *name,
                                size_t length);

/* Returns the array's item or NULL. */
GuardValue *guard_json_item(const GuardValue *array, size_t index);

static inline bool
guard_json_is_object(const GuardValue *value)
{
    return value != NULL && value->kind == JSON_TOKEN_OBJECT_BEGIN;
}

static inline bool
guard_json_is_array(const GuardValue *value)
{
    return value != NULL && value->kind == JSON_TOKEN_ARRAY_BEGIN;
}

static inline bool
guard_json_is_string(const GuardValue *value)
{
    return value != NULL && value->kind == JSON_TOKEN_STRING;
}

static inline bool
guard_json_is_boolean(const GuardValue *value)
{
    return value != NULL &&
           (value->kind == JSON_TOKEN_TRUE || value->kind == JSON_TOKEN_FALSE);
}

bool guard_json_equals(const GuardValue *value, const char *text);

/* Appends the JSON pointer of the value within its document ("" for the root). */
void guard_json_pointer(const GuardValue *value, GString *out);

/* Appends one reference token, escaped with ~0 and ~1. */
void guard_json_append_token(GString *out, const char *name, size_t length);
