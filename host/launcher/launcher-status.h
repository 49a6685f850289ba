/* SPDX-License-Identifier: MIT */
/* launcher-status.h - ask the running launchers of this user how they are.
 *
 * Errors     HOST_ERROR_POLICY: no folder of the user's own to look in.
 * Limits     LAUNCHER_STATUS_MAX bytes of one launcher; one that does not answer within
 *            five seconds is said not to.
 * Cost       a connection a launcher; sockets of launchers that were killed are
 * removed.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

enum {
    LAUNCHER_STATUS_MAX = 4 << 20
};

/* The text for `ferrule status`; free with g_free(). NULL: error is set. */
char *launcher_status_text(bool json, GError **error);

/* `ferrule top`: redraw until q or ^C; one frame when stdout is no terminal. Gives the
 * exit code, -1 when error is set. */
int launcher_status_top(GError **error);

G_END_DECLS
