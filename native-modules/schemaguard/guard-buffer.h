/* SPDX-License-Identifier: MIT */
/* guard-buffer.h - bytes that grow.
 *
 * Ownership  the buffer owns its bytes; g_auto(GuardBuffer) frees them.
 * Threads    one buffer, one thread.
 * Cost       doubling; nothing is taken before the first byte.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct {
    char *bytes;
    size_t length;
    size_t room;
} GuardBuffer;

#define GUARD_BUFFER_INIT \
    {                     \
        NULL, 0, 0        \
    }

static inline void
guard_buffer_clear(GuardBuffer *self)
{
    g_free(self->bytes);
    *self = (GuardBuffer)GUARD_BUFFER_INIT;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuardBuffer, guard_buffer_clear)

/* Makes room for `size` more bytes and returns where they go; `length` stays. */
static inline char *
guard_buffer_reserve(GuardBuffer *self, size_t size)
{
    if (self->room - self->length < size) {
        size_t room = self->room * 2 > 256 ? self->room * 2 : 256;
        while (room < self->length + size) {
            room *= 2;
        }
        self->bytes = g_realloc(self->bytes, room);
        self->room = room;
    }
    return self->bytes + self->length;
}

static inline void
guard_buffer_append(GuardBuffer *self, const void *bytes, size_t size)
{
    if (size > 0) {
        memcpy(guard_buffer_reserve(self, size), bytes, size);
        self->length += size;
    }
}
