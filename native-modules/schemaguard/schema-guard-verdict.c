/* SPDX-License-Identifier: MIT */
/* A run's beginning and end, and the verdict without reasons. */
#include "guard-private.h"
#include "guard-quick-plain.h"

#include <pthread.h>

/* Sanitizers see every byte. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define GUARD_WATCHED 1
#elif defined __has_feature
#define GUARD_WATCHED                                                       \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
     __has_feature(memory_sanitizer))
#else
#define GUARD_WATCHED 0
#endif

enum {
    PAGE_MIN = 4096, /* bytes of the smallest page */
    LINES_FETCHED = 4,
};

/* Where this thread looks first. */
static unsigned
own_spare(void)
{
    uint64_t thread = (uint64_t)pthread_self();
    return (unsigned)(thread * 0x9E3779B97F4A7C15u >> (64 - GUARD_SPARES_BITS));
}

static GuardScratch *
take_scratch(void *owner)
{
    SchemaGuard *self = owner;
    unsigned own = own_spare();
    for (unsigned i = 0; i < GUARD_SPARES; i++) {
        _Atomic(GuardScratch *) *spare =
            &self->spares[(own + i) % GUARD_SPARES].scratch;
        GuardScratch *scratch = atomic_load_explicit(spare, memory_order_relaxed);
        if (scratch != NULL && (scratch = atomic_exchange(spare, NULL)) != NULL) {
            return scratch;
        }
    }
    return g_new0(GuardScratch, 1);
}

/* Returns false if all places are taken. */
static bool
keep_scratch(SchemaGuard *self, GuardScratch *scratch)
{
    unsigned own = own_spare();
    for (unsigned i = 0; i < GUARD_SPARES; i++) {
        GuardScratch *none = NULL;
        if (atomic_compare_exchange_strong(
                &self->spares[(own + i) % GUARD_SPARES].scratch, &none, scratch)) {
            return true;
        }
    }
    return false;
}

void
schema_guard_run_begin(GuardRun *run, SchemaGuard *guard, const char *text,
                       size_t length)
{
    run->program = &guard->program;
    run->text = run->at = text;
    run->end = text + length;
    run->wide_end = run->end - 16;
    run->node = GUARD_AT(&guard->program, GuardNode, guard->program.root);
    run->frames = run->first;
    run->frame_count = 0;
    run->frame_room = GUARD_RUN_FRAMES_FIRST;
    run->level = 0;
    run->depth_max = guard->depth_max;
    run->tracks = false;
    run->is_rescan = false;
    run->is_partial = false;
    run->resumes_container = false;
    run->allows_duplicates = guard->allows_duplicates;
    run->stop = GUARD_STOP_NONE;
    run->syntax = JSON_ERROR_NONE;
    run->budget = GUARD_RUN_BUDGET_BASE + (int64_t)length * GUARD_RUN_BUDGET_FACTOR;
    run->collector = NULL;
    run->scratch = NULL;
    run->take_scratch = take_scratch;
    run->owner = guard;
}

void
schema_guard_run_end(GuardRun *run)
{
    if (run->scratch == NULL) {
        return;
    }
    SchemaGuard *guard = run->owner;
    GuardScratch *scratch = run->scratch;
    size_t held = scratch->keys.room + scratch->texts.room + scratch->bytes.room +
                  scratch->marks.room + scratch->members.room +
                  scratch->frames_room * sizeof(GuardFrame);
    scratch->keys.length = scratch->marks.length = 0;
    scratch->texts.length = scratch->bytes.length = 0;
    if (held > GUARD_SCRATCH_KEPT_MAX || !keep_scratch(guard, scratch)) {
        guard_scratch_free(scratch);
    }
    run->scratch = NULL;
}

/* Whether 16 bytes may be loaded at the end of the text: they are on its page. Tools
 * that watch every byte would call it an overflow. */
static inline bool
is_end_wide(const char *end)
{
#if GUARD_WATCHED || !defined __SSE2__
    return false;
#else
    return ((uintptr_t)end & (PAGE_MIN - 1)) <= PAGE_MIN - GUARD_COPY_PAD;
#endif
}

/* A padded copy lets the last bytes be read 16 at a time as well. */
static __attribute__((noinline)) bool
is_copy_valid(SchemaGuard *self, const char *text, size_t length)
{
    GuardRun run;
    char copy[GUARD_COPY_MAX + GUARD_COPY_PAD];
    memcpy(copy, text, length);
    memset(copy + length, 0, GUARD_COPY_PAD);
    schema_guard_run_begin(&run, self, copy, length);
    run.wide_end = run.end;
    bool ok = guard_run_text(&run) == GUARD_STEP_DONE;
    schema_guard_run_end(&run);
    return ok;
}

/* A guard that was not used lately comes from memory: all of its first lines at once.
 */
static inline void
fetch(const SchemaGuard *self)
{
    const char *bytes = (const char *)&self->program.quick;
    for (unsigned i = 0; i < LINES_FETCHED; i++) {
        __builtin_prefetch(bytes + i * GUARD_LINE);
    }
}

/* The whole machine. `p`: the root is read up to there, with these names and the next
 * one expected; NULL: it is not begun. Values, so that no call for tool calls has to
 * have them in memory. */
static __attribute__((noinline)) bool
is_rest_valid(SchemaGuard *self, const char *text, size_t length, const char *p,
              uint64_t seen, uint32_t next)
{
    GuardRun run;
    schema_guard_run_begin(&run, self, text, length);
    run.wide_end = is_end_wide(run.end) ? run.end : run.wide_end;
    GuardQuickFrame root = {
        .part = self->plain, .start = text, .seen = seen, .index = next};
    GuardStep step =
        p != NULL ? guard_run_text_on(&run, &root, p) : guard_run_text(&run);
    schema_guard_run_end(&run);
    return step == GUARD_STEP_DONE;
}

bool
schema_guard_is_valid(SchemaGuard *self, const char *text, size_t length)
{
    fetch(self);
    if (GUARD_UNLIKELY(length > self->bytes_max)) {
        return false;
    }
    const char *end = text + length;
    if (GUARD_UNLIKELY(!is_end_wide(end))) {
        return length <= GUARD_COPY_MAX ? is_copy_valid(self, text, length)
                                        : is_rest_valid(self, text, length, NULL, 0, 0);
    }
    if (GUARD_UNLIKELY(self->plain == NULL || *text != '{')) {
        return is_rest_valid(self, text, length, NULL, 0, 0);
    }
    GuardQuickFrame root = {.part = self->plain, .start = text};
    const char *p = text + 1;
    const char *close = quick_read_plain(&self->program, &root, &p, end);
    return GUARD_LIKELY(close != NULL)
               ? close == end || guard_skip_space(close) == end
               : is_rest_valid(self, text, length, p, root.seen, root.index);
}
