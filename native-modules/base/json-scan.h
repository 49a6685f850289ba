/* SPDX-License-Identifier: MIT */
/* json-scan.h - strict pull scanner for RFC 8259 text.
 *
 * Purpose    turns bytes into tokens with their offsets. Grammar, UTF-8, escapes and
 *            numbers are checked completely; nothing is built and nothing is lenient.
 *            Duplicate names are the caller's business.
 * Ownership  the scanner borrows the text; tokens are offsets into it.
 * Threads    one scanner, one thread; the text may be shared.
 * Errors     the kind JSON_TOKEN_ERROR, with `error` and `error_offset` (of the first
 *            byte that cannot be right) set; it repeats on further calls.
 * Limits     nesting: `depth_max`, at most JSON_SCAN_DEPTH_CAP. Text size: the
 * caller's. Cost       linear; no allocation; no recursion. Strings are read 16 bytes
 * at a time. Example    JsonScan scan; JsonToken token; json_scan_init(&scan, text,
 * length, 64); do { json_scan_next(&scan, &token); } while (token.kind >
 * JSON_TOKEN_END);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    JSON_SCAN_DEPTH_CAP = 1024 /* open objects and arrays */
};

typedef enum {
    JSON_TOKEN_ERROR,
    JSON_TOKEN_END, /* the text is complete */
    JSON_TOKEN_OBJECT_BEGIN,
    JSON_TOKEN_OBJECT_END,
    JSON_TOKEN_ARRAY_BEGIN,
    JSON_TOKEN_ARRAY_END,
    JSON_TOKEN_NAME, /* a member's name; its value is the next token */
    JSON_TOKEN_STRING,
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_TRUE,
    JSON_TOKEN_FALSE,
    JSON_TOKEN_NULL,
} JsonTokenKind;

typedef enum {
    JSON_ERROR_NONE,
    JSON_ERROR_EMPTY,      /* no value at all */
    JSON_ERROR_TRUNCATED,  /* the text ends inside a value */
    JSON_ERROR_UNEXPECTED, /* a byte that no value, comma or bracket starts with */
    JSON_ERROR_TRAILING,   /* something after the value */
    JSON_ERROR_NUMBER,     /* not a number of the grammar */
    JSON_ERROR_LITERAL,    /* neither true, false nor null */
    JSON_ERROR_ESCAPE,     /* a bad escape sequence */
    JSON_ERROR_CONTROL,    /* a control character inside a string */
    JSON_ERROR_UTF8,       /* not well-formed UTF-8 */
    JSON_ERROR_DEPTH,      /* nested deeper than depth_max */
    JSON_ERROR_DUPLICATE,  /* a name twice; reported by callers that look for it */
} JsonError;

typedef struct {
    JsonTokenKind kind;
    size_t offset;   /* of its first byte; the text's length at JSON_TOKEN_END */
    size_t length;   /* in bytes; of strings and names with both quotes */
    bool is_escaped; /* string, name: contains a backslash */
    bool is_ascii;   /* string, name: the raw text is ASCII */
    bool is_plain;   /* number: neither fraction nor exponent */
} JsonToken;

/* All fields are private but `error` and `error_offset`. */
typedef struct {
    const char *text;
    size_t length;
    size_t at;
    unsigned depth;
    unsigned depth_max;
    unsigned expects;
    JsonError error;
    size_t error_offset;
    uint64_t is_object[JSON_SCAN_DEPTH_CAP / 64]; /* bit of each open level */
} JsonScan;

/* `text` is borrowed until the last call. depth_max is cut to JSON_SCAN_DEPTH_CAP. */
void json_scan_init(JsonScan *self, const char *text, size_t length,
                    unsigned depth_max);

/* Reads the next token; returns its kind. */
JsonTokenKind json_scan_next(JsonScan *self, JsonToken *ret_token);

/* Skips the value that starts with `token` (of object or array the rest up to its end).
 * Returns false on an error in it. */
bool json_scan_skip(JsonScan *self, const JsonToken *token);

/* A sentence without the position, e.g. "invalid escape sequence"; constant. Of what
 * was not expected it says more, from the bytes around it. */
const char *json_error_message(JsonError error, const char *text, size_t length,
                               size_t offset);

typedef struct {
    bool is_escaped;
    bool is_ascii;
    JsonError error;
} JsonStringInfo;

/* Checks the string content that starts at `p`, just behind the opening quote.
 * Returns the closing quote, or NULL with ret_info->error set and *ret_bad at the
 * offending byte. */
const char *json_string_check(const char *p, const char *end, JsonStringInfo *ret_info,
                              const char **ret_bad);

/* Writes the value of a checked string: `raw` is the content between the quotes, `out`
 * has room for `length` bytes (the value is never longer) and does not overlap `raw`.
 * Lone surrogates become three bytes each, as no well-formed UTF-8 has them, and set
 * *ret_has_lone (may be NULL). Returns the bytes written. */
size_t json_string_unescape(const char *raw, size_t length, char *out,
                            bool *ret_has_lone);

/* Line and column (both from 1; columns count code points) of a byte. */
void json_text_position(const char *text, size_t length, size_t offset,
                        size_t *ret_line, size_t *ret_column);

#ifdef __cplusplus
}
#endif
