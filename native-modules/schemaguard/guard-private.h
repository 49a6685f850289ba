/* SPDX-License-Identifier: MIT */
/* guard-private.h - the guard itself, for the files that run it. */
#pragma once

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
};

/* A block of scratch between runs: atomic, taken by one run at a time. Each has a cache
 * line of its own, for threads start at different ones. */
typedef struct {
    _Alignas(GUARD_LINE) _Atomic(GuardScratch *) scratch;
} GuardSpare;

struct SchemaGuard {
    atomic_int references;
    /* immutable after new */
    GuardProgram program; /* its bytes follow the guard in one block */
    bool allows_duplicates;
    uint16_t depth_max;
    size_t bytes_max;
    char *mask;         /* owned; NULL: none */
    GuardSpare *spares; /* GUARD_SPARES, owned */
    GuardKey key;       /* by which others find the guard */
};

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
