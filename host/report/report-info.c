/* SPDX-License-Identifier: MIT */
#include "report-info.h"

#include <string.h>
#include <sys/utsname.h>

#include "build-info.h"
#include "elf-sections.h"
#include "json-writer.h"
#include "sandbox.h"
#include "stdlib-table.h"

/* ---- facts ------------------------------------------------------------------ */

typedef struct {
    size_t modules, files, raw_bytes, stored_bytes;
} LibraryFacts;

static LibraryFacts
library_facts(void)
{
    LibraryFacts facts = {0};
    for (size_t i = 0; i < stdlib_table_count(); i++) {
        StdlibEntry entry = stdlib_table_at(i);
        facts.modules += !entry.is_data;
        facts.files += entry.is_data;
        facts.raw_bytes += entry.size;
        facts.stored_bytes += entry.stored;
    }
    return facts;
}

/* Names of the loadable extensions beside the executable. */
static GPtrArray *
loadable_modules(const char *executable)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *folder = g_path_get_dirname(executable);
    g_autofree char *modules = g_build_filename(folder, "modules", NULL);
    g_autoptr(GDir) dir = g_dir_open(modules, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(name, ".so"))
            g_ptr_array_add(names, g_strndup(name, strcspn(name, ".")));
    g_ptr_array_sort(names, (GCompareFunc)g_strcmp0);
    return names;
}

static bool
kernel_has(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static const struct {
    const char *name, *path;
} kernel_features[] = {
    {"seccomp_filter", "/proc/sys/kernel/seccomp/actions_avail"},
    {"user_namespaces", "/proc/self/ns/user"},
    {"cgroup_v2", "/sys/fs/cgroup/cgroup.controllers"},
};

/* ---- JSON ------------------------------------------------------------------- */

static void
add_section_json(const char *name, uint64_t bytes, void *data)
{
    json_writer_number(data, name, bytes);
}

static bool
add_sizes(GString *out, const ReportInfo *info, GError **error)
{
    uint64_t total;
    json_writer_open(out, "sizes", '{');
    json_writer_open(out, "sections", '{');
    if (!elf_sections_visit(info->executable, add_section_json, out, &total, error))
        return false;
    json_writer_close(out, '}');
    json_writer_number(out, "executable", total);
    LibraryFacts facts = library_facts();
    json_writer_number(out, "stdlib", stdlib_table_bytes());
    json_writer_number(out, "stdlib_compressed", facts.stored_bytes);
    json_writer_number(out, "stdlib_decoded", facts.raw_bytes);
    json_writer_close(out, '}');
    return true;
}

static void
add_modules(GString *out, const ReportInfo *info)
{
    json_writer_open(out, "native_modules", '{');
    for (const char *const *row = info->native_modules; *row != NULL; row += 2)
        json_writer_string(out, row[0], row[1]);
    json_writer_close(out, '}');
    json_writer_open(out, "builtin_modules", '[');
    for (const char *const *name = info->builtin_modules; *name != NULL; name++)
        json_writer_string(out, NULL, *name);
    json_writer_close(out, ']');
    json_writer_open(out, "stdlib_modules", '[');
    for (size_t i = 0; i < stdlib_table_count(); i++) {
        StdlibEntry entry = stdlib_table_at(i);
        if (!entry.is_data)
            json_writer_string(out, NULL, entry.name);
    }
    json_writer_close(out, ']');
    g_autoptr(GPtrArray) loadable = loadable_modules(info->executable);
    json_writer_open(out, "loadable_modules", '[');
    for (guint i = 0; i < loadable->len; i++)
        json_writer_string(out, NULL, loadable->pdata[i]);
    json_writer_close(out, ']');
}

static void
add_kernel(GString *out)
{
    struct utsname name;
    json_writer_open(out, "kernel", '{');
    if (uname(&name) == 0)
        json_writer_string(out, "release", name.release);
    json_writer_number(out, "landlock_abi", (uint64_t)sandbox_landlock_abi());
    for (size_t i = 0; i < G_N_ELEMENTS(kernel_features); i++)
        json_writer_bool(out, kernel_features[i].name,
                         kernel_has(kernel_features[i].path));
    json_writer_close(out, '}');
}

char *
report_info_json(const ReportInfo *info, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    json_writer_open(out, NULL, '{');
    json_writer_string(out, "version", FERRULE_VERSION);
    json_writer_string(out, "python", CPYTHON_VERSION);
    json_writer_string(out, "build", FERRULE_BUILD);
    json_writer_string(out, "executable", info->executable);
    if (!add_sizes(out, info, error))
        return NULL;
    add_modules(out, info);
    add_kernel(out);
    json_writer_close(out, '}');
    g_string_append_c(out, '\n');
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- text ------------------------------------------------------------------- */

static void
ignore_section(const char *name, uint64_t bytes, void *data)
{
}

static double
megabytes(uint64_t bytes)
{
    return (double)bytes / 1e6;
}

char *
report_info_text(const ReportInfo *info, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    LibraryFacts facts = library_facts();
    uint64_t total;
    struct utsname kernel;
    if (!elf_sections_visit(info->executable, ignore_section, NULL, &total, error))
        return NULL;
    g_string_append_printf(out, "ferrule %s (%s build), CPython %s\n\n",
                           FERRULE_VERSION, FERRULE_BUILD, CPYTHON_VERSION);
    g_string_append_printf(out, "executable    %s, %.2f MB\n", info->executable,
                           megabytes(total));
    g_string_append_printf(out, "stdlib        %zu modules, %.2f MB for %.2f MB\n",
                           facts.modules, megabytes(stdlib_table_bytes()),
                           megabytes(facts.raw_bytes));
    g_string_append_printf(out, "built in C    %u modules\n",
                           g_strv_length((GStrv)info->builtin_modules));
    for (const char *const *row = info->native_modules; *row != NULL; row += 2)
        g_string_append_printf(out, "native        %s: %s\n", row[0], row[1]);
    g_autoptr(GPtrArray) loadable = loadable_modules(info->executable);
    g_string_append(out, "loadable     ");
    for (guint i = 0; i < loadable->len; i++)
        g_string_append_printf(out, " %s", (char *)loadable->pdata[i]);
    g_string_append_printf(out, "\nkernel        %s, Landlock %d",
                           uname(&kernel) == 0 ? kernel.release : "?",
                           sandbox_landlock_abi());
    for (size_t i = 0; i < G_N_ELEMENTS(kernel_features); i++)
        if (kernel_has(kernel_features[i].path))
            g_string_append_printf(out, ", %s", kernel_features[i].name);
    g_string_append_c(out, '\n');
    return g_string_free(g_steal_pointer(&out), FALSE);
}
