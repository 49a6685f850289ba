/* SPDX-License-Identifier: MIT */
/* The slow half of the scalar checks: what a bare type does not need. */
#include "guard-scalar.h"

#include "guard-canon.h"
#include "guard-format.h"
#include "guard-pattern.h"

#include <base-utf8.h>

const char *
guard_string_value(GuardRun *run, const char *p, const char *close, bool is_escaped,
                   size_t *ret_length)
{
    if (!is_escaped) {
        *ret_length = (size_t)(close - p);
        return p;
    }
    GuardBuffer *bytes = &guard_run_scratch(run)->bytes;
    bytes->length = 0;
    char *out = guard_buffer_reserve(bytes, (size_t)(close - p) + 1);
    *ret_length = json_string_unescape(p, (size_t)(close - p), out, NULL);
    return out;
}

static bool
check_length(GuardRun *run, const GuardNode *node, const GuardStringPart *part,
             const char *start, const char *close, const char *text, size_t length,
             bool is_ascii)
{
    if (part->min == 0 && part->max == UINT32_MAX) {
        return true;
    }
    size_t count = is_ascii ? length : base_utf8_count(text, length);
    return (count >= part->min ||
            guard_fail(run, node, GUARD_KEYWORD_MIN_LENGTH, start, close + 1, count)) &&
           (count <= part->max ||
            guard_fail(run, node, GUARD_KEYWORD_MAX_LENGTH, start, close + 1, count));
}

static bool
check_pattern(GuardRun *run, const GuardNode *node, const GuardStringPart *part,
              const char *start, const char *close, const char *text, size_t length)
{
    if (part->pattern == GUARD_NO_PATTERN) {
        return true;
    }
    GuardPattern *pattern = run->program->patterns[part->pattern];
    switch (guard_pattern_match(pattern, text, length)) {
    case GUARD_MATCH_YES:
        return true;
    case GUARD_MATCH_NO:
        return guard_fail(run, node, GUARD_KEYWORD_PATTERN, start, close + 1, 0);
    case GUARD_MATCH_BUDGET:
        break;
    }
    run->pattern = guard_pattern_source(pattern);
    guard_stop(run, GUARD_STOP_PATTERN, start);
    return false;
}

static bool
has_string_choice(const GuardRun *run, const GuardChoicePart *part, const char *text,
                  size_t length)
{
    const GuardChoice *choices = GUARD_AT(run->program, GuardChoice, part->choices);
    for (uint32_t i = 0; i < part->count; i++) {
        if (choices[i].length == length && choices[i].type == GUARD_TYPE_STRING &&
            memcmp(GUARD_AT(run->program, char, choices[i].text), text, length) == 0) {
            return true;
        }
    }
    return false;
}

static bool
check_string_choice(GuardRun *run, const GuardNode *node, const char *start,
                    const char *close, const char *text, size_t length)
{
    for (GuardRef ref = node->choice; ref != 0;) {
        const GuardChoicePart *part = GUARD_AT(run->program, GuardChoicePart, ref);
        if (!has_string_choice(run, part, text, length) &&
            !guard_fail(run, node, (GuardKeyword)part->keyword, start, close + 1,
                        ref)) {
            return false;
        }
        ref = part->next;
    }
    return true;
}

bool
guard_check_string(GuardRun *run, const GuardNode *node, const char *start,
                   const char *close, bool is_escaped, bool is_ascii)
{
    size_t length;
    const char *text = guard_string_value(run, start + 1, close, is_escaped, &length);
    if (!check_string_choice(run, node, start, close, text, length)) {
        return false;
    }
    if (node->string == 0) {
        return true;
    }
    const GuardStringPart *part = GUARD_AT(run->program, GuardStringPart, node->string);
    return check_length(run, node, part, start, close, text, length,
                        is_ascii && !is_escaped) &&
           check_pattern(run, node, part, start, close, text, length) &&
           (part->format == 0 ||
            guard_format_check((GuardFormat)part->format, text, length) ||
            guard_fail(run, node, GUARD_KEYWORD_FORMAT, start, close + 1, 0));
}

bool
guard_fail_type(GuardRun *run, const GuardNode *node, const char *start)
{
    bool is_false = (node->flags & GUARD_NODE_FALSE) != 0;
    return guard_fail(run, node, is_false ? GUARD_KEYWORD_NONE : GUARD_KEYWORD_TYPE,
                      start, NULL, 0);
}

static bool
is_within(unsigned which, const JsonDecimal *value, const JsonDecimal *bound)
{
    if (which == GUARD_BOUND_MULTIPLE) {
        return json_decimal_is_multiple(value, bound);
    }
    int order = json_decimal_compare(value, bound);
    switch (which) {
    case GUARD_BOUND_MIN:
        return order >= 0;
    case GUARD_BOUND_MAX:
        return order <= 0;
    case GUARD_BOUND_ABOVE:
        return order > 0;
    default:
        return order < 0;
    }
}

static bool
check_bounds(GuardRun *run, const GuardNode *node, const char *start, const char *end,
             const JsonDecimal *value)
{
    const GuardNumberPart *part = GUARD_AT(run->program, GuardNumberPart, node->number);
    for (unsigned i = 0; i < GUARD_BOUND_COUNT; i++) {
        const GuardBound *bound = &part->bounds[i];
        if (bound->text == 0) {
            continue;
        }
        const GuardText *text = guard_program_text_at(run->program, bound->text);
        JsonDecimal limit;
        json_decimal_parse(&limit, text->bytes, text->length);
        if (!is_within(i, value, &limit) &&
            !guard_fail(run, node, (GuardKeyword)bound->keyword, start, end,
                        bound->text)) {
            return false;
        }
    }
    return true;
}

bool
guard_check_number(GuardRun *run, const GuardNode *node, const char *start,
                   const char *end, bool is_plain)
{
    JsonDecimal value;
    json_decimal_parse(&value, start, (size_t)(end - start));
    bool strict = (node->flags & GUARD_NODE_STRICT_INTEGER) != 0;
    bool whole = is_plain || (!strict && json_decimal_is_integer(&value));
    unsigned type = whole ? GUARD_TYPE_INTEGER : GUARD_TYPE_FRACTION;
    if ((node->types & type) == 0 && !guard_fail_type(run, node, start)) {
        return false;
    }
    if (node->choice != 0 && !guard_check_choice(run, node, start, end, type)) {
        return false;
    }
    return node->number == 0 || (node->types & GUARD_TYPE_NUMBER) == 0 ||
           check_bounds(run, node, start, end, &value);
}

static bool
has_choice(const GuardRun *run, const GuardChoicePart *part, const char *canon,
           size_t length)
{
    const GuardChoice *choices = GUARD_AT(run->program, GuardChoice, part->choices);
    for (uint32_t i = 0; i < part->count; i++) {
        if (choices[i].length == length && choices[i].type != GUARD_TYPE_STRING &&
            memcmp(GUARD_AT(run->program, char, choices[i].text), canon, length) == 0) {
            return true;
        }
    }
    return false;
}

bool
guard_check_choice(GuardRun *run, const GuardNode *node, const char *start,
                   const char *end, uint32_t type)
{
    GuardBuffer *canon = &guard_run_scratch(run)->bytes;
    canon->length = 0;
    guard_canon_value(canon, &run->scratch->members, start, end);
    for (GuardRef ref = node->choice; ref != 0;) {
        const GuardChoicePart *part = GUARD_AT(run->program, GuardChoicePart, ref);
        if (!has_choice(run, part, canon->bytes, canon->length) &&
            !guard_fail(run, node, (GuardKeyword)part->keyword, start, end, ref)) {
            return false;
        }
        ref = part->next;
    }
    return true;
}
