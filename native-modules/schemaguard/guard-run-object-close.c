/* SPDX-License-Identifier: MIT */
/* The end of an object: what can only be said when all its members are known. */
#include "guard-run.h"

#include "guard-scalar.h"

static bool
check_dependents(GuardRun *run, const GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    const GuardDependent *all =
        GUARD_AT(run->program, GuardDependent, part->dependents);
    uint64_t seen = frame->object.seen;
    size_t more = frame->object.seen_more;
    for (uint32_t i = 0; i < part->dependent_count; i++) {
        if (guard_seen(run, seen, more, all[i].trigger) &&
            !guard_seen(run, seen, more, all[i].wanted) &&
            !guard_fail(run, frame->node, (GuardKeyword)all[i].keyword, frame->start,
                        NULL, i)) {
            return false;
        }
    }
    return true;
}

/* Reports each required name that is not there. */
static bool
fail_required(GuardRun *run, const GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    const uint64_t *words = GUARD_AT(run->program, uint64_t, part->required_words);
    for (uint32_t i = 0; i < part->count; i++) {
        if ((words[i / 64] >> (i % 64) & 1) != 0 &&
            !guard_seen(run, frame->object.seen, frame->object.seen_more, i) &&
            !guard_fail(run, frame->node, GUARD_KEYWORD_REQUIRED, frame->start, NULL,
                        i)) {
            return false;
        }
    }
    return true;
}

static bool
has_required(const GuardRun *run, const GuardFrame *frame)
{
    const GuardObjectPart *part = frame->object.part;
    if ((frame->object.seen & part->required) != part->required) {
        return false;
    }
    const uint64_t *words = GUARD_AT(run->program, uint64_t, part->required_words);
    for (uint32_t w = 1; w < (part->count + 63) / 64; w++) {
        uint64_t seen = guard_seen_words(run, frame->object.seen_more)[w];
        if ((seen & words[w]) != words[w]) {
            return false;
        }
    }
    return true;
}

GuardStep
guard_object_close(GuardRun *run, GuardFrame *frame, const char *end)
{
    const GuardObjectPart *part = frame->object.part;
    frame->key = NULL;
    bool ok =
        (frame->node->types & GUARD_TYPE_OBJECT) == 0 ||
        ((GUARD_LIKELY(has_required(run, frame)) || fail_required(run, frame)) &&
         (GUARD_LIKELY(frame->index >= part->min) ||
          guard_fail(run, frame->node, GUARD_KEYWORD_MIN_PROPERTIES, frame->start, end,
                     frame->index)) &&
         (GUARD_LIKELY(frame->index <= part->max) ||
          guard_fail(run, frame->node, GUARD_KEYWORD_MAX_PROPERTIES, frame->start, end,
                     frame->index)) &&
         (part->dependent_count == 0 || check_dependents(run, frame)) &&
         (frame->node->choice == 0 ||
          guard_check_choice(run, frame->node, frame->start, end, GUARD_TYPE_OBJECT)));
    return ok ? guard_close_container(run, frame, end)
              : guard_pop(run, frame, GUARD_STEP_FAIL);
}
