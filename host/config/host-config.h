/* SPDX-License-Identifier: MIT */
/* host-config.h - what an operator may set: limits and permissions of a run.
 *
 * Purpose    one plain struct, filled in the order file < environment < flag.
 * Ownership  a HostConfig owns its strings; host_config_clear() frees them.
 * Threads    none: filled once at start-up.
 * Errors     HOST_ERROR_CONFIG with file:line:column, the key, what was expected and
 *            the nearest key; HOST_ERROR_USAGE for a flag.
 * Limits     HOST_CONFIG_BYTES_MAX for the file.
 * Cost       one failing open() when there is no file.
 * Example    g_auto(HostConfig) config = HOST_CONFIG_INIT;
 *            if (!host_config_load(&config, &error)) ...
 *
 * The file is ${XDG_CONFIG_HOME:-~/.config}/ferrule/ferrule.conf, or what
 * FERRULE_CONFIG names; key-value groups as desktop files have them:
 *     [limits]
 *     memory = 512M     # bytes of private memory, with K, M, G
 *     cpu = 60          # seconds
 *     files = 256       # open descriptors
 *     priority = batch  # gives way to other processes; or "normal"
 *     [permissions]
 *     network = no      # new internet sockets
 *     write = /home/me/out;/tmp   # the only folders that may be changed
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

enum {
    HOST_CONFIG_BYTES_MAX = 1 << 20
};

typedef struct {
    uint64_t memory; /* bytes; 0: no limit, for all three */
    uint64_t cpu;    /* seconds */
    uint64_t files;  /* descriptors */
    bool is_batch;   /* gives way to other processes */
    bool no_network;
    GStrv write; /* absolute or relative folders; NULL: anywhere */
} HostConfig;

#define HOST_CONFIG_INIT \
    {                    \
    }

/* Read the file and the environment. */
bool host_config_load(HostConfig *config, GError **error);

/* One mistake in a configuration; called in the order of the groups. */
typedef void (*HostConfigComplain)(int line, int column, const char *reason,
                                   void *data);

/* Look the text of a configuration over: every mistake, nothing is set. */
void host_config_check(const char *text, HostConfigComplain complain, void *data);

/* One setting by its flag, without the dashes: `memory`, `write`, ... A flag replaces
 * what file and environment said. `value` is NULL for a flag without one. */
bool host_config_set_flag(HostConfig *config, const char *flag, const char *value,
                          GError **error);

/* Whether there is such a flag, and whether it takes a value. */
bool host_config_has_flag(const char *flag, bool *ret_takes_value);

/* Make `copy`, which holds nothing, an equal of `config`. */
void host_config_copy(HostConfig *copy, const HostConfig *config);

void host_config_clear(HostConfig *config);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HostConfig, host_config_clear)

G_END_DECLS
