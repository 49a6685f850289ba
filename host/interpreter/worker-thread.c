/* SPDX-License-Identifier: MIT */
/* worker-thread.c - a thread of the lowest priority, for the work of one interpreter.
 *
 * Whoever computes at batch priority must not hold the lock of an interpreter that is
 * waited for: it gets a core only when nobody else wants one. So the thread that calls
 * a worker stays as it is and waits, and this one enters the worker, and nothing else.
 *
 * Threads    one job at a time: run and free are for the thread that made it. Two
 *            semaphores hand the job over and back, and order what was written; no lock
 *            is held while it runs.
 */
#include "worker-private.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

#include "sandbox.h"

struct WorkerThread {
    pthread_t thread;
    sem_t given, done;
    WorkerJob job; /* NULL: the thread ends */
    void *data;
};

static void
wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0 && errno == EINTR)
        ;
}

static void *
serve(void *given)
{
    WorkerThread *self = given;
    (void)sandbox_give_way(); /* where that is forbidden, it works all the same */
    for (;;) {
        wait_for(&self->given);
        if (self->job == NULL)
            return NULL;
        self->job(self->data);
        sem_post(&self->done);
    }
}

static void
release(WorkerThread *self)
{
    sem_destroy(&self->given);
    sem_destroy(&self->done);
    g_free(self);
}

WorkerThread *
worker_thread_new(void)
{
    WorkerThread *self = g_new0(WorkerThread, 1);
    sem_init(&self->given, 0, 0);
    sem_init(&self->done, 0, 0);
    errno = pthread_create(&self->thread, NULL, serve, self);
    if (errno == 0)
        return self;
    release(self);
    return NULL;
}

void
worker_thread_run(WorkerThread *self, WorkerJob job, void *data)
{
    self->job = job;
    self->data = data;
    sem_post(&self->given);
    wait_for(&self->done);
}

void
worker_thread_free(WorkerThread *self)
{
    self->job = NULL;
    sem_post(&self->given);
    pthread_join(self->thread, NULL);
    release(self);
}
