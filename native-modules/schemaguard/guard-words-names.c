/* SPDX-License-Identifier: MIT */
/* The names of mistakes and of types; texts of schemas as they are shown. */
#include "guard-report.h"

#include <base-utf8.h>

const char *
guard_words_code(GuardKeyword keyword)
{
    switch ((int)keyword) {
    case GUARD_KEYWORD_TYPE:
        return "wrong-type";
    case GUARD_KEYWORD_REQUIRED:
        return "missing-property";
    case GUARD_KEYWORD_DEPENDENCIES:
    case GUARD_KEYWORD_DEPENDENT_REQUIRED:
        return "missing-dependent";
    case GUARD_KEYWORD_ADDITIONAL_PROPERTIES:
    case GUARD_KEYWORD_UNEVALUATED_PROPERTIES:
        return "unknown-property";
    case GUARD_KEYWORD_ENUM:
        return "not-in-enum";
    case GUARD_KEYWORD_CONST:
        return "not-const";
    case GUARD_KEYWORD_MINIMUM:
    case GUARD_KEYWORD_EXCLUSIVE_MINIMUM:
        return "too-small";
    case GUARD_KEYWORD_MAXIMUM:
    case GUARD_KEYWORD_EXCLUSIVE_MAXIMUM:
        return "too-large";
    case GUARD_KEYWORD_MULTIPLE_OF:
        return "not-multiple";
    case GUARD_KEYWORD_MIN_LENGTH:
        return "too-short";
    case GUARD_KEYWORD_MAX_LENGTH:
        return "too-long";
    case GUARD_KEYWORD_PATTERN:
        return "pattern-mismatch";
    case GUARD_KEYWORD_FORMAT:
        return "format-mismatch";
    case GUARD_KEYWORD_MIN_ITEMS:
        return "too-few-items";
    case GUARD_KEYWORD_MAX_ITEMS:
        return "too-many-items";
    case GUARD_KEYWORD_UNIQUE_ITEMS:
        return "not-unique";
    case GUARD_KEYWORD_CONTAINS:
    case GUARD_KEYWORD_MIN_CONTAINS:
        return "contains-too-few";
    case GUARD_KEYWORD_MAX_CONTAINS:
        return "contains-too-many";
    case GUARD_KEYWORD_MIN_PROPERTIES:
        return "too-few-properties";
    case GUARD_KEYWORD_MAX_PROPERTIES:
        return "too-many-properties";
    case GUARD_KEYWORD_ANY_OF:
    case GUARD_KEYWORD_ONE_OF:
        return "no-branch";
    case GUARD_KEYWORD_NOT:
        return "not-allowed";
    case GUARD_KEYWORD_UNEVALUATED_ITEMS:
        return "unknown-item";
    default:
        return "false-schema";
    }
}

void
guard_words_types(GString *out, unsigned types)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {GUARD_TYPE_STRING, "string"},   {GUARD_TYPE_NUMBER, "number"},
        {GUARD_TYPE_INTEGER, "integer"}, {GUARD_TYPE_BOOLEAN, "boolean"},
        {GUARD_TYPE_OBJECT, "object"},   {GUARD_TYPE_ARRAY, "array"},
        {GUARD_TYPE_NULL, "null"},
    };
    const char *before = "";
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if ((types & names[i].bit) == names[i].bit) {
            g_string_append_printf(out, "%s%s", before, names[i].name);
            before = " or ";
            types &= ~names[i].bit;
        }
    }
}

size_t
guard_words_fit(const char *text, size_t length, size_t max)
{
    if (length <= max) {
        return length;
    }
    while (max > 0 && base_utf8_is_tail((unsigned char)text[max])) {
        max--;
    }
    return max;
}

void
guard_words_text(GString *out, const char *text, size_t max)
{
    size_t length = strlen(text);
    size_t shown = guard_words_fit(text, length, max);
    g_string_append_len(out, text, (gssize)shown);
    g_string_append(out, shown < length ? "..." : "");
}
