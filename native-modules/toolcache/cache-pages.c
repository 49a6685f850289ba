/* SPDX-License-Identifier: MIT */
#include "cache-pages-private.h"

#include <stdlib.h>
#include <string.h>

#include "cache-canonical-private.h"

#define PAGES_PART ((uint64_t)4 << 20) /* bytes of the file that one list covers */

/* In the file, in the value of a record. */
typedef struct {
    uint64_t self;     /* where the list's own record is */
    uint64_t from, to; /* what it covers */
    uint64_t last;     /* where the list before is, 0: there is none */
    uint32_t spots, barriers;
    /* follow: the spots, in order; uint32_t places of barriers */
} PageHead;

typedef struct {
    uint32_t print;
    uint32_t at; /* behind `from` */
} PageSpot;

typedef struct {
    uint64_t from;
    uint32_t count;
    PageSpot *spots; /* in order of print, then the newest first */
} Page;

struct CachePages {
    GArray *pages;    /* the newest first */
    GArray *barriers; /* of uint64_t */
};

uint32_t
cache_pages_print(const char *tool, size_t tool_size, const char *args,
                  size_t args_size)
{
    uint64_t hash = XXH3_64bits(tool, tool_size);
    return (uint32_t)(XXH3_64bits_withSeed(args, args_size, hash) >> 32);
}

/* ---- writing -------------------------------------------------------------- */

typedef struct {
    PageHead head;
    GArray *spots, *barriers;
} PageBuild;

static void
build_add(PageBuild *self, const CacheJournalRecord *record, uint32_t at)
{
    if (record->op == CACHE_JOURNAL_INDEX) {
        return;
    }
    if (record->op != CACHE_JOURNAL_SET && record->op != CACHE_JOURNAL_DELETE) {
        g_array_append_val(self->barriers, at);
        return;
    }
    const ToolCacheKey *key = &record->key;
    PageSpot spot = {.at = at};
    if (cache_canonical_is_already(key->args, key->args_size)) {
        spot.print =
            cache_pages_print(key->tool, key->tool_size, key->args, key->args_size);
    }
    else {
        GString *args = cache_canonical(key->args, key->args_size, NULL);
        if (args == NULL) {
            return;
        }
        spot.print = cache_pages_print(key->tool, key->tool_size, args->str, args->len);
        g_string_free(args, TRUE);
    }
    g_array_append_val(self->spots, spot);
}

/* Returns how much of the `size` bytes whole records take. */
static size_t
build_scan(PageBuild *self, const unsigned char *bytes, size_t size, bool is_end)
{
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
    CacheJournalRecord record;
    size_t at = 0;
    while (size - at >= CACHE_JOURNAL_RECORD_MIN) {
        size_t claimed = cache_journal_claimed(bytes + at);
        if (claimed > size - at && !is_end) {
            break; /* it goes on behind this part */
        }
        size_t sound = cache_journal_sound(bytes + at, bytes + size);
        if (sound != 0 && cache_journal_parse(bytes + at, sound, 0, &record, tags)) {
            build_add(self, &record, (uint32_t)at);
        }
        at += MAX(sound, 1);
    }
    return is_end ? size : at;
}

static gint
build_compare(gconstpointer a, gconstpointer b)
{
    const PageSpot *x = a;
    const PageSpot *y = b;
    if (x->print != y->print) {
        return x->print < y->print ? -1 : 1;
    }
    return x->at > y->at ? -1 : 1;
}

static GByteArray *
build_finish(PageBuild *self)
{
    GByteArray *value = g_byte_array_new();
    g_array_sort(self->spots, build_compare);
    self->head.spots = self->spots->len;
    self->head.barriers = self->barriers->len;
    g_byte_array_append(value, (const guint8 *)&self->head, sizeof(self->head));
    g_byte_array_append(value, (const guint8 *)self->spots->data,
                        (guint)(self->spots->len * sizeof(PageSpot)));
    g_byte_array_append(value, (const guint8 *)self->barriers->data,
                        (guint)(self->barriers->len * sizeof(uint32_t)));
    return value;
}

/* The part of the file, longer if a record needs it. NULL: it cannot be read. */
static unsigned char *
pages_part(int descriptor, uint64_t from, uint64_t end, size_t *ret_size)
{
    unsigned char head[CACHE_JOURNAL_RECORD_MIN];
    uint64_t first =
        cache_journal_read_at(descriptor, head, from, sizeof(head)) == sizeof(head)
            ? cache_journal_claimed(head)
            : 0;
    uint64_t wanted = MIN(MAX(PAGES_PART, first), end - from);
    unsigned char *bytes = g_try_malloc(wanted);
    if (bytes == NULL || wanted > UINT32_MAX ||
        cache_journal_read_at(descriptor, bytes, from, wanted) != wanted) {
        g_free(bytes);
        return NULL;
    }
    *ret_size = wanted;
    return bytes;
}

GByteArray *
cache_pages_build(int descriptor, uint64_t from, uint64_t end, uint64_t *ret_to)
{
    size_t size;
    if (end < from + CACHE_JOURNAL_RECORD_MIN) {
        return NULL;
    }
    g_autofree unsigned char *bytes = pages_part(descriptor, from, end, &size);
    if (bytes == NULL) {
        return NULL;
    }
    PageBuild build = {
        .spots = g_array_new(FALSE, FALSE, sizeof(PageSpot)),
        .barriers = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
    };
    size_t used = build_scan(&build, bytes, size, from + size == end);
    build.head.from = from;
    build.head.to = *ret_to = from + used;
    GByteArray *value = build_finish(&build);
    g_array_unref(build.spots);
    g_array_unref(build.barriers);
    return value;
}

GByteArray *
cache_pages_seal(GByteArray *value, uint64_t at, uint64_t last)
{
    PageHead *head = (PageHead *)(void *)value->data;
    head->self = at;
    head->last = last;
    CacheJournalRecord record = {
        .op = CACHE_JOURNAL_INDEX,
        .key = {.tool = "", .args = ""},
        .value = {.bytes = value->data, .size = value->len},
    };
    GByteArray *out = g_byte_array_sized_new(value->len + 128);
    cache_journal_encode(out, &record);
    g_byte_array_unref(value);
    return out;
}

/* ---- reading -------------------------------------------------------------- */

static bool
pages_head(const CacheJournalRecord *record, uint64_t at, PageHead *ret_head)
{
    if (record->op != CACHE_JOURNAL_INDEX || record->value.size < sizeof(*ret_head)) {
        return false;
    }
    memcpy(ret_head, record->value.bytes, sizeof(*ret_head));
    uint64_t size = sizeof(*ret_head) + (uint64_t)ret_head->spots * sizeof(PageSpot) +
                    (uint64_t)ret_head->barriers * sizeof(uint32_t);
    return size == record->value.size && ret_head->self == at &&
           ret_head->from <= ret_head->to && ret_head->to <= at && ret_head->last < at;
}

bool
cache_pages_is_index(const CacheJournalRecord *record, uint64_t at, uint64_t *ret_to)
{
    PageHead head;
    if (!pages_head(record, at, &head)) {
        return false;
    }
    *ret_to = head.to;
    return true;
}

static void
pages_take(CachePages *self, const CacheJournalRecord *record, const PageHead *head)
{
    const unsigned char *spots = (const unsigned char *)record->value.bytes;
    size_t size = head->spots * sizeof(PageSpot);
    spots += sizeof(*head);
    Page page = {head->from, head->spots, g_memdup2(spots, size)};
    g_array_append_val(self->pages, page);
    for (uint32_t i = 0; i < head->barriers; i++) {
        uint32_t at;
        memcpy(&at, spots + size + i * sizeof(at), sizeof(at));
        uint64_t barrier = head->from + at;
        g_array_append_val(self->barriers, barrier);
    }
}

/* Returns false if there is no index at `at`. */
static bool
pages_read_one(CachePages *self, int descriptor, uint64_t at, PageHead *ret_head)
{
    unsigned char start[CACHE_JOURNAL_RECORD_MIN];
    ToolCacheTag tags[TOOL_CACHE_TAGS_MAX];
    CacheJournalRecord record;
    if (cache_journal_read_at(descriptor, start, at, sizeof(start)) != sizeof(start)) {
        return false;
    }
    size_t size = cache_journal_claimed(start);
    g_autofree unsigned char *bytes = size > 0 ? g_try_malloc(size) : NULL;
    if (bytes == NULL || cache_journal_read_at(descriptor, bytes, at, size) != size ||
        cache_journal_sound(bytes, bytes + size) != size ||
        !cache_journal_parse(bytes, size, 0, &record, tags) ||
        !pages_head(&record, at, ret_head)) {
        return false;
    }
    pages_take(self, &record, ret_head);
    return true;
}

CachePages *
cache_pages_read(int descriptor, uint64_t last, uint64_t start)
{
    CachePages *self = g_new0(CachePages, 1);
    PageHead head = {.last = last};
    bool is_chain = true;
    self->pages = g_array_new(FALSE, FALSE, sizeof(Page));
    self->barriers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    while (is_chain && head.last != 0) {
        uint64_t from = head.from;
        uint64_t at = head.last;
        is_chain = pages_read_one(self, descriptor, at, &head) &&
                   (at == last || head.to == from);
    }
    if (!is_chain || head.from != start) {
        cache_pages_free(self);
        return NULL;
    }
    return self;
}

void
cache_pages_free(CachePages *self)
{
    if (self == NULL) {
        return;
    }
    for (guint i = 0; i < self->pages->len; i++) {
        g_free(g_array_index(self->pages, Page, i).spots);
    }
    g_array_unref(self->pages);
    g_array_unref(self->barriers);
    g_free(self);
}

const uint64_t *
cache_pages_barriers(const CachePages *self, size_t *ret_count)
{
    *ret_count = self->barriers->len;
    return (const uint64_t *)(void *)self->barriers->data;
}

/* The first spot of that print, or where it would be. */
static uint32_t
page_lower_bound(const Page *page, uint32_t print)
{
    uint32_t low = 0;
    uint32_t high = page->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (page->spots[middle].print < print) {
            low = middle + 1;
        }
        else {
            high = middle;
        }
    }
    return low;
}

/* `position`: number of the page in the upper half, how many of its spots were tried in
 * the lower. */
uint64_t
cache_pages_find(const CachePages *self, uint32_t print, uint64_t *position)
{
    for (; *position >> 32 < self->pages->len;
         *position = ((*position >> 32) + 1) << 32) {
        const Page *page = &g_array_index(self->pages, Page, *position >> 32);
        uint64_t spot = page_lower_bound(page, print) + (*position & UINT32_MAX);
        if (spot < page->count && page->spots[spot].print == print) {
            (*position)++;
            return page->from + page->spots[spot].at;
        }
    }
    return 0;
}
