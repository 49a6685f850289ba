/* SPDX-License-Identifier: MIT */
/* agents-holes.c - no free block between the objects of the parent is left.
 *
 * What a forked agent allocates would go where something was freed before the fork:
 * every small object onto another page of the parent, each copied for it. With the
 * holes filled it begins on pages of its own, and fills them. Costs the parent what was
 * free in it, some 0.3 MB; frees 0.6 MB and a third of the page faults in each agent.
 */
#include "agents-private.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    POOL_STEP = 16,          /* bytes between the sizes CPython's allocator knows */
    POOL_SIZE_MAX = 512,     /* the largest of them */
    POOL_FRESH = 4096,       /* that many bytes in a row: no hole, but a new pool */
    POOL_FILL_MAX = 1 << 20, /* bytes of one size, should the row never come */
    HEAP_STEP = 16,
    HEAP_SIZE_MIN = 32,
    HEAP_SIZE_MAX = 64 << 10,
    HEAP_FILL_MAX = 4 << 20 /* bytes in all */
};

/* Objects of one size come from a list of free blocks in no order, and one behind the
 * other as soon as that is used up. */
static void
fill_pools(size_t size)
{
    char *before = NULL;
    size_t row = 0;
    for (size_t done = 0; done < POOL_FILL_MAX && row < POOL_FRESH; done += size) {
        char *block = PyObject_Malloc(size);
        if (block == NULL)
            return;
        row = before != NULL && block == before + size ? row + size : 0;
        before = block;
    }
}

/* Blocks of the C library below the top of its heap; the largest first, for a small one
 * would take from a large hole. */
static void
fill_heap(void)
{
    const char *top = (const char *)sbrk(0) - mallinfo2().keepcost;
    size_t done = 0;
    for (size_t size = HEAP_SIZE_MAX; size >= HEAP_SIZE_MIN; size -= HEAP_STEP) {
        char *block;
        while ((block = malloc(size)) != NULL && block < top && done < HEAP_FILL_MAX)
            done += size;
        free(block);
    }
}

void
agents_fill_holes(void)
{
    for (size_t size = POOL_STEP; size <= POOL_SIZE_MAX; size += POOL_STEP)
        fill_pools(size);
    fill_heap();
}
