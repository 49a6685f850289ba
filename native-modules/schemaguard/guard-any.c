/* SPDX-License-Identifier: MIT */
#include "guard-any.h"

#include "guard-quick-value.h"

typedef struct {
    const char *text;
    size_t length;
} Name;

typedef struct {
    GuardRun *run;
    unsigned depth;
    unsigned count;                 /* of names */
    uint8_t first[GUARD_ANY_DEPTH]; /* name of the open container */
    char closer[GUARD_ANY_DEPTH];   /* its bracket */
    Name names[GUARD_ANY_NAMES];
} Any;

/* Whether the name is new in its object, and there is room to remember it. */
static bool
add_name(Any *self, const char *text, size_t length)
{
    if (self->run->allows_duplicates) {
        return true;
    }
    if (self->count == GUARD_ANY_NAMES) {
        return false;
    }
    for (unsigned i = self->first[self->depth - 1]; i < self->count; i++) {
        if (self->names[i].length == length &&
            memcmp(self->names[i].text, text, length) == 0) {
            return false;
        }
    }
    self->names[self->count++] = (Name){text, length};
    return true;
}

/* Moves from the quote of a name to the value behind it. */
static const char *
skip_name(Any *self, const char *p)
{
    GuardStringKind kind;
    const char *close = *p == '"' ? guard_scan_string(self->run, p + 1, &kind) : NULL;
    if (close == NULL || kind.is_escaped ||
        !add_name(self, p + 1, (size_t)(close - p - 1))) {
        return NULL;
    }
    p = quick_skip_space(close + 1);
    return *p == ':' ? quick_skip_space(p + 1) : NULL;
}

/* Moves from behind a value to the next one, or behind the outermost container. */
static const char *
next_value(Any *self, const char *p)
{
    while (self->depth > 0) {
        p = quick_skip_space(p);
        char closer = self->closer[self->depth - 1];
        if (*p == ',') {
            p = quick_skip_space(p + 1);
            return closer == '}' ? skip_name(self, p) : p;
        }
        if (*p++ != closer) {
            return NULL;
        }
        self->count = self->first[--self->depth];
    }
    return p;
}

/* Opens the container at `p`; returns its first value, or what comes behind it. */
static const char *
open_container(Any *self, unsigned level, const char *p)
{
    if (self->depth == GUARD_ANY_DEPTH || level + self->depth >= self->run->depth_max) {
        return NULL;
    }
    char closer = *p == '{' ? '}' : ']';
    self->first[self->depth] = (uint8_t)self->count;
    self->closer[self->depth++] = closer;
    p = quick_skip_space(p + 1);
    if (*p == closer) {
        return next_value(self, p);
    }
    return closer == ']' ? p : skip_name(self, p);
}

/* The same where all has been read before: only brackets and strings matter. */
static const char *
end_again(GuardRun *run, const char *p)
{
    GuardStringKind kind;
    for (unsigned depth = 0;; p++) {
#ifdef __SSE2__
        if (p <= run->wide_end) {
            const __m128i lower = _mm_set1_epi8(0x20); /* '[' is '{' without it */
            __m128i chunk = _mm_loadu_si128((const __m128i *)p);
            __m128i folded = _mm_or_si128(chunk, lower);
            __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
                                         _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
            stops = _mm_or_si128(stops, _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"')));
            unsigned mask = (unsigned)_mm_movemask_epi8(stops);
            if (mask == 0) {
                p += 15;
                continue;
            }
            p += __builtin_ctz(mask);
        }
#endif
        if (*p == '"') {
            p = guard_scan_string(run, p + 1, &kind);
            if (p == NULL) {
                return NULL;
            }
        }
        else if (guard_is_container(p)) {
            depth++;
        }
        else if ((*p | 0x20) == '}' && --depth == 0) {
            return p + 1;
        }
    }
}

const char *
guard_any_end(GuardRun *run, unsigned level, const char *p)
{
    if (run->is_rescan) {
        return end_again(run, p);
    }
    const GuardNode *any = GUARD_AT(run->program, GuardNode, run->program->any);
    Any self;
    self.run = run;
    self.depth = self.count = 0;
    do {
        if (guard_is_container(p)) {
            p = open_container(&self, level, p);
        }
        else {
            p = guard_scalar(run, any, p);
            p = p != NULL ? next_value(&self, p) : NULL;
        }
    } while (p != NULL && self.depth > 0);
    if (p == NULL) {
        run->stop = GUARD_STOP_NONE; /* the machine says what is wrong */
    }
    return p;
}
