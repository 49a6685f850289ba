/* SPDX-License-Identifier: MIT */
#include "guard-keyword.h"

#include <ctype.h>
#include <string.h>

#define ROW(name, first, last, shape, vocabulary)                           \
    {                                                                       \
        name, GUARD_DRAFT_##first, GUARD_DRAFT_##last, GUARD_SHAPE_##shape, \
            GUARD_VOCABULARY_##vocabulary                                   \
    }

/* clang-format off */
const GuardKeywordInfo guard_keywords[GUARD_KEYWORD_COUNT] = {
    ROW("false", 4, 4, PLAIN, CORE),
    ROW("$anchor", 2019, 2020, PLAIN, CORE),
    ROW("$comment", 7, 2020, PLAIN, CORE),
    ROW("$defs", 2019, 2020, SCHEMA_MAP, CORE),
    ROW("$dynamicAnchor", 2020, 2020, PLAIN, CORE),
    ROW("$dynamicRef", 2020, 2020, PLAIN, CORE),
    ROW("$id", 6, 2020, PLAIN, CORE),
    ROW("$recursiveAnchor", 2019, 2019, PLAIN, CORE),
    ROW("$recursiveRef", 2019, 2019, PLAIN, CORE),
    ROW("$ref", 4, 2020, PLAIN, CORE),
    ROW("$schema", 4, 2020, PLAIN, CORE),
    ROW("$vocabulary", 2019, 2020, PLAIN, CORE),
    ROW("additionalItems", 4, 2019, SCHEMA, APPLICATOR),
    ROW("additionalProperties", 4, 2020, SCHEMA, APPLICATOR),
    ROW("allOf", 4, 2020, SCHEMAS, APPLICATOR),
    ROW("anyOf", 4, 2020, SCHEMAS, APPLICATOR),
    ROW("const", 6, 2020, PLAIN, VALIDATION),
    ROW("contains", 6, 2020, SCHEMA, APPLICATOR),
    ROW("contentEncoding", 7, 2020, PLAIN, CONTENT),
    ROW("contentMediaType", 7, 2020, PLAIN, CONTENT),
    ROW("contentSchema", 2019, 2020, SCHEMA, CONTENT),
    ROW("default", 4, 2020, PLAIN, META_DATA),
    ROW("definitions", 4, 2020, SCHEMA_MAP, CORE),
    ROW("dependencies", 4, 2020, SCHEMA_OR_NAMES, APPLICATOR),
    ROW("dependentRequired", 2019, 2020, PLAIN, VALIDATION),
    ROW("dependentSchemas", 2019, 2020, SCHEMA_MAP, APPLICATOR),
    ROW("deprecated", 2019, 2020, PLAIN, META_DATA),
    ROW("description", 4, 2020, PLAIN, META_DATA),
    ROW("else", 7, 2020, SCHEMA, APPLICATOR),
    ROW("enum", 4, 2020, PLAIN, VALIDATION),
    ROW("examples", 6, 2020, PLAIN, META_DATA),
    ROW("exclusiveMaximum", 4, 2020, PLAIN, VALIDATION),
    ROW("exclusiveMinimum", 4, 2020, PLAIN, VALIDATION),
    ROW("format", 4, 2020, PLAIN, FORMAT),
    ROW("id", 4, 4, PLAIN, CORE),
    ROW("if", 7, 2020, SCHEMA, APPLICATOR),
    ROW("items", 4, 2020, SCHEMA_OR_SCHEMAS, APPLICATOR),
    ROW("maxContains", 2019, 2020, PLAIN, VALIDATION),
    ROW("maxItems", 4, 2020, PLAIN, VALIDATION),
    ROW("maxLength", 4, 2020, PLAIN, VALIDATION),
    ROW("maxProperties", 4, 2020, PLAIN, VALIDATION),
    ROW("maximum", 4, 2020, PLAIN, VALIDATION),
    ROW("minContains", 2019, 2020, PLAIN, VALIDATION),
    ROW("minItems", 4, 2020, PLAIN, VALIDATION),
    ROW("minLength", 4, 2020, PLAIN, VALIDATION),
    ROW("minProperties", 4, 2020, PLAIN, VALIDATION),
    ROW("minimum", 4, 2020, PLAIN, VALIDATION),
    ROW("multipleOf", 4, 2020, PLAIN, VALIDATION),
    ROW("not", 4, 2020, SCHEMA, APPLICATOR),
    ROW("oneOf", 4, 2020, SCHEMAS, APPLICATOR),
    ROW("pattern", 4, 2020, PLAIN, VALIDATION),
    ROW("patternProperties", 4, 2020, SCHEMA_MAP, APPLICATOR),
    ROW("prefixItems", 2020, 2020, SCHEMAS, APPLICATOR),
    ROW("properties", 4, 2020, SCHEMA_MAP, APPLICATOR),
    ROW("propertyNames", 6, 2020, SCHEMA, APPLICATOR),
    ROW("readOnly", 7, 2020, PLAIN, META_DATA),
    ROW("required", 4, 2020, PLAIN, VALIDATION),
    ROW("then", 7, 2020, SCHEMA, APPLICATOR),
    ROW("title", 4, 2020, PLAIN, META_DATA),
    ROW("type", 4, 2020, PLAIN, VALIDATION),
    ROW("unevaluatedItems", 2019, 2020, SCHEMA, UNEVALUATED),
    ROW("unevaluatedProperties", 2019, 2020, SCHEMA, UNEVALUATED),
    ROW("uniqueItems", 4, 2020, PLAIN, VALIDATION),
    ROW("writeOnly", 7, 2020, PLAIN, META_DATA),
};
/* clang-format on */

static int
compare_name(const char *name, size_t length, const char *other)
{
    int order = strncmp(name, other, length);
    return order != 0 ? order : other[length] == '\0' ? 0 : -1;
}

GuardKeyword
guard_keyword_find(const char *name, size_t length, GuardDraft draft)
{
    unsigned low = 1;
    unsigned high = GUARD_KEYWORD_COUNT;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = compare_name(name, length, guard_keywords[middle].name);
        if (order == 0) {
            const GuardKeywordInfo *info = &guard_keywords[middle];
            bool has = draft >= info->first && draft <= info->last;
            return has && length > 0 ? (GuardKeyword)middle : GUARD_KEYWORD_NONE;
        }
        if (order < 0) {
            high = middle;
        }
        else {
            low = middle + 1;
        }
    }
    return GUARD_KEYWORD_NONE;
}

enum {
    SPELLING_MAX = 64 /* bytes; longer names are never "nearly" another */
};

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

unsigned
guard_spelling_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                        unsigned limit)
{
    size_t apart = a_length > b_length ? a_length - b_length : b_length - a_length;
    if (a_length > SPELLING_MAX || b_length > SPELLING_MAX || apart > limit) {
        return limit + 1;
    }
    unsigned rows[3][SPELLING_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++) {
        last[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);
            now[j] = least(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < now[j]) {
                now[j] = before[j - 2] + 1;
            }
        }
        unsigned *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_length] > limit ? limit + 1 : last[b_length];
}

void
guard_spelling_try(GuardSpelling *self, const char *candidate, size_t length)
{
    unsigned distance = guard_spelling_distance(self->name, self->length, candidate,
                                                length, self->limit);
    if (distance < self->limit) {
        self->limit = distance;
        self->best = candidate;
        self->best_length = length;
    }
}

const char *
guard_keyword_nearest(const char *name, size_t length, GuardDraft draft)
{
    GuardSpelling near = GUARD_SPELLING(name, length);
    for (unsigned i = 1; i < GUARD_KEYWORD_COUNT; i++) {
        const GuardKeywordInfo *info = &guard_keywords[i];
        if (draft >= info->first && draft <= info->last) {
            guard_spelling_try(&near, info->name, strlen(info->name));
        }
    }
    return near.best;
}
