/* SPDX-License-Identifier: MIT */
/* guard-private.h - the guard itself, for the files that run it. */
#pragma once

#include "guard-quick.h"
#include "guard-report.h"
#include "guard-run.h"
#include "guard-share.h"
#include "schema-guard.h"

#include <stdatomic.h>

enum {
    GUARD_COPY_MAX = 1024, /* bytes of payloads that are copied to be padded */
    GUARD_COPY_PAD = 16,
    GUARD_SCRATCH_KEPT_MAX = 4 << 20, /* bytes of scratch worth keeping */
};

enum {
    GUARD_SPARES = 8, /* threads that can take scratch without waiting for lines */
    GUARD_SPARES_BITS = 3,
    GUARD_LINE = 64,
    GUARD_PART_ALIGNMENT = 32,
};

/* A block of scratch between runs: atomic, taken by one run at a time. Each has a cache
 * line of its own, for threads start at different ones. */
typedef struct {
    _Alignas(GUARD_LINE) _Atomic(GuardScratch *) scratch;
} GuardSpare;

struct SchemaGuard {
    atomic_int references;
    /* immutable after new */
    bool allows_duplicates;
    uint16_t depth_max;
    char *mask;         /* owned; NULL: none */
    GuardSpare *spares; /* GUARD_SPARES, owned */
    GuardKey key;       /* by which others find the guard */
    /* What a call for a tool looks at: a cache line from the program's last member on,
     * with the head of the first quick part, whose names follow on the next line. */
    _Alignas(GUARD_PART_ALIGNMENT) GuardProgram program; /* bytes: behind the guard */
    size_t bytes_max;
    const GuardQuickPart *plain; /* of the root, if calls are read without a run */
};

G_STATIC_ASSERT(offsetof(SchemaGuard, program.quick) % GUARD_LINE == 0);
G_STATIC_ASSERT(sizeof(SchemaGuard) % GUARD_LINE == GUARD_PART_ALIGNMENT);

/* Prepares a run over text[0..length], text[length] being 0. */
void schema_guard_run_begin(GuardRun *run, SchemaGuard *guard, const char *text,
                            size_t length);
struct SchemaGuardReport {
    atomic_int references;
    GuardCollector collector;
    char *explanation;
};

/* is_partial: the end of the text is not an error. */
SchemaGuardReport *schema_guard_report_new(SchemaGuard *self, const char *text,
                                           size_t length, bool is_partial);

/* Gives the scratch back. */
void schema_guard_run_end(GuardRun *run);
