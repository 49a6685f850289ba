/* SPDX-License-Identifier: MIT */
/* worker-arenas.c - a further interpreter's first arena comes with its pages.
 *
 * An interpreter fills most of an arena before it runs anything, and one call takes
 * less time than a fault for each of its pages. Lock-free, since the process may fork
 * at any time.
 */
#include "interpreter-private.h"

#include <stdatomic.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum {
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

static void *
take_arena(void *data, size_t size)
{
    WorkerArenas *arenas = data;
    void *arena = arenas->before.alloc(arenas->before.ctx, size);
    if (arena != NULL && size >= FILLED && begins_interpreter(arenas))
        madvise(arena, FILLED, MADV_POPULATE_WRITE); /* Linux 5.14; else they fault */
    return arena;
}

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
