/* SPDX-License-Identifier: MIT */
/* switch-interval.c - how long a thread may keep the lock while another waits for it.
 *
 * Beside busy threads of one agent another that answers requests waits for several
 * turns of theirs, of 5 ms each in CPython. A tenth of that shortens the wait and costs
 * the busy ones a little: `bench table`, row a, beside four of them, p99 and their
 * work: 5 ms 111 ms and 1.00, 0.5 ms 15 ms and 0.90, 0.01 ms 2.9 ms and 0.66. Without a
 * waiting thread it costs nothing. Scripts see and set it in `sys`.
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
