/* SPDX-License-Identifier: MIT */
/* The named stores of a run. One memory file holds a directory page and behind it the
 * stores; its descriptor is inherited by fork, so a process finds a store that another
 * one made after both were forked.
 *
 * Locks      run_mutex guards this process's variables; the directory's robust lock
 *            guards the rows. Order: run_mutex, directory. fork() waits for run_mutex.
 * A death    while holding the directory's lock leaves rows complete or unused: a row
 *            counts from the moment its `size` is not 0, which is written last. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache-mapping-private.h"

enum {
    RUN_DESCRIPTOR_MIN = 100, /* out of the way of programs that close low numbers */
    RUN_DEFAULT_ENTRIES = 10000,
};

typedef struct {
    char name[TOOL_CACHE_NAME_MAX + 8];
    uint64_t offset;
    _Atomic uint64_t size; /* 0: the row is free */
} RunRow;

typedef struct {
    BaseLock lock;
    RunRow rows[TOOL_CACHE_STORES_MAX];
} RunDirectory;

typedef struct {
    RunDirectory *directory;
    int descriptor;
    dev_t device;
    ino_t inode;
    GPtrArray *handles; /* one a name, kept for ever */
} Run;

/* nocheck:static: this process's way to the run; it outlives every interpreter */
static Run run_state = {.descriptor = -1};
/* nocheck:static */
static pthread_mutex_t run_mutex = PTHREAD_MUTEX_INITIALIZER;

#define RUN_DIRECTORY_SIZE \
    ((sizeof(RunDirectory) + CACHE_PAGE - 1) & ~(size_t)(CACHE_PAGE - 1))

static void
run_before_fork(void)
{
    pthread_mutex_lock(&run_mutex);
}

static void
run_after_fork(void)
{
    pthread_mutex_unlock(&run_mutex);
}

static bool
run_fail(GError **error, const char *what)
{
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_MEMORY, "%s: %s", what,
                g_strerror(errno));
    return false;
}

static bool
run_create(Run *run, GError **error)
{
    int low = memfd_create("ferrule-stores", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (low < 0) {
        return run_fail(error, "no memory file for the stores of this run");
    }
    int descriptor = fcntl(low, F_DUPFD_CLOEXEC, RUN_DESCRIPTOR_MIN);
    if (descriptor < 0) {
        descriptor = low;
    }
    else {
        close(low);
    }
    struct stat status;
    void *base = MAP_FAILED;
    if (ftruncate(descriptor, (off_t)RUN_DIRECTORY_SIZE) == 0 &&
        fstat(descriptor, &status) == 0) {
        base = mmap(NULL, RUN_DIRECTORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                    descriptor, 0);
    }
    if (base == MAP_FAILED) {
        run_fail(error, "no room for the directory of stores");
        close(descriptor);
        return false;
    }
    /* Nobody can cut the file short under a reader. */
    fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK);
    run->directory = base;
    run->descriptor = descriptor;
    run->device = status.st_dev;
    run->inode = status.st_ino;
    run->handles = g_ptr_array_new();
    return base_lock_init(&run->directory->lock) &&
           pthread_atfork(run_before_fork, run_after_fork, run_after_fork) == 0;
}

bool
tool_cache_run_begin(GError **error)
{
    pthread_mutex_lock(&run_mutex);
    bool is_ok = run_state.directory != NULL || run_create(&run_state, error);
    pthread_mutex_unlock(&run_mutex);
    return is_ok;
}

static bool
run_is_open(const Run *run, GError **error)
{
    struct stat status;
    if (fstat(run->descriptor, &status) == 0 && status.st_dev == run->device &&
        status.st_ino == run->inode) {
        return true;
    }
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_RUN,
                "descriptor %d, which leads to this run's stores, was closed by the "
                "program; open the store before that",
                run->descriptor);
    return false;
}

static ToolCache *
run_known(const Run *run, const char *name)
{
    for (guint i = 0; i < run->handles->len; i++) {
        ToolCache *cache = run->handles->pdata[i];
        if (strcmp(tool_cache_name(cache), name) == 0) {
            return cache;
        }
    }
    return NULL;
}

static unsigned char *
run_map(const Run *run, uint64_t offset, uint64_t size, GError **error)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      run->descriptor, (off_t)offset);
    if (base == MAP_FAILED) {
        run_fail(error, "no address space for the store");
        return NULL;
    }
    return base;
}

static RunRow *
run_row(const Run *run, const char *name)
{
    for (guint i = 0; i < TOOL_CACHE_STORES_MAX; i++) {
        RunRow *row = &run->directory->rows[i];
        if (row->size != 0 && strncmp(row->name, name, sizeof(row->name)) == 0) {
            return row;
        }
    }
    return NULL;
}

/* Behind everything that is in use. */
static uint64_t
run_end(const Run *run)
{
    uint64_t end = RUN_DIRECTORY_SIZE;
    for (guint i = 0; i < TOOL_CACHE_STORES_MAX; i++) {
        const RunRow *row = &run->directory->rows[i];
        end = row->size != 0 ? MAX(end, row->offset + row->size) : end;
    }
    return end;
}

static RunRow *
run_free_row(const Run *run, GError **error)
{
    for (guint i = 0; i < TOOL_CACHE_STORES_MAX; i++) {
        if (run->directory->rows[i].size == 0) {
            return &run->directory->rows[i];
        }
    }
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_FULL,
                "this run has %d named stores already", TOOL_CACHE_STORES_MAX);
    return NULL;
}

static unsigned char *
run_make(const Run *run, const char *name, const ToolCacheLimits *limits,
         GError **error)
{
    CacheGeometry geometry;
    RunRow *row = run_free_row(run, error);
    if (row == NULL || !cache_layout_check(limits, &geometry, error)) {
        return NULL;
    }
    uint64_t offset = run_end(run);
    if (ftruncate(run->descriptor, (off_t)(offset + geometry.mapping_bytes)) != 0) {
        run_fail(error, "no room for the store");
        return NULL;
    }
    unsigned char *base = run_map(run, offset, geometry.mapping_bytes, error);
    if (base == NULL) {
        return NULL;
    }
    /* Somebody may have died while writing here. */
    memset(base, 0, geometry.flights_at);
    if (!cache_mapping_format(base, &geometry, limits->ttl_ns, 0, error)) {
        munmap(base, geometry.mapping_bytes);
        return NULL;
    }
    g_strlcpy(row->name, name, sizeof(row->name));
    row->offset = offset;
    atomic_store_explicit(&row->size, geometry.mapping_bytes, memory_order_release);
    return base;
}

static unsigned char *
run_find_or_make(const Run *run, const char *name, const ToolCacheLimits *limits,
                 uint64_t *ret_size, GError **error)
{
    if (base_lock_acquire(&run->directory->lock) == BASE_LOCK_BROKEN) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_RUN,
                    "the directory of this run's stores is damaged");
        return NULL;
    }
    RunRow *row = run_row(run, name);
    unsigned char *base = row != NULL ? run_map(run, row->offset, row->size, error)
                                      : run_make(run, name, limits, error);
    row = base != NULL ? run_row(run, name) : NULL;
    *ret_size = row != NULL ? row->size : 0;
    base_lock_release(&run->directory->lock);
    return base;
}

static ToolCache *
run_open(Run *run, const char *name, const ToolCacheLimits *limits, GError **error)
{
    ToolCache *cache = run_known(run, name);
    if (cache != NULL) {
        return cache;
    }
    uint64_t size;
    unsigned char *base = NULL;
    if (run_is_open(run, error)) {
        base = run_find_or_make(run, name, limits, &size, error);
    }
    if (base == NULL) {
        return NULL;
    }
    cache = cache_mapping_handle(base, name, error);
    if (cache == NULL) {
        munmap(base, size);
        return NULL;
    }
    g_ptr_array_add(run->handles, cache);
    return cache;
}

static bool
run_is_same(const ToolCache *cache, const ToolCacheLimits *limits)
{
    uint64_t bytes = limits->max_bytes;
    return (limits->max_entries == 0 ||
            limits->max_entries == cache->geometry.max_entries) &&
           (bytes == 0 || bytes == cache->geometry.max_bytes);
}

ToolCache *
tool_cache_open(const char *name, const ToolCacheLimits *limits, bool *ret_is_same,
                GError **error)
{
    size_t length = strlen(name);
    if (length == 0 || length > TOOL_CACHE_NAME_MAX) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_NAME,
                    "a store's name has 1 to %d bytes, not %zu", TOOL_CACHE_NAME_MAX,
                    length);
        return NULL;
    }
    if (!tool_cache_run_begin(error)) {
        return NULL;
    }
    ToolCacheLimits made = *limits;
    made.max_entries = made.max_entries != 0 ? made.max_entries : RUN_DEFAULT_ENTRIES;
    pthread_mutex_lock(&run_mutex);
    ToolCache *cache = run_open(&run_state, name, &made, error);
    cache = cache != NULL ? tool_cache_ref(cache) : NULL;
    pthread_mutex_unlock(&run_mutex);
    if (cache != NULL && ret_is_same != NULL) {
        *ret_is_same = run_is_same(cache, limits);
    }
    return cache;
}

char **
tool_cache_run_names(void)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    pthread_mutex_lock(&run_mutex);
    RunDirectory *directory = run_state.directory;
    pthread_mutex_unlock(&run_mutex);
    for (guint i = 0; directory != NULL && i < TOOL_CACHE_STORES_MAX; i++) {
        RunRow *row = &directory->rows[i];
        if (atomic_load_explicit(&row->size, memory_order_acquire) != 0) {
            g_ptr_array_add(names, g_strndup(row->name, TOOL_CACHE_NAME_MAX));
        }
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}
