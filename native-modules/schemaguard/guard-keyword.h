/* SPDX-License-Identifier: MIT */
/* guard-keyword.h - the keywords of JSON Schema, and in which drafts they exist.
 *
 * Threads    constant tables.
 * Cost       a lookup is a binary search.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    GUARD_DRAFT_4,
    GUARD_DRAFT_6,
    GUARD_DRAFT_7,
    GUARD_DRAFT_2019,
    GUARD_DRAFT_2020,
} GuardDraft;

/* What a keyword's value contains. */
typedef enum {
    GUARD_SHAPE_PLAIN,
    GUARD_SHAPE_SCHEMA,
    GUARD_SHAPE_SCHEMAS,           /* array of schemas */
    GUARD_SHAPE_SCHEMA_MAP,        /* object of schemas */
    GUARD_SHAPE_SCHEMA_OR_SCHEMAS, /* items before 2020-12 */
    GUARD_SHAPE_SCHEMA_OR_NAMES,   /* dependencies */
} GuardShape;

typedef enum {
    GUARD_VOCABULARY_CORE = 1,
    GUARD_VOCABULARY_APPLICATOR = 2,
    GUARD_VOCABULARY_UNEVALUATED = 4,
    GUARD_VOCABULARY_VALIDATION = 8,
    GUARD_VOCABULARY_META_DATA = 16,
    GUARD_VOCABULARY_FORMAT = 32,
    GUARD_VOCABULARY_FORMAT_ASSERTION = 64,
    GUARD_VOCABULARY_CONTENT = 128,
    GUARD_VOCABULARY_USUAL = 255 & ~64,
} GuardVocabulary;

/* In the order of their names, as strcmp() has it. */
typedef enum {
    GUARD_KEYWORD_NONE,
    GUARD_KEYWORD_S_ANCHOR,
    GUARD_KEYWORD_S_COMMENT,
    GUARD_KEYWORD_S_DEFS,
    GUARD_KEYWORD_S_DYNAMIC_ANCHOR,
    GUARD_KEYWORD_S_DYNAMIC_REF,
    GUARD_KEYWORD_S_ID,
    GUARD_KEYWORD_S_RECURSIVE_ANCHOR,
    GUARD_KEYWORD_S_RECURSIVE_REF,
    GUARD_KEYWORD_S_REF,
    GUARD_KEYWORD_S_SCHEMA,
    GUARD_KEYWORD_S_VOCABULARY,
    GUARD_KEYWORD_ADDITIONAL_ITEMS,
    GUARD_KEYWORD_ADDITIONAL_PROPERTIES,
    GUARD_KEYWORD_ALL_OF,
    GUARD_KEYWORD_ANY_OF,
    GUARD_KEYWORD_CONST,
    GUARD_KEYWORD_CONTAINS,
    GUARD_KEYWORD_CONTENT_ENCODING,
    GUARD_KEYWORD_CONTENT_MEDIA_TYPE,
    GUARD_KEYWORD_CONTENT_SCHEMA,
    GUARD_KEYWORD_DEFAULT,
    GUARD_KEYWORD_DEFINITIONS,
    GUARD_KEYWORD_DEPENDENCIES,
    GUARD_KEYWORD_DEPENDENT_REQUIRED,
    GUARD_KEYWORD_DEPENDENT_SCHEMAS,
    GUARD_KEYWORD_DEPRECATED,
    GUARD_KEYWORD_DESCRIPTION,
    GUARD_KEYWORD_ELSE,
    GUARD_KEYWORD_ENUM,
    GUARD_KEYWORD_EXAMPLES,
    GUARD_KEYWORD_EXCLUSIVE_MAXIMUM,
    GUARD_KEYWORD_EXCLUSIVE_MINIMUM,
    GUARD_KEYWORD_FORMAT,
    GUARD_KEYWORD_ID,
    GUARD_KEYWORD_IF,
    GUARD_KEYWORD_ITEMS,
    GUARD_KEYWORD_MAX_CONTAINS,
    GUARD_KEYWORD_MAX_ITEMS,
    GUARD_KEYWORD_MAX_LENGTH,
    GUARD_KEYWORD_MAX_PROPERTIES,
    GUARD_KEYWORD_MAXIMUM,
    GUARD_KEYWORD_MIN_CONTAINS,
    GUARD_KEYWORD_MIN_ITEMS,
    GUARD_KEYWORD_MIN_LENGTH,
    GUARD_KEYWORD_MIN_PROPERTIES,
    GUARD_KEYWORD_MINIMUM,
    GUARD_KEYWORD_MULTIPLE_OF,
    GUARD_KEYWORD_NOT,
    GUARD_KEYWORD_ONE_OF,
    GUARD_KEYWORD_PATTERN,
    GUARD_KEYWORD_PATTERN_PROPERTIES,
    GUARD_KEYWORD_PREFIX_ITEMS,
    GUARD_KEYWORD_PROPERTIES,
    GUARD_KEYWORD_PROPERTY_NAMES,
    GUARD_KEYWORD_READ_ONLY,
    GUARD_KEYWORD_REQUIRED,
    GUARD_KEYWORD_THEN,
    GUARD_KEYWORD_TITLE,
    GUARD_KEYWORD_TYPE,
    GUARD_KEYWORD_UNEVALUATED_ITEMS,
    GUARD_KEYWORD_UNEVALUATED_PROPERTIES,
    GUARD_KEYWORD_UNIQUE_ITEMS,
    GUARD_KEYWORD_WRITE_ONLY,
    GUARD_KEYWORD_COUNT,
} GuardKeyword;

typedef struct {
    const char *name;
    uint8_t first; /* GuardDraft that brought it */
    uint8_t last;  /* GuardDraft that still has it */
    uint8_t shape;
    uint8_t vocabulary;
} GuardKeywordInfo;

/* Indexed by GuardKeyword; the row of NONE names the schema false. */
extern const GuardKeywordInfo guard_keywords[GUARD_KEYWORD_COUNT];

/* Returns GUARD_KEYWORD_NONE for an unknown name, or one the draft does not have. */
GuardKeyword guard_keyword_find(const char *name, size_t length, GuardDraft draft);

/* The nearest keyword of the draft by spelling, NULL if none is near. */
const char *guard_keyword_nearest(const char *name, size_t length, GuardDraft draft);

/* Damerau-Levenshtein distance without case, at most `limit` + 1. */
unsigned guard_spelling_distance(const char *a, size_t a_length, const char *b,
                                 size_t b_length, unsigned limit);

/* How far a misspelling of a name of that length may be. */
static inline unsigned
guard_spelling_limit(size_t length)
{
    return length <= 2 ? 1 : length <= 4 ? 2 : length <= 8 ? 3 : 4;
}

/* The nearest of several candidates: GUARD_SPELLING(name, length), then
 * guard_spelling_try() for each; `best` stays NULL when none is near. */
typedef struct {
    const char *name;
    size_t length;
    unsigned limit; /* a better one is below */
    const char *best;
    size_t best_length;
} GuardSpelling;

#define GUARD_SPELLING(name, length)                                \
    {                                                               \
        (name), (length), guard_spelling_limit(length) + 1, NULL, 0 \
    }

void guard_spelling_try(GuardSpelling *self, const char *candidate, size_t length);
