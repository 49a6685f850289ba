/* SPDX-License-Identifier: MIT */
/* agents-freeze.c - what is loaded before the fork is made immortal.
 *
 * A forked agent shares the pages of its parent until one of them writes, and counting
 * references is writing: without this an agent copies 2 MB before its first line, and
 * its end copies nearly all of the rest. Immortal objects (PEP 683) have no count. They
 * are modules, functions, classes and their constants: none of them would be freed
 * before the end of the agent anyway. The collector is told apart, by gc.freeze(). The
 * agent gets a `__main__` of its own, which dies first, with all that the agent made.
 */
#include "agents-private.h"

#ifndef _Py_IMMORTAL_REFCNT /* its name from 3.14 on */
#define _Py_IMMORTAL_REFCNT _Py_IMMORTAL_INITIAL_REFCNT
#endif

typedef struct {
    GPtrArray *todo; /* immortal already, but not yet looked through */
} Walk;

static int
reach(PyObject *object, void *data)
{
    Walk *walk = data;
    if (_Py_IsImmortal(object))
        return 0;
    Py_SET_REFCNT(object, _Py_IMMORTAL_REFCNT);
    g_ptr_array_add(walk->todo, object);
    return 0;
}

/* The collector does not know code objects, nor what they hold. */
static void
reach_code(PyCodeObject *code, Walk *walk)
{
    PyObject *const held[] = {code->co_consts,
                              code->co_names,
                              code->co_exceptiontable,
                              code->co_localsplusnames,
                              code->co_localspluskinds,
                              code->co_filename,
                              code->co_name,
                              code->co_qualname,
                              code->co_linetable};
    for (size_t i = 0; i < G_N_ELEMENTS(held); i++)
        if (held[i] != NULL)
            reach(held[i], walk);
}

static void
look_through(PyObject *object, Walk *walk)
{
    traverseproc traverse = Py_TYPE(object)->tp_traverse;
    if (PyCode_Check(object))
        reach_code((PyCodeObject *)object, walk);
    else if (traverse != NULL)
        traverse(object, reach, walk);
}

/* Of a tracked object: whatever it is, also one that was immortal before. */
static int
begin_at(PyObject *object, void *data)
{
    Walk *walk = data;
    reach(object, walk);
    look_through(object, walk);
    return 1;
}

void
agents_freeze(void)
{
    Walk walk = {g_ptr_array_new()};
    PyUnstable_GC_VisitObjects(begin_at, &walk);
    /* Without recursion: structures may be deep. */
    while (walk.todo->len > 0)
        look_through(g_ptr_array_steal_index_fast(walk.todo, walk.todo->len - 1),
                     &walk);
    g_ptr_array_unref(walk.todo);
}
