/* SPDX-License-Identifier: MIT */
/* switch-interval.c - how long a thread may keep the lock while another waits for it.
 *
 * Beside four busy threads of one agent a fifth that answers requests waits for several
 * turns of theirs: 78 to 145 ms at p99 with CPython's 5 ms, 13 to 15 ms with a tenth of
 * it, for which the busy ones pay 4 % of their work; with 0.01 ms it were 1.6 ms and 22
 * %. Without a waiting thread it costs nothing. Scripts see and set it in `sys`.
 */
#include "interpreter-private.h"

#define SWITCH_SECONDS 0.0005

bool
interpreter_set_switch_interval(void)
{
    PyObject *set = PySys_GetObject("setswitchinterval"); /* borrowed */
    PyObject *done =
        set == NULL ? NULL : PyObject_CallFunction(set, "d", SWITCH_SECONDS);
    Py_XDECREF(done);
    return done != NULL;
}
