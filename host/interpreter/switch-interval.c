/* SPDX-License-Identifier: MIT */
/* switch-interval.c - how long a thread may keep the lock while another waits for it.
 *
 * Beside busy threads of one agent another that answers requests waits for several
 * turns of theirs, of 5 ms each in CPython. A tenth of that shortens the wait and costs
 * the busy ones a little; row a of `bench table` compares intervals. Without a waiting
 * thread it costs nothing. Scripts see and set it in `sys`. Measured beside 4 busy
 * threads on a quiet machine, p99 and work per CPU second: 5 ms 76 ms and 1.00, 0.5 ms
 * 14 ms and 0.94, 0.4 ms 13 ms and 0.89, 0.3 ms 10 ms and 0.80.
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
