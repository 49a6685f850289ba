/* SPDX-License-Identifier: MIT */
/* schema-guard.h - JSON Schema validation of JSON text.
 *
 * Purpose    tells in one pass over the bytes whether a payload is JSON and fits a
 *            schema, and if it does not, everything that is wrong with it, worded so
 * that a person or a model can correct it. JSON Schema 2020-12, 2019-09, draft-07,
 *            draft-06 and draft-04.
 * Ownership  a guard is reference-counted and immutable; reports belong to the caller.
 *            Texts given in are borrowed for the call, texts in a report live with it.
 * Threads    one guard may be used by any number of threads at once. Making one is
 *            independent of all others. A stream belongs to one thread at a time.
 * Errors     SCHEMA_GUARD_ERROR for schemas; a verdict or a report for payloads. After
 *            any verdict the guard is as usable as before.
 * Limits     SchemaGuardOptions; schemas: 64 MiB, 256 levels, 2^20 subschemas.
 * References are resolved among the schema, `offers` and the published meta-schemas;
 *            nothing is fetched.
 * Memory     schema_guard_is_valid() takes none for a valid payload once the guard has
 *            seen one of its kind.
 * Cost       linear in the payload; values under anyOf, oneOf, allOf, $ref, ... are
 * read once for each schema applied. Example    g_autoptr(GError) error = NULL;
 *            SchemaGuard *guard = schema_guard_new(schema, strlen(schema), NULL,
 * &error); if (guard != NULL && !schema_guard_is_valid(guard, text, length)) report =
 * schema_guard_report(guard, text, length); schema_guard_unref(guard);
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct SchemaGuard SchemaGuard;

#define SCHEMA_GUARD_ERROR (schema_guard_error_quark())
GQuark schema_guard_error_quark(void);

typedef enum {
    SCHEMA_GUARD_ERROR_JSON,   /* the schema is not JSON */
    SCHEMA_GUARD_ERROR_SCHEMA, /* it is JSON, but not a schema we can use */
} SchemaGuardError;

typedef enum {
    SCHEMA_GUARD_DRAFT_AUTO, /* by $schema, 2020-12 without one */
    SCHEMA_GUARD_DRAFT_4,
    SCHEMA_GUARD_DRAFT_6,
    SCHEMA_GUARD_DRAFT_7,
    SCHEMA_GUARD_DRAFT_2019,
    SCHEMA_GUARD_DRAFT_2020,
} SchemaGuardDraft;

/* A document that references may name. */
typedef struct {
    const char *uri;
    const char *text;
    size_t length;
} SchemaGuardOffer;

typedef struct {
    SchemaGuardDraft draft; /* for schemas that do not say it themselves */
    bool ignores_formats;   /* "format" is an annotation only */
    bool allows_duplicates; /* the same name twice in an object is accepted */
    unsigned depth_max;     /* levels of a payload; 0: 256; at most 1024 */
    size_t bytes_max;       /* of a payload; 0: 1 GiB */
    const char *mask;       /* what reports say instead of values; NULL: the values */
    const SchemaGuardOffer *offers;
    size_t offer_count;
} SchemaGuardOptions;

/* Compiles a schema, or takes a reference to a guard that somebody in this process has
 * compiled from the same text with the same options. `options` may be NULL. Returns
 * NULL and the error, whose message has line and column. */
SchemaGuard *schema_guard_new(const char *schema, size_t length,
                              const SchemaGuardOptions *options, GError **error);
SchemaGuard *schema_guard_ref(SchemaGuard *self);
/* NULL is accepted. */
void schema_guard_unref(SchemaGuard *self);

/* Whether the text is one JSON value that fits. `text[length]` must be readable and 0,
 * as in strings of C, GLib and Python. Thread-safe. */
bool schema_guard_is_valid(SchemaGuard *self, const char *text, size_t length);

/* One thing that is wrong. All texts are UTF-8, none is NULL unless it says so. */
typedef struct {
    const char *code;            /* stable, e.g. "missing-property" */
    const char *keyword;         /* of the schema, "" for problems of the text itself */
    const char *instance_path;   /* JSON pointer into the payload */
    const char *schema_path;     /* JSON pointer into the schema, or URI#pointer */
    const char *evaluation_path; /* the way there from the root, through references */
    const char *message;
    const char *expected; /* NULL where there is nothing to say */
    const char *got;      /* NULL; the offending value, shortened */
    const char *nearest;  /* NULL; the name or value that was probably meant */
    const char *branch;   /* NULL; the branch of oneOf or anyOf it was held against */
    size_t offset;        /* byte in the payload */
    size_t line;          /* from 1 */
    size_t column;        /* from 1, in code points */
} SchemaGuardIssue;

typedef struct SchemaGuardReport SchemaGuardReport;

/* Everything that is wrong, in the order of the text. Never NULL. A report is
 * reference-counted and, but for its explanation, immutable. */
SchemaGuardReport *schema_guard_report(SchemaGuard *self, const char *text,
                                       size_t length);
SchemaGuardReport *schema_guard_report_ref(SchemaGuardReport *self);
/* NULL is accepted. */
void schema_guard_report_unref(SchemaGuardReport *self);
size_t schema_guard_report_count(const SchemaGuardReport *self);
const SchemaGuardIssue *schema_guard_report_at(const SchemaGuardReport *self,
                                               size_t index);
/* The report as text for a model; "" when valid. Lives with the report. */
const char *schema_guard_report_explain(SchemaGuardReport *self);

/* A payload that comes in pieces. */
typedef struct SchemaGuardStream SchemaGuardStream;

typedef enum {
    SCHEMA_GUARD_STREAM_MORE, /* valid so far */
    SCHEMA_GUARD_STREAM_INVALID,
    SCHEMA_GUARD_STREAM_COMPLETE, /* one whole value that fits */
} SchemaGuardStreamState;

/* Takes a reference to the guard. The pieces are kept until the stream is freed. */
SchemaGuardStream *schema_guard_stream_new(SchemaGuard *guard);
void schema_guard_stream_free(SchemaGuardStream *self);

/* Adds a piece, which may end anywhere. Linear in all pieces together. A number at the
 * very top is complete only with schema_guard_stream_finish(). */
SchemaGuardStreamState schema_guard_stream_feed(SchemaGuardStream *self,
                                                const char *piece, size_t length);
/* Nothing follows: returns INVALID or COMPLETE. */
SchemaGuardStreamState schema_guard_stream_finish(SchemaGuardStream *self);
/* What is wrong with what has come; after finish(), with the whole. */
SchemaGuardReport *schema_guard_stream_report(SchemaGuardStream *self);

/* What is wrong, or suspicious, about a schema itself. */
typedef struct {
    bool is_error; /* otherwise advice */
    const char *code;
    const char *message;
    const char *pointer;
    size_t offset;
    size_t line;
    size_t column;
} SchemaGuardProblem;

typedef struct SchemaGuardCheck SchemaGuardCheck;

/* Looks a schema over: everything schema_guard_new() would refuse, and advice about
 * what it would silently ignore. Never NULL. */
SchemaGuardCheck *schema_guard_check(const char *schema, size_t length,
                                     const SchemaGuardOptions *options);
void schema_guard_check_free(SchemaGuardCheck *self);
size_t schema_guard_check_count(const SchemaGuardCheck *self);
const SchemaGuardProblem *schema_guard_check_at(const SchemaGuardCheck *self,
                                                size_t index);

/* The compiled program as text, freed with g_free(). */
char *schema_guard_dump(const SchemaGuard *self);

/* --- strings of text that has been found valid, for those who build values of it ---
 */

enum {
    SCHEMA_GUARD_DEPTH_MAX = 1024 /* levels no payload ever exceeds */
};

/* Returns the closing quote of the string whose content starts at `p`; *ret_is_escaped:
 * it has a backslash, *ret_is_ascii: nothing beyond ASCII. */
const char *schema_guard_string_end(const char *p, const char *end,
                                    bool *ret_is_escaped, bool *ret_is_ascii);

/* Writes the value of the content `raw` to `out`, which has room for `length` bytes and
 * does not overlap. Lone surrogates become three bytes and set *ret_has_lone. Returns
 * the bytes written. */
size_t schema_guard_string_unescape(const char *raw, size_t length, char *out,
                                    bool *ret_has_lone);

/* One ECMA-262 pattern, as the keyword "pattern" understands it. */
typedef struct SchemaGuardPattern SchemaGuardPattern;

/* Returns NULL and the error for something that is no pattern. */
SchemaGuardPattern *schema_guard_pattern_new(const char *source, size_t length,
                                             GError **error);
void schema_guard_pattern_free(SchemaGuardPattern *self);
/* Searches the text (UTF-8). A pattern that runs out of its budget does not match. */
bool schema_guard_pattern_search(SchemaGuardPattern *self, const char *text,
                                 size_t length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaGuard, schema_guard_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaGuardStream, schema_guard_stream_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaGuardReport, schema_guard_report_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaGuardCheck, schema_guard_check_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SchemaGuardPattern, schema_guard_pattern_free)

#ifdef __cplusplus
}
#endif
