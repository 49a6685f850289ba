/* SPDX-License-Identifier: MIT */
#include "cache-back-private.h"

#include <glib.h>
#include <string.h>

#include "cache-journal-private.h"

#define BACK_PIECE ((size_t)512 << 10) /* stays in the second-level cache */

void
cache_back_init(CacheBack *self, int descriptor, size_t start, size_t end)
{
    *self = (CacheBack){.descriptor = descriptor,
                        .start = start,
                        .at = MAX(start, end),
                        .low = MAX(start, end)};
}

void
cache_back_clear(CacheBack *self)
{
    g_free(self->buffer);
    self->buffer = NULL;
}

/* What could not be read is zeros. */
static void
back_read(CacheBack *self, unsigned char *to, size_t from, size_t size)
{
    size_t done = cache_journal_read_at(self->descriptor, to, from, size);
    memset(to + done, 0, size - done);
    self->is_unread |= done < size;
}

void
cache_back_refill(CacheBack *self)
{
    size_t piece = MIN(self->at - self->start, BACK_PIECE);
    size_t low = MIN(self->wanted, self->at - piece);
    size_t kept = self->at - self->low;
    if (self->at - low > self->room) {
        size_t room = self->at - low;
        unsigned char *buffer = g_try_malloc(room);
        if (buffer == NULL) {
            self->low = --self->at; /* a record that memory is too short for */
            self->is_unread = true;
            return;
        }
        if (kept > 0) {
            memcpy(buffer + (self->low - low), self->buffer, kept);
        }
        g_free(self->buffer);
        self->buffer = buffer;
        self->room = room;
    }
    else {
        memmove(self->buffer + (self->low - low), self->buffer, kept);
    }
    back_read(self, self->buffer, low, self->low - low);
    self->low = low;
}

/* Whether what is at `from` claims to be a record of that size. Looked at before so
 * much of the file is read. */
static bool
back_is_claimed(CacheBack *self, size_t from, size_t size)
{
    unsigned char head[CACHE_JOURNAL_RECORD_MIN];
    if (from >= self->low) {
        return cache_journal_claimed(self->buffer + (from - self->low)) == size;
    }
    back_read(self, head, from, sizeof(head));
    return cache_journal_claimed(head) == size;
}

CacheBackState
cache_back_next(CacheBack *self, const unsigned char **ret_record, size_t *ret_size)
{
    for (; self->at - self->start >= CACHE_JOURNAL_RECORD_MIN; self->at--) {
        if (self->at < self->low + CACHE_JOURNAL_RECORD_MIN &&
            self->low > self->start) {
            self->wanted = self->at - CACHE_JOURNAL_RECORD_MIN;
            return CACHE_BACK_REFILL;
        }
        const unsigned char *end = self->buffer + (self->at - self->low);
        size_t size = cache_journal_claimed_before(end);
        if (size > self->at - self->start ||
            !back_is_claimed(self, self->at - size, size)) {
            continue;
        }
        if (self->at - size < self->low) {
            self->wanted = self->at - size;
            return CACHE_BACK_REFILL;
        }
        if (cache_journal_sound(end - size, end) == size) {
            self->at -= size;
            *ret_record = end - size;
            *ret_size = size;
            return CACHE_BACK_RECORD;
        }
    }
    return CACHE_BACK_END;
}
