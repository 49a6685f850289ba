/* SPDX-License-Identifier: MIT */
/* agents-arenas.c - what a fork copies, in few entries of the page table.
 *
 * A fork copies one entry for each page that the parent has written to, 4,000 of them:
 * most of its time. As huge pages the same memory is a dozen entries. An agent that
 * writes to one still copies 4 KB of it. So the arenas of the parent's objects stand
 * side by side from an address that huge pages begin at, as does the C library's heap,
 * and are made into such pages when all is loaded. A kernel that cannot do it (before
 * 6.1) leaves them as they are.
 */
#include "agents-private.h"

#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum {
    ROOM_SIZE = 128 << 20, /* addresses, until the rest is given back */
    AGENT_ROOM = 2 << 20   /* of it, for what an agent allocates first */
};

struct AgentsArenas {
    PyObjectArenaAllocator before;
    char *begin, *next, *end; /* of the room; NULL: none */
    char *heap;               /* where the C library's heap goes on, aligned */
};

/* The C library takes what lies between for somebody else's. */
static char *
align_heap(void)
{
    char *end = sbrk(0);
    sbrk(agents_round_up(end) - end);
    return sbrk(0);
}

static void *
take_arena(void *data, size_t size)
{
    AgentsArenas *arenas = data;
    if (size > (size_t)(arenas->end - arenas->next))
        return arenas->before.alloc(arenas->before.ctx, size);
    char *arena = arenas->next;
    arenas->next += size;
    return arena;
}

/* Whoever gave it, it was mapped. */
static void
give_arena(void *data, void *arena, size_t size)
{
    munmap(arena, size);
}

AgentsArenas *
agents_arenas_new(void)
{
    AgentsArenas *arenas = g_new0(AgentsArenas, 1);
    char *room = mmap(NULL, ROOM_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room != MAP_FAILED) {
        arenas->begin = arenas->next = agents_round_up(room);
        arenas->end = room + ROOM_SIZE;
        munmap(room, (size_t)(arenas->begin - room));
    }
    arenas->heap = align_heap();
    PyObject_GetArenaAllocator(&arenas->before);
    PyObject_SetArenaAllocator(
        &(PyObjectArenaAllocator){arenas, take_arena, give_arena});
    return arenas;
}

static void
collapse(char *begin, const char *end)
{
    for (char *page = agents_round_up(begin); end - page >= AGENTS_HUGE_PAGE;
         page += AGENTS_HUGE_PAGE)
        madvise(page, AGENTS_HUGE_PAGE, MADV_COLLAPSE);
}

void
agents_arenas_pack(AgentsArenas *arenas)
{
    char *end = MIN(arenas->next + AGENT_ROOM, arenas->end);
    munmap(end, (size_t)(arenas->end - end));
    arenas->end = end;
    collapse(arenas->begin, arenas->next);
    collapse(arenas->heap, sbrk(0));
}
