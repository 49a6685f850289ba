/* SPDX-License-Identifier: MIT */
/* launcher-watch.c - descriptors of the launcher: out of the agents' way, in the loop.
 *
 * All of them lie above what was open when the launcher began, so that a child gets rid
 * of them with one system call.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "launcher-private.h"

int
launcher_watch_adopt(const Launcher *launcher, int fd)
{
    if (fd < 0)
        return -1;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, launcher->descriptor_base);
    int reason = errno;
    close(fd);
    errno = reason;
    return moved;
}

bool
launcher_watch_on(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int what = watch->is_on ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(launcher->epoll, what, watch->fd, &event) != 0)
        return false;
    watch->is_on = true;
    return true;
}

void
launcher_watch_off(Launcher *launcher, LauncherWatch *watch)
{
    if (watch->is_on)
        epoll_ctl(launcher->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->is_on = false;
}

void
launcher_watch_close(Launcher *launcher, LauncherWatch *watch)
{
    if (watch->fd < 0)
        return;
    launcher_watch_off(launcher, watch);
    close(watch->fd);
    watch->fd = -1;
}
