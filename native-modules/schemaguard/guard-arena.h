/* SPDX-License-Identifier: MIT */
/* guard-arena.h - memory that is given back all at once.
 *
 * Purpose    compile-time trees and error reports: many small pieces, one life.
 * Ownership  every piece belongs to the arena until guard_arena_clear().
 * Threads    one arena, one thread.
 * Errors     none: a failed allocation aborts (g_malloc), sizes are limited by callers.
 * Cost       a pointer bump; a block of GUARD_ARENA_BLOCK bytes now and then.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

enum {
    GUARD_ARENA_BLOCK = 4096 /* bytes of a usual block */
};

typedef struct GuardArenaBlock GuardArenaBlock;

typedef struct {
    GuardArenaBlock *last;
    char *at;
    char *end;
} GuardArena;

#define GUARD_ARENA_INIT \
    {                    \
        NULL, NULL, NULL \
    }

/* Returns `size` zeroed bytes, aligned for any type. */
void *guard_arena_take(GuardArena *self, size_t size);

/* Copies `length` bytes and puts a NUL behind them. */
char *guard_arena_copy(GuardArena *self, const char *text, size_t length);

char *guard_arena_printf(GuardArena *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Frees everything; the arena can be used again. */
void guard_arena_clear(GuardArena *self);
