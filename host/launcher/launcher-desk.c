/* SPDX-License-Identifier: MIT */
/* launcher-desk.c - where agents get the channels that lead from one to another.
 *
 * A channel is a pair of connected sockets, made for the first who asks for its name
 * and kept as long as the launcher: all who put share one end, all who get the other.
 * What is in it is the kernel's: no death of an agent breaks or loses it. An agent
 * sends the name, and a socket for the answer; nothing it sends is waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "launcher-private.h"

enum {
    ASKED_MAX = 8 /* descriptors that come with a question; one is wanted */
};

struct LauncherChannel {
    char *name;
    int ends[2]; /* to put, to get */
};

static bool
make_ends(const Launcher *launcher, int ends[2])
{
    int made[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, made) !=
        0)
        return false;
    for (unsigned i = 0; i < 2; i++)
        ends[i] = launcher_watch_adopt(launcher, made[i]);
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    for (unsigned i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return false;
}

/* The channel of that name, made if need be; NULL: `reason` says why not. */
static const LauncherChannel *
find_channel(Launcher *launcher, const char *name, GString *reason)
{
    LauncherDesk *desk = &launcher->desk;
    for (unsigned i = 0; i < desk->channel_count; i++)
        if (strcmp(desk->channels[i].name, name) == 0)
            return &desk->channels[i];
    if (desk->channel_count == LAUNCHER_CHANNELS_MAX) {
        g_string_printf(reason, "this run has %d channels", LAUNCHER_CHANNELS_MAX);
        return NULL;
    }
    LauncherChannel *channel = &desk->channels[desk->channel_count];
    if (!make_ends(launcher, channel->ends)) {
        g_string_assign(reason, g_strerror(errno));
        return NULL;
    }
    channel->name = g_strdup(name);
    desk->channel_count++;
    return channel;
}

/* Both ends, or the reason why there are none. Who asked may be gone. */
static void
answer(int reply, const LauncherChannel *channel, GString *reason)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof channel->ends)];
    } control = {0};
    struct iovec text = {.iov_base = reason->str, .iov_len = reason->len};
    struct msghdr message = {.msg_iov = &text, .msg_iovlen = 1};
    if (channel != NULL) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control.room;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof channel->ends);
        memcpy(CMSG_DATA(&control.head), channel->ends, sizeof channel->ends);
    }
    sendmsg(reply, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The first descriptor of a message, -1 without any; others are closed. */
static int
take_descriptor(struct msghdr *message)
{
    int first = -1;
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    for (; part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (first < 0)
                first = fd;
            else
                close(fd);
        }
    }
    return first;
}

static void
desk_ready(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    char name[LAUNCHER_CHANNEL_NAME_MAX + 2] = {0};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(ASKED_MAX * sizeof(int))];
    } control;
    struct iovec text = {.iov_base = name, .iov_len = sizeof name - 1};
    struct msghdr message = {.msg_iov = &text,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control.room};
    ssize_t size = recvmsg(watch->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    int reply = size < 0 ? -1 : take_descriptor(&message);
    if (reply < 0)
        return;
    g_autoptr(GString) reason = g_string_new(NULL);
    g_string_printf(reason, "a channel's name has 1 to %d bytes",
                    LAUNCHER_CHANNEL_NAME_MAX);
    const LauncherChannel *channel = NULL;
    if (size > 0 && size <= LAUNCHER_CHANNEL_NAME_MAX && strlen(name) == (size_t)size)
        channel = find_channel(launcher, name, reason);
    answer(reply, channel, reason);
    close(reply);
}

bool
launcher_desk_open(Launcher *launcher)
{
    LauncherDesk *desk = &launcher->desk;
    if (launcher->seams->desk <= 0)
        return true;
    desk->watch.fd = launcher_watch_adopt(launcher, launcher->seams->desk);
    desk->watch.ready = desk_ready;
    desk->channels = g_new0(LauncherChannel, LAUNCHER_CHANNELS_MAX);
    return desk->watch.fd >= 0 && launcher_watch_on(launcher, &desk->watch, EPOLLIN);
}

void
launcher_desk_close(Launcher *launcher)
{
    LauncherDesk *desk = &launcher->desk;
    launcher_watch_close(launcher, &desk->watch);
    for (unsigned i = 0; i < desk->channel_count; i++) {
        close(desk->channels[i].ends[0]);
        close(desk->channels[i].ends[1]);
        g_free(desk->channels[i].name);
    }
    g_clear_pointer(&desk->channels, g_free);
}
