/* SPDX-License-Identifier: MIT */
#include "cache-journal-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_MAGIC   UINT64_C(0x314C4E524A525246) /* "FRRJRNL1" */
#define JOURNAL_MARK    UINT32_C(0x8E5DC1A7)         /* begins every record */
#define JOURNAL_VERSION 2u
#define JOURNAL_SMALL   ((uint64_t)1 << 20) /* bytes not worth rewriting */

typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t reserved;
} JournalHead;

typedef struct {
    uint32_t mark;
    uint32_t size; /* of everything behind this head */
    uint64_t checksum;
} RecordHead;

typedef struct {
    uint8_t op, kind;
    uint16_t tag_count;
    uint32_t tool_size, args_size;
    uint64_t value_size;
    int64_t deadline_ns; /* wall clock; 0: never */
    int64_t stale_ns;    /* for how long it is kept after that */
    /* follow: tag_count times (uint32_t size, text); tool; args; value */
} RecordBody;

struct CacheJournal {
    char *path;
    int descriptor;
    uint64_t written; /* bytes, of this process and the file's beginning */
    GByteArray *buffer;
};

static bool
journal_fail(GError **error, const char *path, const char *what)
{
    g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_JOURNAL, "journal %s: %s",
                path, what);
    return false;
}

static int64_t
journal_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * BASE_CLOCK_SECOND_NS + now.tv_nsec;
}

static bool
journal_write(int descriptor, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t done = write(descriptor, at, size);
        if (done < 0 && errno != EINTR) {
            return false;
        }
        at += MAX(done, 0);
        size -= (size_t)MAX(done, 0);
    }
    return true;
}

static bool
journal_begin(int descriptor)
{
    JournalHead head = {.magic = JOURNAL_MAGIC, .version = JOURNAL_VERSION};
    return journal_write(descriptor, &head, sizeof(head));
}

CacheJournal *
cache_journal_open(const char *path, GError **error)
{
    int descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        journal_fail(error, path, g_strerror(errno));
        return NULL;
    }
    struct stat status;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        journal_fail(error, path, "another run writes it");
        close(descriptor);
        return NULL;
    }
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) ||
        (status.st_size == 0 && !journal_begin(descriptor))) {
        journal_fail(error, path,
                     S_ISREG(status.st_mode) ? g_strerror(errno)
                                             : "not a regular file");
        close(descriptor);
        return NULL;
    }
    CacheJournal *self = g_new0(CacheJournal, 1);
    self->path = g_strdup(path);
    self->descriptor = descriptor;
    self->written = (uint64_t)status.st_size;
    self->buffer = g_byte_array_new();
    return self;
}

void
cache_journal_free(CacheJournal *self)
{
    if (self != NULL) {
        close(self->descriptor);
        g_byte_array_unref(self->buffer);
        g_free(self->path);
        g_free(self);
    }
}

/* ---- reading -------------------------------------------------------------- */

/* Takes `size` bytes off the front of what is left; NULL if there are fewer. */
static const unsigned char *
journal_take(const unsigned char **at, const unsigned char *end, uint64_t size)
{
    const unsigned char *taken = *at;
    if (size > (uint64_t)(end - taken)) {
        return NULL;
    }
    *at += size;
    return taken;
}

static bool
journal_take_tags(const unsigned char **at, const unsigned char *end, size_t count,
                  ToolCacheTag *tags)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t size;
        const unsigned char *length = journal_take(at, end, sizeof(size));
        if (length == NULL) {
            return false;
        }
        memcpy(&size, length, sizeof(size));
        tags[i].text = (const char *)journal_take(at, end, size);
        tags[i].size = size;
        if (tags[i].text == NULL) {
            return false;
        }
    }
    return true;
}

/* Returns false if the record does not hold together. */
static bool
journal_parse(const unsigned char *at, size_t size, CacheJournalRecord *record,
              ToolCacheTag *tags)
{
    const unsigned char *end = at + size;
    RecordBody body;
    const unsigned char *start = journal_take(&at, end, sizeof(body));
    if (start == NULL) {
        return false;
    }
    memcpy(&body, start, sizeof(body));
    if (body.op < CACHE_JOURNAL_SET || body.op > CACHE_JOURNAL_FORGET_PARTITION ||
        body.kind > TOOL_CACHE_UCS4 || body.tag_count > TOOL_CACHE_TAGS_MAX ||
        !journal_take_tags(&at, end, body.tag_count, tags)) {
        return false;
    }
    *record = (CacheJournalRecord){
        .op = (CacheJournalOp)body.op, .tags = tags, .tag_count = body.tag_count};
    record->stale_ns = MAX(body.stale_ns, 0);
    record->key.tool = (const char *)journal_take(&at, end, body.tool_size);
    record->key.tool_size = body.tool_size;
    record->key.args = (const char *)journal_take(&at, end, body.args_size);
    record->key.args_size = body.args_size;
    record->value.kind = (ToolCacheKind)body.kind;
    record->value.bytes = journal_take(&at, end, body.value_size);
    record->value.size = body.value_size;
    record->ttl_ns =
        body.deadline_ns != 0 ? body.deadline_ns - journal_wall_clock() : 0;
    bool is_expired = body.deadline_ns != 0 && record->ttl_ns <= 0;
    record->op = is_expired && record->op == CACHE_JOURNAL_SET ? CACHE_JOURNAL_DELETE
                                                               : record->op;
    return record->key.tool != NULL && record->key.args != NULL &&
           record->value.bytes != NULL;
}

/* Returns the size of the whole and sound record at `at`, 0 if there is none. */
static size_t
journal_sound(const unsigned char *at, const unsigned char *end)
{
    RecordHead head;
    if ((size_t)(end - at) < sizeof(head)) {
        return 0;
    }
    memcpy(&head, at, sizeof(head));
    if (head.mark != JOURNAL_MARK || head.size > (size_t)(end - at) - sizeof(head) ||
        XXH3_64bits(at + sizeof(head), head.size) != head.checksum) {
        return 0;
    }
    return sizeof(head) + head.size;
}

static void
journal_each(const unsigned char *at, const unsigned char *end,
             void (*each)(const CacheJournalRecord *record, void *user), void *user)
{
    CacheJournalRecord record;
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
    while (at < end) {
        size_t size = journal_sound(at, end);
        if (size == 0) {
            at++; /* torn or flipped: look for the next mark */
            continue;
        }
        if (journal_parse(at + sizeof(RecordHead), size - sizeof(RecordHead), &record,
                          tags)) {
            each(&record, user);
        }
        at += size;
    }
}

bool
cache_journal_load(CacheJournal *self,
                   void (*each)(const CacheJournalRecord *record, void *user),
                   void *user, GError **error)
{
    JournalHead head;
    struct stat status;
    if (fstat(self->descriptor, &status) != 0 ||
        pread(self->descriptor, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        head.magic != JOURNAL_MAGIC) {
        return journal_fail(error, self->path, "not a journal of this program");
    }
    if (head.version != JOURNAL_VERSION) {
        return journal_fail(error, self->path,
                            head.version > JOURNAL_VERSION
                                ? "written by a newer version"
                                : "written by an older version");
    }
    size_t size = (size_t)status.st_size;
    unsigned char *base = mmap(NULL, size, PROT_READ, MAP_PRIVATE, self->descriptor, 0);
    if (base == MAP_FAILED) {
        return journal_fail(error, self->path, g_strerror(errno));
    }
    madvise(base, size, MADV_SEQUENTIAL);
    journal_each(base + sizeof(head), base + size, each, user);
    munmap(base, size);
    return true;
}

/* ---- writing -------------------------------------------------------------- */

static void
journal_encode(GByteArray *out, const CacheJournalRecord *record)
{
    RecordBody body = {
        .op = (uint8_t)record->op,
        .kind = (uint8_t)record->value.kind,
        .tag_count = (uint16_t)record->tag_count,
        .tool_size = (uint32_t)record->key.tool_size,
        .args_size = (uint32_t)record->key.args_size,
        .value_size = record->value.size,
        .deadline_ns = record->ttl_ns != 0 ? journal_wall_clock() + record->ttl_ns : 0,
        .stale_ns = record->stale_ns,
    };
    RecordHead head = {.mark = JOURNAL_MARK};
    guint start = out->len;
    g_byte_array_append(out, (const guint8 *)&head, sizeof(head));
    g_byte_array_append(out, (const guint8 *)&body, sizeof(body));
    for (size_t i = 0; i < record->tag_count; i++) {
        uint32_t size = (uint32_t)record->tags[i].size;
        g_byte_array_append(out, (const guint8 *)&size, sizeof(size));
        g_byte_array_append(out, (const guint8 *)record->tags[i].text, size);
    }
    g_byte_array_append(out, (const guint8 *)record->key.tool, body.tool_size);
    g_byte_array_append(out, (const guint8 *)record->key.args, body.args_size);
    g_byte_array_append(out, record->value.bytes, (guint)record->value.size);
    head.size = (uint32_t)(out->len - start - sizeof(head));
    head.checksum = XXH3_64bits(out->data + start + sizeof(head), head.size);
    memcpy(out->data + start, &head, sizeof(head));
}

/* Caller holds the journal's lock. A record that could not be written whole is cut off
 * again, and nothing is written any more. */
static void
journal_append_locked(ToolCache *cache)
{
    CacheJournal *self = cache->journal;
    struct stat status;
    if (atomic_load(&cache->header->journal_ended) ||
        fstat(self->descriptor, &status) != 0) {
        return;
    }
    if (!journal_write(self->descriptor, self->buffer->data, self->buffer->len)) {
        int ignored = ftruncate(self->descriptor, status.st_size);
        (void)ignored;
        atomic_store(&cache->header->journal_ended, true);
        return;
    }
    self->written = (uint64_t)status.st_size + self->buffer->len;
    atomic_store_explicit(&cache->header->journal_dirty, true, memory_order_relaxed);
}

void
cache_journal_append(ToolCache *cache, const CacheJournalRecord *record)
{
    CacheJournal *self = cache->journal;
    if (self == NULL ||
        base_lock_acquire(&cache->header->journal_lock) == BASE_LOCK_BROKEN) {
        return;
    }
    g_byte_array_set_size(self->buffer, 0);
    journal_encode(self->buffer, record);
    journal_append_locked(cache);
    base_lock_release(&cache->header->journal_lock);
}

static bool
journal_write_entries(ToolCache *cache, int descriptor, GByteArray *buffer)
{
    ToolCacheIter *iter = tool_cache_iter_new(cache);
    ToolCacheItem item;
    bool is_ok = journal_begin(descriptor);
    while (is_ok && tool_cache_iter_next(iter, &item)) {
        CacheJournalRecord record = {
            .op = CACHE_JOURNAL_SET,
            .key = {item.tool, item.tool_size, item.args, item.args_size, 0},
            .value = item.value,
            .ttl_ns = MAX(item.expires_in_ns, 0),
            .stale_ns = (int64_t)item.stale_ns,
            .tags = item.tags,
            .tag_count = item.tag_count,
        };
        g_byte_array_set_size(buffer, 0);
        journal_encode(buffer, &record);
        is_ok = journal_write(descriptor, buffer->data, buffer->len);
    }
    tool_cache_iter_free(iter);
    return is_ok && fdatasync(descriptor) == 0;
}

void
cache_journal_tidy(ToolCache *cache)
{
    CacheJournal *self = cache->journal;
    uint64_t live = atomic_load_explicit(&cache->header->bytes, memory_order_relaxed);
    if (self->written < JOURNAL_SMALL || self->written < live * CACHE_JOURNAL_SLACK) {
        return;
    }
    g_autofree char *fresh = g_strconcat(self->path, ".new", NULL);
    int descriptor =
        open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        return; /* it only stays large */
    }
    bool is_ok = flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
                 journal_write_entries(cache, descriptor, self->buffer) &&
                 rename(fresh, self->path) == 0;
    if (!is_ok) {
        unlink(fresh);
        close(descriptor);
        return;
    }
    close(self->descriptor);
    self->descriptor = descriptor;
    self->written = (uint64_t)lseek(descriptor, 0, SEEK_END);
}

void
cache_journal_sync(ToolCache *cache)
{
    if (cache->journal != NULL &&
        atomic_exchange_explicit(&cache->header->journal_dirty, false,
                                 memory_order_relaxed)) {
        fdatasync(cache->journal->descriptor);
    }
}
