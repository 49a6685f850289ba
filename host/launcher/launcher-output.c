/* SPDX-License-Identifier: MIT */
/* launcher-output.c - our stdout and stderr: whole lines, never waited for.
 *
 * They may be shared with other programs, so they are not made non-blocking; instead no
 * more is written at a time than the kernel promises to take after poll() said so.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launcher-private.h"

static void
output_ready(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    launcher_output_flush(launcher, (LauncherOutput *)watch);
}

void
launcher_output_init(LauncherOutput *output, int fd)
{
    *output = (LauncherOutput){.watch = {.fd = fd, .ready = output_ready},
                               .queue = g_string_new(NULL)};
}

void
launcher_output_line(LauncherOutput *output, const char *label, const char *text,
                     size_t size)
{
    if (output->is_broken)
        return;
    if (label != NULL) {
        g_string_append(output->queue, label);
        g_string_append(output->queue, " | ");
    }
    g_string_append_len(output->queue, text, (gssize)size);
    g_string_append_c(output->queue, '\n');
}

bool
launcher_output_is_full(const LauncherOutput *output)
{
    return output->queue->len > LAUNCHER_QUEUE_MAX;
}

/* How much of `text` goes out in one write: whole lines if one fits. */
static size_t
portion(const char *text, size_t size)
{
    if (size <= PIPE_BUF)
        return size;
    const char *end = memrchr(text, '\n', PIPE_BUF);
    return end == NULL ? PIPE_BUF : (size_t)(end - text) + 1;
}

static bool
would_take(int fd)
{
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    return poll(&out, 1, 0) == 1;
}

/* Write until nothing is left, or the reader is slow or gone. Gives the bytes. */
static size_t
write_queue(LauncherOutput *output)
{
    const GString *queue = output->queue;
    size_t done = 0;
    while (done < queue->len && would_take(output->watch.fd)) {
        ssize_t size = write(output->watch.fd, queue->str + done,
                             portion(queue->str + done, queue->len - done));
        if (size < 0 && errno != EINTR && errno != EAGAIN) {
            output->is_broken = true;
            return queue->len;
        }
        done += size > 0 ? (size_t)size : 0;
    }
    return done;
}

void
launcher_output_flush(Launcher *launcher, LauncherOutput *output)
{
    g_string_erase(output->queue, 0, (gssize)write_queue(output));
    if (output->queue->len == 0)
        launcher_watch_off(launcher, &output->watch);
    else if (!output->watch.is_on)
        launcher_watch_on(launcher, &output->watch, EPOLLOUT);
}
