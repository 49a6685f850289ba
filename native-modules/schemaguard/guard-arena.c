/* SPDX-License-Identifier: MIT */
#include "guard-arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct GuardArenaBlock {
    GuardArenaBlock *before;
    max_align_t data[];
};

static void
add_block(GuardArena *self, size_t size)
{
    size_t room = size > GUARD_ARENA_BLOCK ? size : GUARD_ARENA_BLOCK;
    GuardArenaBlock *block = g_malloc(sizeof *block + room);
    block->before = self->last;
    self->last = block;
    self->at = (char *)block->data;
    self->end = self->at + room;
}

static void *
take_raw(GuardArena *self, size_t size)
{
    size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if ((size_t)(self->end - self->at) < size) {
        add_block(self, size);
    }
    void *piece = self->at;
    self->at += size;
    return piece;
}

void *
guard_arena_take(GuardArena *self, size_t size)
{
    return memset(take_raw(self, size), 0, size);
}

char *
guard_arena_copy(GuardArena *self, const char *text, size_t length)
{
    char *copy = take_raw(self, length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *
guard_arena_printf(GuardArena *self, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    /* Mostly it fits behind what is there. */
    size_t room = (size_t)(self->end - self->at);
    int length = vsnprintf(self->at, room, format, args);
    va_end(args);
    bool fits = (size_t)length + sizeof(max_align_t) < room;
    char *text = fits ? take_raw(self, (size_t)length + 1)
                      : guard_arena_take(self, (size_t)length + 1);
    if (!fits) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

void
guard_arena_clear(GuardArena *self)
{
    while (self->last != NULL) {
        GuardArenaBlock *before = self->last->before;
        g_free(self->last);
        self->last = before;
    }
    self->at = self->end = NULL;
}
