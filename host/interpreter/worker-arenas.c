/* SPDX-License-Identifier: MIT */
/* worker-arenas.c - a further interpreter's first arena comes with its pages.
 *
 * An interpreter fills most of an arena before it runs anything. The arena is cut from
 * a huge page, which the kernel makes sooner than its small pages; what is not filled
 * is given back at once (and the kernel has it when memory is short). Where there are
 * no huge pages, one call takes less time than a fault for each page. Lock-free, since
 * the process may fork at any time.
 */
#include "interpreter-private.h"

#include <stdatomic.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
    HUGE_PAGE = 2 << 20,
    FILLED = 704 << 10 /* bytes of the arena that a start fills, and a pool to spare */
};

typedef struct {
    PyObjectArenaAllocator before;
    _Atomic int64_t newest; /* the last interpreter that has its first arena */
} WorkerArenas;

/* Numbers rise, and the main interpreter's is 0. One that starts at the same time as a
 * later one may miss its turn; its pages fault then. */
static bool
begins_interpreter(WorkerArenas *arenas)
{
    PyThreadState *thread = PyThreadState_GetUnchecked();
    if (thread == NULL)
        return false;
    int64_t number = PyInterpreterState_GetID(PyThreadState_GetInterpreter(thread));
    int64_t newest = atomic_load(&arenas->newest);
    return number > newest &&
           atomic_compare_exchange_strong(&arenas->newest, &newest, number);
}

/* `size` bytes where a huge page can begin, and no other addresses; NULL for none. */
static char *
map_aligned(size_t size)
{
    size_t room = size + HUGE_PAGE;
    char *begin =
        mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (begin == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)begin & (HUGE_PAGE - 1);
    if (before > 0)
        munmap(begin, before);
    munmap(begin + before + size, room - before - size);
    return begin + before;
}

static void *
take_first(size_t size)
{
    char *page = map_aligned(HUGE_PAGE);
    if (page == NULL)
        return NULL;
    madvise(page, HUGE_PAGE, MADV_HUGEPAGE);
    madvise(page, FILLED, MADV_POPULATE_WRITE); /* Linux 5.14; else they fault */
    madvise(page, HUGE_PAGE, MADV_NOHUGEPAGE);  /* or it would become one again */
    madvise(page + FILLED, size - FILLED, MADV_DONTNEED);
    munmap(page + size, HUGE_PAGE - size);
    return page;
}

static void *
take_arena(void *data, size_t size)
{
    WorkerArenas *arenas = data;
    void *arena = NULL;
    if (size == HUGE_PAGE / 2 && begins_interpreter(arenas))
        arena = take_first(size);
    return arena != NULL ? arena : arenas->before.alloc(arenas->before.ctx, size);
}

/* Whoever gave it, it was mapped. */
static void
give_arena(void *data, void *arena, size_t size)
{
    WorkerArenas *arenas = data;
    arenas->before.free(arenas->before.ctx, arena, size);
}

void
worker_arenas_populate(void)
{
    PyObjectArenaAllocator before;
    PyObject_GetArenaAllocator(&before);
    if (before.alloc == take_arena)
        return; /* the process starts CPython again */
    WorkerArenas *arenas = g_new0(WorkerArenas, 1); /* as long as there are arenas */
    arenas->before = before;
    PyObject_SetArenaAllocator(
        &(PyObjectArenaAllocator){arenas, take_arena, give_arena});
}
