/* SPDX-License-Identifier: MIT */
#include "launcher-status.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "json-writer.h"
#include "launcher-private.h"

enum {
    ANSWER_SECONDS = 5
};

static int
connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >=
        sizeof address.sun_path)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (errno == ECONNREFUSED)
        unlink(path); /* its launcher was killed */
    close(fd);
    return -1;
}

/* Until the launcher hangs up; false: it did not in time, or said too much. */
static bool
read_answer(int fd, GString *answer)
{
    char buffer[8192];
    ssize_t size;
    while ((size = recv(fd, buffer, sizeof buffer, 0)) > 0 &&
           answer->len < LAUNCHER_STATUS_MAX)
        g_string_append_len(answer, buffer, size);
    return size == 0 && answer->len > 0;
}

static void
say_silent(GString *answer, const char *path, bool json)
{
    g_string_truncate(answer, 0);
    if (!json) {
        g_string_printf(answer, "%s: the launcher does not answer\n", path);
        return;
    }
    json_writer_open(answer, NULL, '{');
    json_writer_string(answer, "socket", path);
    json_writer_bool(answer, "answers", FALSE);
    json_writer_close(answer, '}');
}

/* What one launcher says; NULL: there is none at this socket. */
static GString *
ask(const char *path, bool json)
{
    int fd = connect_to(path);
    if (fd < 0)
        return NULL;
    GString *answer = g_string_new(NULL);
    const char *question = json ? "json\n" : "text\n";
    bool is_asked = send(fd, question, strlen(question), MSG_NOSIGNAL) > 0;
    if (!is_asked || !read_answer(fd, answer))
        say_silent(answer, path, json);
    close(fd);
    return answer;
}

static int
by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of all sockets, sorted. */
static GPtrArray *
list_sockets(const char *folder)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) listing = g_dir_open(folder, 0, NULL);
    const char *name;
    while (listing != NULL && (name = g_dir_read_name(listing)) != NULL)
        if (g_str_has_prefix(name, "launcher-") && g_str_has_suffix(name, ".sock"))
            g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
    g_ptr_array_sort(paths, by_name);
    return paths;
}

static GString *
gather(bool json, GError **error)
{
    g_autofree char *folder = launcher_socket_folder(error);
    if (folder == NULL)
        return NULL;
    g_autoptr(GPtrArray) paths = list_sockets(folder);
    GString *all = g_string_new(NULL);
    for (guint i = 0; i < paths->len; i++) {
        g_autoptr(GString) answer = ask(paths->pdata[i], json);
        if (answer == NULL)
            continue;
        if (all->len > 0)
            g_string_append(all, json ? ", " : "\n");
        g_string_append_len(all, answer->str, (gssize)answer->len);
    }
    return all;
}

char *
launcher_status_text(bool json, GError **error)
{
    GString *all = gather(json, error);
    if (all == NULL)
        return NULL;
    if (json) {
        g_string_prepend(all, "{\"launchers\": [");
        g_string_append(all, "]}\n");
    }
    else if (all->len == 0)
        g_string_append(all, "no launcher is running\n");
    return g_string_free(all, FALSE);
}
