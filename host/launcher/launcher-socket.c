/* SPDX-License-Identifier: MIT */
/* launcher-socket.c - answers for whoever asks how the agents are.
 *
 * A client sends "json\n" or "text\n" and gets one report. The socket is 0600 in a
 * folder of the user's own, named after our process: two launchers never share one, and
 * one that was left behind by a killed launcher is told by nobody answering.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-error.h"
#include "launcher-private.h"

enum {
    CLIENT_MS = 5000,    /* for the whole conversation */
    CLIENT_ASK_MAX = 16, /* bytes */
    NAMES_MAX = 8        /* a process of another namespace may have our number */
};

typedef struct {
    LauncherWatch watch; /* first: a watch is a client */
    GString *answer;     /* NULL: not asked yet */
    size_t sent;
    int64_t due_ms;
} Client;

/* ---- the folder --------------------------------------------------------------- */

static bool
is_own_folder(const char *path, GError **error)
{
    struct stat status;
    const char *reason = NULL;
    if (lstat(path, &status) != 0)
        reason = g_strerror(errno);
    else if (!S_ISDIR(status.st_mode))
        reason = "not a folder";
    else if (status.st_uid != geteuid())
        reason = "belongs to another user";
    else if ((status.st_mode & 022) != 0)
        reason = "others may write there";
    if (reason != NULL)
        g_set_error(error, HOST_ERROR, HOST_ERROR_POLICY, "%s: %s", path, reason);
    return reason == NULL;
}

/* Below the session's runtime folder; without one, a folder of our own in /tmp. */
static char *
folder_path(void)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *usual = g_strdup_printf("/run/user/%u", (unsigned)geteuid());
    if (runtime != NULL && runtime[0] == '/')
        return g_build_filename(runtime, "ferrule", NULL);
    if (access(usual, W_OK) == 0)
        return g_build_filename(usual, "ferrule", NULL);
    return g_strdup_printf("/tmp/ferrule-%u", (unsigned)geteuid());
}

char *
launcher_socket_folder(GError **error)
{
    g_autofree char *path = folder_path();
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        g_set_error(error, HOST_ERROR, HOST_ERROR_POLICY, "%s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    return is_own_folder(path, error) ? g_steal_pointer(&path) : NULL;
}

/* ---- clients ------------------------------------------------------------------ */

static bool
is_ours(int fd)
{
    struct ucred who;
    socklen_t size = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

static GString *
answer_to(const Launcher *launcher, const char *asked)
{
    GString *answer = g_string_new(NULL);
    if (g_str_has_prefix(asked, "json"))
        launcher_report_json(launcher, answer);
    else
        launcher_report_text(launcher, answer);
    return answer;
}

static void
client_ready(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    Client *client = (Client *)watch;
    if (client->answer == NULL) {
        char asked[CLIENT_ASK_MAX + 1] = {0};
        if (recv(watch->fd, asked, CLIENT_ASK_MAX, 0) <= 0) {
            launcher_watch_close(launcher, watch);
            return;
        }
        client->answer = answer_to(launcher, asked);
        launcher_watch_on(launcher, watch, EPOLLOUT);
    }
    ssize_t size = send(watch->fd, client->answer->str + client->sent,
                        client->answer->len - client->sent, MSG_NOSIGNAL);
    client->sent += size > 0 ? (size_t)size : 0;
    bool is_done = client->sent == client->answer->len;
    if (is_done || (size < 0 && errno != EAGAIN && errno != EINTR))
        launcher_watch_close(launcher, watch);
}

static void
free_client(void *data)
{
    Client *client = data;
    if (client->answer != NULL)
        g_string_free(client->answer, TRUE);
    g_free(client);
}

static void
socket_ready(Launcher *launcher, LauncherWatch *watch, uint32_t events)
{
    int fd = launcher_watch_adopt(
        launcher, accept4(watch->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd < 0)
        return;
    if (launcher->socket.clients->len >= LAUNCHER_CLIENTS_MAX || !is_ours(fd)) {
        close(fd);
        return;
    }
    Client *client = g_new0(Client, 1);
    client->watch = (LauncherWatch){.fd = fd, .ready = client_ready};
    client->due_ms = launcher_now_ms() + CLIENT_MS;
    g_ptr_array_add(launcher->socket.clients, client);
    launcher_watch_on(launcher, &client->watch, EPOLLIN);
}

void
launcher_socket_tick(Launcher *launcher, int64_t now_ms)
{
    GPtrArray *clients = launcher->socket.clients;
    for (guint i = clients == NULL ? 0 : clients->len; i-- > 0;) {
        Client *client = clients->pdata[i];
        if (client->due_ms <= now_ms)
            launcher_watch_close(launcher, &client->watch);
        if (client->watch.fd < 0)
            g_ptr_array_remove_index_fast(clients, i);
    }
}

/* ---- the socket itself -------------------------------------------------------- */

static bool
is_answered(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_alive =
        connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
        errno == EAGAIN;
    close(fd);
    return is_alive;
}

/* Move it to the first free name; one that nobody listens on any more is free. NULL:
 * errno says why. */
static char *
name_in(const char *folder, const char *made)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        int size = g_snprintf(address.sun_path, sizeof address.sun_path,
                              "%s/launcher-%d-%u.sock", folder, (int)getpid(), i);
        if ((size_t)size >= sizeof address.sun_path) {
            errno = ENAMETOOLONG;
            return NULL;
        }
        if (access(address.sun_path, F_OK) == 0 && !is_answered(&address))
            unlink(address.sun_path);
        if (renameat2(AT_FDCWD, made, AT_FDCWD, address.sun_path, RENAME_NOREPLACE) ==
            0)
            return g_strdup(address.sun_path);
        if (errno != EEXIST)
            return NULL;
    }
    return NULL;
}

/* Under a name of its own until it listens: whoever asks takes one that nobody answers
 * for left behind, and removes it. */
static char *
listen_as(int fd, const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int size = g_snprintf(address.sun_path, sizeof address.sun_path, "%s/new-%08x",
                          folder, g_random_int());
    if ((size_t)size >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return NULL;
    char *path = listen(fd, LAUNCHER_CLIENTS_MAX) == 0
                     ? name_in(folder, address.sun_path)
                     : NULL;
    int reason = errno;
    if (path == NULL)
        unlink(address.sun_path);
    errno = reason;
    return path;
}

static bool
listen_in(Launcher *launcher, const char *folder)
{
    int fd = launcher_watch_adopt(
        launcher, socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd < 0)
        return false;
    launcher->socket.watch = (LauncherWatch){.fd = fd, .ready = socket_ready};
    if (fchmod(fd, 0600) != 0)
        return false;
    launcher->socket.path = listen_as(fd, folder);
    return launcher->socket.path != NULL &&
           launcher_watch_on(launcher, &launcher->socket.watch, EPOLLIN);
}

void
launcher_socket_open(Launcher *launcher)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = launcher_socket_folder(&error);
    launcher->socket.clients = g_ptr_array_new_with_free_func(free_client);
    if (folder != NULL && listen_in(launcher, folder))
        return;
    launcher_say(launcher, NULL, "no status of this run can be asked for: %s",
                 folder == NULL ? error->message : g_strerror(errno));
    launcher_socket_close(launcher);
}

void
launcher_socket_close(Launcher *launcher)
{
    LauncherSocket *own = &launcher->socket;
    for (guint i = 0; own->clients != NULL && i < own->clients->len; i++)
        launcher_watch_close(launcher, own->clients->pdata[i]);
    if (own->path != NULL)
        unlink(own->path);
    launcher_watch_close(launcher, &own->watch);
    g_clear_pointer(&own->clients, g_ptr_array_unref);
    g_clear_pointer(&own->path, g_free);
}
