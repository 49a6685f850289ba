/* SPDX-License-Identifier: MIT */
#include "host-config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "config-value.h"
#include "host-error.h"

typedef struct {
    const char *group, *key; /* in the file */
    const char *environment;
    const char *flag; /* on the command line; a yes/no flag takes no value */
    ConfigKind kind;
    size_t offset; /* of the field in HostConfig */
} Setting;

/* clang-format off */
static const Setting settings[] = {
    {"limits", "memory", "FERRULE_MEMORY", "memory", CONFIG_BYTES, offsetof(HostConfig, memory)},
    {"limits", "cpu", "FERRULE_CPU", "cpu", CONFIG_COUNT, offsetof(HostConfig, cpu)},
    {"limits", "files", "FERRULE_FILES", "files", CONFIG_COUNT, offsetof(HostConfig, files)},
    {"limits", "priority", "FERRULE_PRIORITY", "priority", CONFIG_PRIORITY, offsetof(HostConfig, is_batch)},
    {"permissions", "network", "FERRULE_NETWORK", "no-network", CONFIG_DENY, offsetof(HostConfig, no_network)},
    {"permissions", "write", "FERRULE_WRITE", "write", CONFIG_FOLDERS, offsetof(HostConfig, write)},
};
/* clang-format on */

static bool
store(HostConfig *config, const Setting *setting, const char *value, GError **error)
{
    return config_value_parse(setting->kind, value, (char *)config + setting->offset,
                              error);
}

/* ---- the file --------------------------------------------------------------- */

typedef struct {
    const char *path;
    const char *text;
    HostConfigComplain complain; /* NULL: the first mistake is the error */
    void *data;
} ConfigFile;

/* Line and column of `key` in `group`, or of the group's header when key is NULL. */
static void
locate(const ConfigFile *file, const char *group, const char *key, int *ret_line,
       int *ret_column)
{
    g_auto(GStrv) lines = g_strsplit(file->text, "\n", -1);
    g_autofree char *header = g_strdup_printf("[%s]", group);
    bool inside = false;
    *ret_line = *ret_column = 1;
    for (int i = 0; lines[i] != NULL; i++) {
        const char *start = lines[i] + strspn(lines[i], " \t");
        if (start[0] == '[')
            inside = g_str_has_prefix(start, header);
        size_t length = key == NULL ? 0 : strlen(key);
        bool found = key == NULL ? inside
                                 : inside && strncmp(start, key, length) == 0 &&
                                       strchr(" \t=", start[length]) != NULL;
        if (!found)
            continue;
        *ret_line = i + 1;
        *ret_column = (int)(start - lines[i]) + 1;
        return;
    }
}

/* Either the end, with file:line:column before the reason, or one of many. */
static bool
refuse_at(const ConfigFile *file, int line, int column, const char *reason,
          GError **error)
{
    if (file->complain != NULL) {
        file->complain(line, column, reason, file->data);
        return true;
    }
    g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG, "%s:%d:%d: %s", file->path, line,
                column, reason);
    return false;
}

static bool
refuse(const ConfigFile *file, const char *group, const char *key, const char *reason,
       GError **error)
{
    int line, column;
    locate(file, group, key, &line, &column);
    return refuse_at(file, line, column, reason, error);
}

static const char *
nearest_name(const char *group, const char *name)
{
    const char *names[G_N_ELEMENTS(settings) + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (group == NULL)
            names[count++] = settings[i].group;
        else if (strcmp(settings[i].group, group) == 0)
            names[count++] = settings[i].key;
    }
    return config_value_nearest(names, name);
}

static const Setting *
setting_named(const char *group, const char *key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        if (strcmp(settings[i].group, group) == 0 && strcmp(settings[i].key, key) == 0)
            return &settings[i];
    return NULL;
}

static bool
is_group(const char *group)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        if (strcmp(settings[i].group, group) == 0)
            return true;
    return false;
}

static bool
read_key(HostConfig *config, const ConfigFile *file, GKeyFile *keys, const char *group,
         const char *key, GError **error)
{
    const Setting *setting = setting_named(group, key);
    if (setting == NULL) {
        g_autofree char *reason =
            g_strdup_printf("unknown key \"%s\" in [%s]; the nearest is \"%s\"", key,
                            group, nearest_name(group, key));
        return refuse(file, group, key, reason, error);
    }
    g_autoptr(GError) cause = NULL;
    g_autofree char *value = g_key_file_get_value(keys, group, key, &cause);
    if (value != NULL && store(config, setting, value, &cause))
        return true;
    g_autofree char *reason = g_strdup_printf("%s: %s", key, cause->message);
    return refuse(file, group, key, reason, error);
}

static bool
read_group(HostConfig *config, const ConfigFile *file, GKeyFile *keys,
           const char *group, GError **error)
{
    if (!is_group(group)) {
        g_autofree char *reason =
            g_strdup_printf("unknown group [%s]; the nearest is [%s]", group,
                            nearest_name(NULL, group));
        return refuse(file, group, NULL, reason, error);
    }
    g_auto(GStrv) names = g_key_file_get_keys(keys, group, NULL, NULL);
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        if (!read_key(config, file, keys, group, names[i], error))
            return false;
    return true;
}

/* Turns the line into an empty one. Returns false if it was one. */
static bool
blank_line(char *text, int line)
{
    for (int i = 1; i < line; i++)
        text = strchr(text, '\n') + 1;
    size_t length = strcspn(text, "\n");
    bool had_text = strspn(text, " ") < length;
    memset(text, ' ', length);
    return had_text;
}

/* Lines that are none of a key file are mistakes; what is left is read. */
static GKeyFile *
load_keys(const ConfigFile *file, GError **error)
{
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autofree char *text = g_strdup(file->text);
    for (;;) {
        g_autoptr(GError) cause = NULL;
        if (g_key_file_load_from_data(keys, text, (size_t)-1, G_KEY_FILE_NONE, &cause))
            return g_steal_pointer(&keys);
        int line = config_value_bad_line(text);
        if (!refuse_at(file, line, 1, cause->message, error) || !blank_line(text, line))
            return NULL;
    }
}

static bool
read_text(HostConfig *config, const ConfigFile *file, GError **error)
{
    g_autoptr(GKeyFile) keys = load_keys(file, error);
    if (keys == NULL)
        return false;
    g_auto(GStrv) groups = g_key_file_get_groups(keys, NULL);
    for (size_t i = 0; groups[i] != NULL; i++)
        if (!read_group(config, file, keys, groups[i], error))
            return false;
    return true;
}

static char *
default_path(void)
{
    const char *base = g_getenv("XDG_CONFIG_HOME"), *home = g_getenv("HOME");
    if (base != NULL && base[0] == '/')
        return g_build_filename(base, "ferrule", "ferrule.conf", NULL);
    if (home == NULL || home[0] != '/')
        return NULL;
    return g_build_filename(home, ".config", "ferrule", "ferrule.conf", NULL);
}

static bool
read_file(HostConfig *config, GError **error)
{
    const char *named = g_getenv("FERRULE_CONFIG");
    g_autofree char *path = named != NULL ? g_strdup(named) : default_path();
    g_autofree char *text = NULL;
    size_t size = 0;
    if (path == NULL || (named == NULL && access(path, F_OK) != 0))
        return true;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, &text, &size, &cause)) {
        g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG, "cannot read %s: %s", path,
                    cause->message);
        return false;
    }
    if (size <= HOST_CONFIG_BYTES_MAX)
        return read_text(config, &(ConfigFile){.path = path, .text = text}, error);
    g_set_error(error, HOST_ERROR, HOST_ERROR_CONFIG,
                "%s: %zu bytes, a configuration has at most %d", path, size,
                HOST_CONFIG_BYTES_MAX);
    return false;
}

/* ---- environment and flags -------------------------------------------------- */

static bool
read_environment(HostConfig *config, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        const char *value = g_getenv(settings[i].environment);
        if (value == NULL || store(config, &settings[i], value, error))
            continue;
        g_prefix_error(error, "environment variable %s: ", settings[i].environment);
        return false;
    }
    return true;
}

bool
host_config_load(HostConfig *config, GError **error)
{
    return read_file(config, error) && read_environment(config, error);
}

void
host_config_check(const char *text, HostConfigComplain complain, void *data)
{
    g_auto(HostConfig) config = HOST_CONFIG_INIT;
    ConfigFile file = {.text = text, .complain = complain, .data = data};
    read_text(&config, &file, NULL);
}

static const Setting *
setting_of_flag(const char *flag)
{
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++)
        if (strcmp(settings[i].flag, flag) == 0)
            return &settings[i];
    return NULL;
}

bool
host_config_has_flag(const char *flag, bool *ret_takes_value)
{
    const Setting *setting = setting_of_flag(flag);
    if (setting == NULL)
        return false;
    *ret_takes_value = setting->kind != CONFIG_DENY;
    return true;
}

bool
host_config_set_flag(HostConfig *config, const char *flag, const char *value,
                     GError **error)
{
    const Setting *setting = setting_of_flag(flag);
    g_autoptr(GError) cause = NULL;
    if (store(config, setting, value == NULL ? "no" : value, &cause))
        return true;
    g_set_error(error, HOST_ERROR, HOST_ERROR_USAGE, "--%s: %s", flag, cause->message);
    return false;
}

void
host_config_copy(HostConfig *copy, const HostConfig *config)
{
    *copy = *config;
    copy->write = g_strdupv(config->write);
}

void
host_config_clear(HostConfig *config)
{
    g_clear_pointer(&config->write, g_strfreev);
}
