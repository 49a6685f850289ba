/* SPDX-License-Identifier: MIT */
/* One key from a file that is still being read, by the file's indexes. */
#include <string.h>

#include "cache-canonical-private.h"
#include "cache-load-state-private.h"

enum {
    FETCH_BARRIERS_MAX = 4096 /* each key is held against all of them */
};

/* A record in memory of one's own. */
typedef struct {
    unsigned char *bytes;
    CacheJournalRecord record;
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
} FetchedRecord;

static void
fetch_clear(FetchedRecord *self)
{
    g_clear_pointer(&self->bytes, g_free);
}

/* Returns false if there is no sound record. */
static bool
fetch_read(const CacheLoad *self, uint64_t at, FetchedRecord *ret_record)
{
    unsigned char head[CACHE_JOURNAL_RECORD_MIN];
    int descriptor = self->back.descriptor;
    ret_record->bytes = NULL;
    size_t size = at < self->size && cache_journal_read_at(descriptor, head, at,
                                                           sizeof(head)) == sizeof(head)
                      ? cache_journal_claimed(head)
                      : 0;
    if (size < CACHE_JOURNAL_RECORD_MIN || size > self->size - at) {
        return false;
    }
    ret_record->bytes = g_try_malloc(size);
    return ret_record->bytes != NULL &&
           cache_journal_read_at(descriptor, ret_record->bytes, at, size) == size &&
           cache_journal_sound(ret_record->bytes, ret_record->bytes + size) == size &&
           cache_journal_parse(ret_record->bytes, size, cache_journal_wall_clock(),
                               &ret_record->record, ret_record->tags);
}

/* ---- what makes records void ------------------------------------------------- */

void
cache_load_note_barrier(CacheLoad *self, const CacheJournalRecord *record, uint64_t at)
{
    LoadBarrier barrier = {at, record->op,
                           g_bytes_new(record->key.tool, record->key.tool_size)};
    g_array_append_val(self->barriers, barrier);
}

static bool
fetch_is_name(const LoadBarrier *barrier, const char *text, size_t size)
{
    return text != NULL && g_bytes_get_size(barrier->name) == size &&
           memcmp(g_bytes_get_data(barrier->name, NULL), text, size) == 0;
}

static bool
fetch_is_hit(const LoadBarrier *barrier, const CacheJournalRecord *record,
             const ToolCacheScope *scope)
{
    bool is_hit = barrier->op == CACHE_JOURNAL_CLEAR;
    if (barrier->op == CACHE_JOURNAL_FORGET_TOOL) {
        is_hit = fetch_is_name(barrier, record->key.tool, record->key.tool_size);
    }
    else if (barrier->op == CACHE_JOURNAL_FORGET_PARTITION) {
        is_hit = fetch_is_name(barrier, scope->partition, scope->partition_size);
    }
    for (size_t i = 0; barrier->op == CACHE_JOURNAL_FORGET_TAG && i < record->tag_count;
         i++) {
        is_hit |= fetch_is_name(barrier, record->tags[i].text, record->tags[i].size);
    }
    return is_hit;
}

static bool
fetch_is_void(const CacheLoad *self, const CacheJournalRecord *record, uint64_t at)
{
    ToolCacheScope scope;
    tool_cache_unscope(record->key.tool, record->key.tool_size, &scope);
    for (guint i = 0; i < self->barriers->len; i++) {
        const LoadBarrier *barrier = &g_array_index(self->barriers, LoadBarrier, i);
        if (barrier->at > at && fetch_is_hit(barrier, record, &scope)) {
            return true;
        }
    }
    return false;
}

/* Returns false if there are too many, or one cannot be read. */
static bool
fetch_read_barriers(CacheLoad *self, const CachePages *pages)
{
    size_t count;
    const uint64_t *barriers = cache_pages_barriers(pages, &count);
    bool is_ok = count + self->barriers->len <= FETCH_BARRIERS_MAX;
    for (size_t i = 0; i < count && is_ok; i++) {
        FetchedRecord fetched;
        is_ok = fetch_read(self, barriers[i], &fetched);
        if (is_ok) {
            cache_load_note_barrier(self, &fetched.record, barriers[i]);
        }
        fetch_clear(&fetched);
    }
    return is_ok;
}

/* ---- the pages --------------------------------------------------------------- */

void
cache_load_open_pages(CacheLoad *self)
{
    CachePages *pages =
        cache_pages_read(self->back.descriptor, self->index_at, self->start);
    if (pages != NULL && !fetch_read_barriers(self, pages)) {
        cache_pages_free(pages);
        pages = NULL;
    }
    pthread_mutex_lock(&self->mutex);
    self->pages = pages;
    pthread_cond_broadcast(&self->over);
    pthread_mutex_unlock(&self->mutex);
}

void
cache_load_close_pages(CacheLoad *self)
{
    pthread_mutex_lock(&self->mutex);
    CachePages *pages = g_steal_pointer(&self->pages);
    while (self->fetching > 0) {
        pthread_cond_wait(&self->over, &self->mutex);
    }
    pthread_mutex_unlock(&self->mutex);
    cache_pages_free(pages);
}

/* Waits for the pages. Returns NULL if there are none; else give them back. */
static CachePages *
fetch_take_pages(CacheLoad *self, int64_t timeout_ns)
{
    struct timespec until = cache_load_until(timeout_ns);
    int result = 0;
    pthread_mutex_lock(&self->mutex);
    while (self->pages == NULL && !self->is_over && result == 0) {
        result = pthread_cond_timedwait(&self->over, &self->mutex, &until);
    }
    CachePages *pages = self->pages;
    self->fetching += pages != NULL;
    pthread_mutex_unlock(&self->mutex);
    return pages;
}

static void
fetch_return_pages(CacheLoad *self)
{
    pthread_mutex_lock(&self->mutex);
    self->fetching--;
    pthread_cond_broadcast(&self->over);
    pthread_mutex_unlock(&self->mutex);
}

/* ---- a key -------------------------------------------------------------------- */

static bool
fetch_is_same(const CacheJournalRecord *record, const ToolCacheKey *key)
{
    if (record->key.tool_size != key->tool_size ||
        memcmp(record->key.tool, key->tool, key->tool_size) != 0) {
        return false;
    }
    GString *args = cache_canonical(record->key.args, record->key.args_size, NULL);
    bool is_same = args != NULL && args->len == key->args_size &&
                   memcmp(args->str, key->args, key->args_size) == 0;
    if (args != NULL) {
        g_string_free(args, TRUE);
    }
    return is_same;
}

/* `key` is canonical. Its newest record is found first, and decides. */
static void
fetch_key(CacheLoad *self, const CachePages *pages, const ToolCacheKey *key)
{
    uint32_t print =
        cache_pages_print(key->tool, key->tool_size, key->args, key->args_size);
    uint64_t position = 0;
    uint64_t at;
    bool is_found = false;
    while (!is_found && (at = cache_pages_find(pages, print, &position)) != 0) {
        FetchedRecord fetched;
        is_found =
            fetch_read(self, at, &fetched) && fetch_is_same(&fetched.record, key);
        if (is_found && fetched.record.op == CACHE_JOURNAL_SET &&
            !fetch_is_void(self, &fetched.record, at)) {
            cache_batch_put(self->cache, self, &fetched.record);
        }
        fetch_clear(&fetched);
    }
}

bool
cache_load_fetch(CacheLoad *self, const ToolCacheKey *key, int64_t timeout_ns)
{
    if (cache_load_wait(self, 0)) {
        return true;
    }
    GString *args = cache_canonical(key->args, key->args_size, NULL);
    if (args == NULL) {
        return true; /* not JSON: there is none */
    }
    CachePages *pages = fetch_take_pages(self, timeout_ns);
    if (pages != NULL) {
        ToolCacheKey canonical = *key;
        canonical.args = args->str;
        canonical.args_size = args->len;
        fetch_key(self, pages, &canonical);
        fetch_return_pages(self);
    }
    g_string_free(args, TRUE);
    return pages != NULL || cache_load_wait(self, 0);
}
