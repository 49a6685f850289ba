/* SPDX-License-Identifier: MIT */
/* Stores of a user: files in the runtime folder, which every run of that user maps,
 * each at its own address. They outlive the runs, up to the next start of the system.
 *
 * A death    while a file is made leaves it without its magic number, which is written
 *            last and under the file's lock: the next to come makes it anew. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cache-mapping-private.h"

enum {
    USER_DEFAULT_ENTRIES = 10000
};

static bool
user_fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_RUN, "%s: %s", path, what);
    return false;
}

/* Whether nobody else can put anything there. */
static bool
user_check_folder(const char *path, GError **error)
{
    struct stat status;
    if (lstat(path, &status) != 0) {
        return user_fail(error, path, g_strerror(errno));
    }
    if (!S_ISDIR(status.st_mode)) {
        return user_fail(error, path, "not a folder");
    }
    if (status.st_uid != geteuid()) {
        return user_fail(error, path, "belongs to another user");
    }
    return (status.st_mode & 022) == 0 ||
           user_fail(error, path, "others may write there");
}

static char *
user_path(const char *name, GError **error)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");
    g_autofree char *usual = g_strdup_printf("/run/user/%u", (unsigned)geteuid());
    if (runtime == NULL || runtime[0] != '/') {
        runtime = usual;
    }
    g_autofree char *folder = g_build_filename(runtime, "ferrule", NULL);
    if (!user_check_folder(runtime, error)) {
        return NULL;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        user_fail(error, folder, g_strerror(errno));
        return NULL;
    }
    if (!user_check_folder(folder, error)) {
        return NULL;
    }
    return g_strdup_printf("%s/%s.store", folder, name);
}

/* A number that is another one after every start of the system: deadlines count from
 * there. */
static uint64_t
user_boot(void)
{
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, &size, NULL)) {
        return 0;
    }
    return XXH3_64bits(text, size);
}

static bool
user_check_file(int descriptor, const char *path, struct stat *status, GError **error)
{
    if (fstat(descriptor, status) != 0) {
        return user_fail(error, path, g_strerror(errno));
    }
    if (!S_ISREG(status->st_mode) || status->st_uid != geteuid() ||
        status->st_nlink != 1 || (status->st_mode & 077) != 0) {
        return user_fail(error, path, "not a file of this user alone");
    }
    return true;
}

typedef enum {
    USER_STORE_NEW, /* empty, half made, or of before the system's start */
    USER_STORE_GOOD,
    USER_STORE_FOREIGN, /* error is set */
} UserStore;

static UserStore
user_judge(int descriptor, const char *path, const struct stat *status, GError **error)
{
    CacheHeader header;
    CacheGeometry geometry;
    if (pread(descriptor, &header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
        header.magic == 0) {
        return USER_STORE_NEW;
    }
    if (header.magic != CACHE_MAGIC || header.version != CACHE_VERSION) {
        user_fail(error, path, "made by another version");
        return USER_STORE_FOREIGN;
    }
    if (header.checksum != cache_layout_checksum(&header) ||
        header.owner != (uint32_t)geteuid()) {
        user_fail(error, path, "its header is damaged");
        return USER_STORE_FOREIGN;
    }
    if (header.boot != user_boot()) {
        return USER_STORE_NEW;
    }
    cache_layout_compute(&geometry, header.max_entries, header.max_bytes);
    if (geometry.mapping_bytes != header.mapping_bytes ||
        (uint64_t)status->st_size != header.mapping_bytes) {
        user_fail(error, path, "its size is not what its header says");
        return USER_STORE_FOREIGN;
    }
    return USER_STORE_GOOD;
}

static unsigned char *
user_map(int descriptor, uint64_t size, const char *path, GError **error)
{
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                      descriptor, 0);
    if (base == MAP_FAILED) {
        user_fail(error, path, g_strerror(errno));
        return NULL;
    }
    return base;
}

/* Pages are taken as they are used; that there is room for all of them is asked for
 * now, because a write into a full file system cannot fail, only kill. */
static unsigned char *
user_make(int descriptor, const char *path, const ToolCacheLimits *limits,
          GError **error)
{
    CacheGeometry geometry;
    struct statvfs room;
    if (!cache_layout_check(limits, &geometry, error)) {
        return NULL;
    }
    if (fstatvfs(descriptor, &room) != 0 ||
        (uint64_t)room.f_bavail * room.f_frsize < geometry.arena_size) {
        user_fail(error, path, "the file system has no room for the store");
        return NULL;
    }
    if (ftruncate(descriptor, 0) != 0 ||
        ftruncate(descriptor, (off_t)geometry.mapping_bytes) != 0) {
        user_fail(error, path, g_strerror(errno));
        return NULL;
    }
    unsigned char *base = user_map(descriptor, geometry.mapping_bytes, path, error);
    if (base != NULL &&
        !cache_mapping_format(base, &geometry, limits->ttl_ns, user_boot(), error)) {
        munmap(base, geometry.mapping_bytes);
        return NULL;
    }
    return base;
}

/* Caller holds the file's lock. */
static unsigned char *
user_find_or_make(int descriptor, const char *path, const ToolCacheLimits *limits,
                  GError **error)
{
    struct stat status;
    if (!user_check_file(descriptor, path, &status, error)) {
        return NULL;
    }
    switch (user_judge(descriptor, path, &status, error)) {
    case USER_STORE_GOOD:
        return user_map(descriptor, (uint64_t)status.st_size, path, error);
    case USER_STORE_NEW:
        return user_make(descriptor, path, limits, error);
    case USER_STORE_FOREIGN:
        break;
    }
    return NULL;
}

static bool
user_is_name(const char *name)
{
    size_t length = strlen(name);
    return length >= 1 && length <= TOOL_CACHE_NAME_MAX && name[0] != '.' &&
           strchr(name, '/') == NULL;
}

ToolCache *
tool_cache_open_user(const char *name, const ToolCacheLimits *limits, GError **error)
{
    if (!user_is_name(name)) {
        g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_NAME,
                    "a store's name has 1 to %d bytes, no '/' and no '.' in front",
                    TOOL_CACHE_NAME_MAX);
        return NULL;
    }
    g_autofree char *path = user_path(name, error);
    if (path == NULL) {
        return NULL;
    }
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0 || flock(descriptor, LOCK_EX) != 0) {
        user_fail(error, path, g_strerror(errno));
        if (descriptor >= 0) {
            close(descriptor);
        }
        return NULL;
    }
    ToolCacheLimits made = *limits;
    made.max_entries = made.max_entries != 0 ? made.max_entries : USER_DEFAULT_ENTRIES;
    unsigned char *base = user_find_or_make(descriptor, path, &made, error);
    /* Closing would not do: the mapping keeps the open file, and with it the lock. */
    flock(descriptor, LOCK_UN);
    close(descriptor);
    return base != NULL ? cache_mapping_handle(base, name, error) : NULL;
}
