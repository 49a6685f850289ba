/* SPDX-License-Identifier: MIT */
/* Partial text: what is an error, and what only has to wait for more. A run is
 * suspended between tokens, so that nothing is ever noted twice. */
#include "guard-run.h"

#include "guard-scalar.h"

#include <base-utf8.h>

static bool
starts_sequence(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    size_t have = (size_t)(end - at);
    if (lead < 0xC2 || lead > 0xF4 || have >= need) {
        return false;
    }
    if (have > 1 && !base_utf8_is_second(lead, (unsigned char)at[1])) {
        return false;
    }
    return have < 3 || base_utf8_is_tail((unsigned char)at[2]);
}

static bool
starts_word(const char *at, const char *end)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t have = (size_t)(end - at);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (have < strlen(words[i]) && strncmp(at, words[i], have) == 0) {
            return true;
        }
    }
    return false;
}

enum {
    NUMBER_MAX = 4096 /* bytes of a number that may still be incomplete */
};

/* Whether a digit would make a number of it. */
static bool
starts_number(const char *at, const char *end)
{
    char copy[NUMBER_MAX + 1];
    size_t have = (size_t)(end - at);
    bool plain;
    if (have > NUMBER_MAX) {
        return false;
    }
    memcpy(copy, at, have);
    copy[have] = '0';
    return json_number_scan(copy, have + 1, &plain) == have + 1;
}

bool
guard_partial_waits(const GuardRun *run, JsonError error, const char *at)
{
    if (at >= run->end) {
        return true;
    }
    switch ((int)error) {
    case JSON_ERROR_UTF8:
        return starts_sequence(at, run->end);
    case JSON_ERROR_LITERAL:
        return starts_word(at, run->end);
    case JSON_ERROR_NUMBER:
        return starts_number(at, run->end);
    default:
        return false;
    }
}

/* Moves `p` to the next byte that is no space; false at the end of the text. */
static bool
find_byte(const GuardRun *run, const char **p)
{
    *p = guard_skip_space(*p);
    return *p < run->end;
}

bool
guard_partial_has_item(const GuardRun *run, const GuardFrame *frame, const char *p)
{
    if (!find_byte(run, &p)) {
        return false;
    }
    if (*p != ',' || frame->index == 0) {
        return true;
    }
    p++;
    return find_byte(run, &p);
}

bool
guard_partial_has_value(const GuardRun *run, const char *p)
{
    if (!find_byte(run, &p)) {
        return false;
    }
    if (*p != ':') {
        return true; /* an error */
    }
    p++;
    return find_byte(run, &p);
}

GuardStep
guard_partial_wait(GuardRun *run, const char *at)
{
    run->at = at;
    run->resumes_container = true;
    return guard_stop(run, GUARD_STOP_MORE, at);
}

static void
move(const char **p, ptrdiff_t distance)
{
    if (*p != NULL) {
        *p += distance;
    }
}

static void
move_frame(GuardFrame *frame, ptrdiff_t distance)
{
    move(&frame->start, distance);
    move(&frame->key, distance);
    move(&frame->value, distance);
    switch ((GuardFrameKind)frame->kind) {
    case GUARD_FRAME_OBJECT:
        if (frame->key != NULL) {
            move(&frame->object.key_end, distance);
        }
        break;
    case GUARD_FRAME_ARRAY:
        if (frame->phase == GUARD_PHASE_CONTAINS) {
            move(&frame->array.item_end, distance);
        }
        break;
    case GUARD_FRAME_INPLACE:
        move(&frame->inplace.end, distance);
        break;
    case GUARD_FRAME_REST_PROPERTIES:
    case GUARD_FRAME_REST_ITEMS:
        break;
    }
}

void
guard_run_relocate(GuardRun *run, const char *text, size_t length)
{
    ptrdiff_t distance = text - run->text;
    for (uint32_t i = 0; distance != 0 && i < run->frame_count; i++) {
        move_frame(&run->frames[i], distance);
    }
    move(&run->at, distance);
    run->text = text;
    run->end = text + length;
    run->wide_end = run->end;
}
