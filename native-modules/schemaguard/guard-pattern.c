/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "guard-pattern.h"

#include "guard-regex.h"

#include <base-utf8.h>

#include <pcre2.h>
#include <stdatomic.h>
#include <string.h>

/* What one match at a time needs. The stack of the JIT code is made when its own 32 KiB
 * were not enough: long texts under a repeated group. */
typedef struct {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* or NULL */
} Matcher;

/* What PCRE2 needs to run: made on first use, then only read, but for `spare`. */
typedef struct {
    pcre2_code *code;
    _Atomic(Matcher *) spare; /* taken by one match at a time */
    bool has_jit;
} Engine;

struct GuardPattern {
    char *source;
    char *translation;
    size_t translation_length;
    GuardRegexRow row;
    _Atomic(Engine *) engine; /* NULL until needed; never replaced */
};

static const uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY |
                                PCRE2_NEVER_BACKSLASH_C | PCRE2_MATCH_UNSET_BACKREF;

static void
matcher_free(Matcher *self)
{
    if (self == NULL) {
        return;
    }
    pcre2_match_data_free(self->data);
    pcre2_match_context_free(self->context);
    pcre2_jit_stack_free(self->stack);
    g_free(self);
}

static Matcher *
matcher_new(const Engine *engine)
{
    Matcher *self = g_new0(Matcher, 1);
    self->data = pcre2_match_data_create_from_pattern(engine->code, NULL);
    self->context = pcre2_match_context_create(NULL);
    pcre2_set_match_limit(self->context, GUARD_PATTERN_MATCH_LIMIT);
    pcre2_set_depth_limit(self->context, GUARD_PATTERN_DEPTH_LIMIT);
    pcre2_set_heap_limit(self->context, GUARD_PATTERN_HEAP_LIMIT);
    return self;
}

static void
engine_free(Engine *self)
{
    if (self == NULL) {
        return;
    }
    matcher_free(atomic_load(&self->spare));
    pcre2_code_free(self->code);
    g_free(self);
}

static pcre2_code *
compile(const char *translation, size_t length, char **ret_message)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)translation, length, options, &error, &at, NULL);
    if (code == NULL) {
        PCRE2_UCHAR message[160];
        pcre2_get_error_message(error, message, sizeof message);
        *ret_message =
            error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH
                ? g_strdup("a lookbehind of variable width is not supported; give each "
                           "alternative a fixed one, or look ahead instead")
                : g_strdup((const char *)message);
    }
    return code;
}

static Engine *
engine_new(const GuardPattern *pattern)
{
    g_autofree char *message = NULL;
    Engine *self = g_new0(Engine, 1);
    self->code = compile(pattern->translation, pattern->translation_length, &message);
    self->has_jit = pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE) == 0;
    return self;
}

/* Two threads may both make one; the first to publish wins. */
static Engine *
get_engine(GuardPattern *self)
{
    Engine *engine = atomic_load_explicit(&self->engine, memory_order_acquire);
    if (engine != NULL) {
        return engine;
    }
    Engine *fresh = engine_new(self);
    Engine *expected = NULL;
    if (atomic_compare_exchange_strong(&self->engine, &expected, fresh)) {
        return fresh;
    }
    engine_free(fresh);
    return expected;
}

GuardPattern *
guard_pattern_new(const char *source, size_t length, char **ret_message,
                  size_t *ret_position)
{
    GuardRegex regex;
    *ret_position = 0;
    if (!guard_regex_parse(source, length, &regex)) {
        *ret_message = g_strdup(regex.message);
        *ret_position = base_utf8_count(source, regex.offset);
        return NULL;
    }
    g_autoptr(GString) translation = regex.translation;
    if (!regex.row.is_simple) {
        pcre2_code *code = compile(translation->str, translation->len, ret_message);
        if (code == NULL) {
            return NULL;
        }
        pcre2_code_free(code);
    }
    GuardPattern *self = g_new0(GuardPattern, 1);
    self->source = g_strndup(source, length);
    self->row = regex.row;
    self->translation_length = translation->len;
    self->translation = g_string_free(g_steal_pointer(&translation), FALSE);
    return self;
}

void
guard_pattern_free(GuardPattern *self)
{
    if (self == NULL) {
        return;
    }
    engine_free(atomic_load(&self->engine));
    g_free(self->source);
    g_free(self->translation);
    g_free(self);
}

bool
guard_pattern_is_own(const GuardPattern *self)
{
    return self->row.is_simple;
}

const char *
guard_pattern_source(const GuardPattern *self)
{
    return self->source;
}

bool
guard_pattern_is_valid(const char *source, size_t length)
{
    GuardRegex regex;
    if (!guard_regex_parse(source, length, &regex)) {
        return false;
    }
    g_autoptr(GString) translation = regex.translation;
    int error = 0;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)translation->str, translation->len,
                                     options, &error, &at, NULL);
    pcre2_code_free(code);
    /* Lookbehind of any width is right in ECMA-262, though PCRE2 cannot match it. */
    return code != NULL || error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH;
}

/* Returns the bytes of the character at `p` if the item takes it, else 0. */
static inline size_t
item_takes(const GuardRegexItem *item, const char *p, const char *end)
{
    unsigned char c = (unsigned char)*p;
    if (c < 0x80) {
        return item->ascii[c >> 6] >> (c & 63) & 1;
    }
    if (item->others == GUARD_REGEX_OTHERS_NONE) {
        return 0;
    }
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    bool separator =
        n == 3 && memcmp(p, "\xE2\x80", 2) == 0 && ((unsigned char)p[2] & 0xFE) == 0xA8;
    return item->others == GUARD_REGEX_OTHERS_ALL || !separator ? n : 0;
}

/* One class anywhere in the text. */
static GuardMatch
find_item(const GuardRegexItem *item, const char *p, const char *end)
{
    if (item->min == 0) {
        return GUARD_MATCH_YES;
    }
    while (p < end) {
        if (item_takes(item, p, end) > 0) {
            return GUARD_MATCH_YES;
        }
        p++;
        while (p < end && base_utf8_is_tail((unsigned char)*p)) {
            p++;
        }
    }
    return GUARD_MATCH_NO;
}

static GuardMatch
match_row(const GuardRegexRow *row, const char *p, const char *end)
{
    if (!row->is_anchored_start) {
        return find_item(&row->items[0], p, end);
    }
    for (uint32_t i = 0; i < row->count; i++) {
        const GuardRegexItem *item = &row->items[i];
        uint32_t taken = 0;
        size_t n;
        while (taken < item->max && p < end && (n = item_takes(item, p, end)) > 0) {
            p += n;
            taken++;
        }
        if (taken < item->min) {
            return GUARD_MATCH_NO;
        }
    }
    return p == end || !row->is_anchored_end ? GUARD_MATCH_YES : GUARD_MATCH_NO;
}

static int
match_once(const Engine *engine, Matcher *matcher, const char *text, size_t length)
{
    return engine->has_jit
               ? pcre2_jit_match(engine->code, (PCRE2_SPTR)text, length, 0, 0,
                                 matcher->data, matcher->context)
               : pcre2_match(engine->code, (PCRE2_SPTR)text, length, 0,
                             PCRE2_NO_UTF_CHECK, matcher->data, matcher->context);
}

static int
match_with(const Engine *engine, Matcher *matcher, const char *text, size_t length)
{
    int result = match_once(engine, matcher, text, length);
    if (result != PCRE2_ERROR_JIT_STACKLIMIT || matcher->stack != NULL) {
        return result;
    }
    matcher->stack = pcre2_jit_stack_create(GUARD_PATTERN_STACK_FIRST,
                                            GUARD_PATTERN_STACK_MAX, NULL);
    pcre2_jit_stack_assign(matcher->context, NULL, matcher->stack);
    return match_once(engine, matcher, text, length);
}

GuardMatch
guard_pattern_match(GuardPattern *self, const char *text, size_t length)
{
    if (self->row.is_simple) {
        return match_row(&self->row, text, text + length);
    }
    Engine *engine = get_engine(self);
    Matcher *matcher = atomic_exchange(&engine->spare, NULL);
    if (matcher == NULL) {
        matcher = matcher_new(engine);
    }
    int result = match_with(engine, matcher, text, length);
    Matcher *other = NULL;
    if (!atomic_compare_exchange_strong(&engine->spare, &other, matcher)) {
        matcher_free(matcher);
    }
    return result >= 0                     ? GUARD_MATCH_YES
           : result == PCRE2_ERROR_NOMATCH ? GUARD_MATCH_NO
                                           : GUARD_MATCH_BUDGET;
}
