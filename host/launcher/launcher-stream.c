/* SPDX-License-Identifier: MIT */
/* launcher-stream.c - what a worker prints, from its pipe to lines of ours. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launcher-private.h"

enum {
    STREAM_READ = 8 << 10,  /* bytes at a time: bounds what a label a line adds */
    STREAM_LAST_READS = 256 /* of who has ended: no pipe holds more by default, and
                               whoever inherited the other end may go on writing */
};

typedef enum {
    STREAM_MORE,
    STREAM_EMPTY, /* for now */
    STREAM_ENDED
} StreamState;

/* The present line is complete, or as long as it may get. */
static void
end_line(LauncherStream *stream)
{
    launcher_output_line(stream->output, stream->label, stream->line->str,
                         stream->line->len);
    g_string_truncate(stream->line, 0);
}

static void
append(LauncherStream *stream, const char *text, size_t size)
{
    while (size > 0) {
        size_t room = LAUNCHER_LINE_MAX - stream->line->len;
        size_t taken = MIN(size, room);
        g_string_append_len(stream->line, text, (gssize)taken);
        text += taken;
        size -= taken;
        if (stream->line->len == LAUNCHER_LINE_MAX && size > 0)
            end_line(stream);
    }
}

static void
split(LauncherStream *stream, const char *text, size_t size)
{
    const char *end = text + size, *newline;
    while ((newline = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        append(stream, text, (size_t)(newline - text));
        end_line(stream);
        text = newline + 1;
    }
    append(stream, text, (size_t)(end - text));
}

static StreamState
read_some(LauncherStream *stream)
{
    char buffer[STREAM_READ];
    ssize_t size = read(stream->watch.fd, buffer, sizeof buffer);
    if (size < 0)
        return errno == EINTR    ? STREAM_MORE
               : errno == EAGAIN ? STREAM_EMPTY
                                 : STREAM_ENDED;
    if (size == 0)
        return STREAM_ENDED;
    split(stream, buffer, (size_t)size);
    return STREAM_MORE;
}

static void
close_stream(Launcher *launcher, LauncherStream *stream)
{
    if (stream->line->len > 0)
        end_line(stream);
    launcher_watch_close(launcher, &stream->watch);
}

static void
stream_ready(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    LauncherStream *stream = (LauncherStream *)watch;
    if (launcher_output_is_full(stream->output))
        launcher_watch_off(launcher, watch); /* the agent waits, in its write() */
    else if (read_some(stream) == STREAM_ENDED)
        close_stream(launcher, stream);
}

bool
launcher_stream_start(Launcher *launcher, LauncherStream *stream, int fd)
{
    stream->watch = (LauncherWatch){.fd = fd, .ready = stream_ready};
    bool is_on = launcher_watch_on(launcher, &stream->watch, EPOLLIN);
    if (!is_on)
        stream->watch.fd = -1;
    return is_on;
}

bool
launcher_stream_finish(Launcher *launcher, LauncherStream *stream)
{
    StreamState state = STREAM_MORE;
    for (int i = 0; stream->watch.fd >= 0 && state == STREAM_MORE; i++) {
        if (launcher_output_is_full(stream->output))
            return false;
        if (i == STREAM_LAST_READS)
            break;
        state = read_some(stream);
    }
    if (stream->watch.fd >= 0)
        close_stream(launcher, stream);
    return true;
}

void
launcher_stream_resume(Launcher *launcher, LauncherStream *stream)
{
    if (stream->watch.fd >= 0 && !stream->watch.is_on)
        launcher_watch_on(launcher, &stream->watch, EPOLLIN);
}
