/* SPDX-License-Identifier: MIT */
/* cache-back-private.h - the records of a journal from the last to the first.
 *
 * Purpose    the newest records first, without reading what comes before them; the file
 *            is read in pieces and not mapped: whoever cuts a mapped file kills its
 *            reader.
 * Ownership  borrows the descriptor, owns the piece. Records are borrowed from it until
 *            cache_back_refill().
 * Threads    one.
 * Errors     what is torn or flipped is stepped over, byte by byte, to the next record
 *            that is sound.
 * Cost       half a megabyte of memory, or the longest record.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    int descriptor;
    size_t start;          /* no record begins before */
    size_t at;             /* everything from here on was taken */
    size_t low;            /* the piece is [low, at) and what was taken of it */
    size_t wanted;         /* the piece has to begin here or before */
    unsigned char *buffer; /* `room` bytes, the first is at `low` */
    size_t room;
    bool is_unread; /* there was something that could not be read */
} CacheBack;

void cache_back_init(CacheBack *self, int descriptor, size_t start, size_t end);
void cache_back_clear(CacheBack *self);

typedef enum {
    CACHE_BACK_RECORD,
    CACHE_BACK_REFILL, /* let go of earlier records, call cache_back_refill() */
    CACHE_BACK_END,
} CacheBackState;

/* The record that ends where the last one began; self->at is where it begins. */
CacheBackState cache_back_next(CacheBack *self, const unsigned char **ret_record,
                               size_t *ret_size);

void cache_back_refill(CacheBack *self);
