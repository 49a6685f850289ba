/* SPDX-License-Identifier: MIT */
#include "cache-thread-private.h"

#include <signal.h>
#include <sys/prctl.h>

enum {
    NAME_SIZE = 16 /* of the kernel's */
};

/* A thread inherits the name, too. Given by another thread (pthread_setname_np) it
 * would be a file of /proc, and when the process is killed, whoever waits for its end
 * would spin in the kernel until this thread, maybe of the lowest priority, has let go
 * of it; given by the thread itself it would not be there at once. */
bool
cache_thread_start(pthread_t *ret_thread, const char *name, size_t stack,
                   void *(*run)(void *), void *data)
{
    sigset_t all, signals_before;
    char name_before[NAME_SIZE];
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    if (stack > 0) {
        pthread_attr_setstacksize(&attributes, stack);
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &signals_before);
    prctl(PR_GET_NAME, name_before);
    prctl(PR_SET_NAME, name);
    bool is_started = pthread_create(ret_thread, &attributes, run, data) == 0;
    prctl(PR_SET_NAME, name_before);
    pthread_sigmask(SIG_SETMASK, &signals_before, NULL);
    pthread_attr_destroy(&attributes);
    return is_started;
}
