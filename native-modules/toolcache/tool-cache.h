/* SPDX-License-Identifier: MIT */
/* tool-cache.h - bounded store of tool results, shared by threads and processes.
 *
 * Purpose    remembers what a tool answered to given arguments, for every thread,
 *            interpreter and forked process of a run, at the cost of a local table.
 * Ownership  a ToolCache is reference counted; keys and values are borrowed for the
 *            call and copied; results are copied into memory of the caller.
 * Threads    every function may be called from any thread of any process that has the
 *            store, and after fork(). Nothing calls back. Writers wait for each other
 *            per shard, for well under a microsecond; readers wait for nobody.
 * Errors     domain TOOL_CACHE_ERROR. A failed call changed nothing. A process that
 *            dies anywhere inside costs at most one shard's entries.
 * Memory     small fixed allocations abort when memory is gone (GLib); a value that
 *            does not fit the bounds is refused and counted.
 * Limits     TOOL_CACHE_ENTRIES_MAX, TOOL_CACHE_BYTES_MAX; tool and arguments
 *            together 4 MB; a value 4 GB, half of max_bytes when there are several
 *            shards (more than 16,384 entries). Time is kept in steps of 0.26 ms.
 * Cost       a hit 40 ns and a copy; set 0.3 us; every call O(1) but clear, items and
 *            the first tool_cache_new(), which costs two page faults a shard.
 * Example    ToolCacheKey key = {"web", 3, "{\"q\":1}", 7};
 *            ToolCacheValue value = {TOOL_CACHE_BYTES, "answer", 6};
 *            tool_cache_set(cache, &key, &value, NULL, NULL);
 *            ToolCacheHit hit;
 *            if (tool_cache_find(cache, &key, &hit, NULL) == TOOL_CACHE_FOUND)
 *                tool_cache_read(cache, &hit, buffer);   // hit.size bytes
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base-clock.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOOL_CACHE_ENTRIES_MAX   (UINT64_C(1) << 31)
#define TOOL_CACHE_BYTES_MAX     (UINT64_C(1) << 34)
#define TOOL_CACHE_BYTES_DEFAULT (UINT64_C(256) << 20)
#define TOOL_CACHE_NAME_MAX      64 /* bytes of a store's name */
#define TOOL_CACHE_STORES_MAX    64 /* named stores of a run */

#define TOOL_CACHE_ERROR         (tool_cache_error_quark())
GQuark tool_cache_error_quark(void);

typedef enum {
    TOOL_CACHE_ERROR_LIMITS,  /* a bound that is zero or too large */
    TOOL_CACHE_ERROR_NAME,    /* a store's name that is empty or too long */
    TOOL_CACHE_ERROR_MEMORY,  /* the system gave no mapping */
    TOOL_CACHE_ERROR_FULL,    /* TOOL_CACHE_STORES_MAX named stores exist */
    TOOL_CACHE_ERROR_RUN,     /* the run's directory was closed or is damaged */
    TOOL_CACHE_ERROR_JSON,    /* arguments that are not JSON */
    TOOL_CACHE_ERROR_KEY,     /* tool and arguments, or a partition, are too large */
    TOOL_CACHE_ERROR_JOURNAL, /* the journal's file cannot be used */
} ToolCacheError;

typedef struct ToolCache ToolCache;

typedef struct {
    uint64_t max_entries; /* at most; 1 or more */
    uint64_t max_bytes;   /* of entries with their headers; 0: the default */
    uint64_t ttl_ns;      /* life of an entry; 0: until evicted */
} ToolCacheLimits;

/* How the bytes of a value are to be understood; kept with it. */
typedef enum {
    TOOL_CACHE_BYTES,
    TOOL_CACHE_ASCII,
    TOOL_CACHE_LATIN1,
    TOOL_CACHE_UCS2, /* native byte order */
    TOOL_CACHE_UCS4,
} ToolCacheKind;

typedef struct {
    const char *tool; /* as tool_cache_scope() makes it */
    size_t tool_size;
    const char *args; /* JSON text; equal JSON values are equal keys */
    size_t args_size;
    uint64_t tool_hash; /* tool_cache_hash_tool(), or 0: not known */
} ToolCacheKey;

#define TOOL_CACHE_PARTITION_MAX 128 /* bytes of its name */

typedef struct {
    const char *partition; /* NULL: none */
    size_t partition_size;
    const char *tool;
    size_t tool_size;
} ToolCacheScope;

/* The name by which a store knows that tool, or tag, of that partition (a tenant): no
 * two scopes share one. NULL when it is the tool's name as it is, which nearly all
 * without a partition are; else free it with g_free(). */
char *tool_cache_scope(const ToolCacheScope *scope, size_t *ret_size);

/* The way back; the parts are borrowed from `name`. */
void tool_cache_unscope(const char *name, size_t size, ToolCacheScope *ret_scope);

/* For callers that name the same tool again and again. */
uint64_t tool_cache_hash_tool(const ToolCache *self, const char *tool, size_t size);

typedef struct {
    ToolCacheKind kind;
    const void *bytes;
    size_t size;
} ToolCacheValue;

#define TOOL_CACHE_TAGS_MAX 16 /* of one entry */

typedef struct {
    const char *text;
    size_t size;
} ToolCacheTag;

/* NULL where one is expected: all zero. */
typedef struct {
    uint64_t ttl_ns; /* 0: the store's; UINT64_MAX: for ever */
    const ToolCacheTag *tags;
    size_t tag_count;  /* at most TOOL_CACHE_TAGS_MAX; more are refused */
    uint64_t stale_ns; /* for so long after its life tool_cache_find_stale() finds it;
                          at most 13 days */
    double jitter;     /* 0 to 1: the life is shorter by up to that part of it */
} ToolCacheSetOptions;

/* Where an entry was found; private. */
typedef struct {
    uint64_t changes; /* up to which it is known to be there, and noted; 0: none */
    uint64_t life;
    uint32_t bucket;
    uint16_t shard, slot;
} ToolCachePlace;

/* The result of a search. Valid for any length of time: tool_cache_read() notices
 * when the entry is no longer the one that was found. */
typedef struct {
    ToolCacheKind kind;
    bool is_plain; /* tool_cache_is_same() may be asked about it */
    bool is_stale; /* its life is over: tool_cache_find_stale() */
    size_t size;
    /* private */
    ToolCachePlace place;
    uint64_t version; /* of the place's bucket */
    uint64_t offset;
} ToolCacheHit;

typedef enum {
    TOOL_CACHE_FOUND,
    TOOL_CACHE_MISSING,
    TOOL_CACHE_INVALID, /* not JSON, or too large: error is set */
} ToolCacheResult;

/* A store of its own, shared with the processes forked from this one afterwards. */
ToolCache *tool_cache_new(const ToolCacheLimits *limits, GError **error);

/* The run's store of that name; made with `limits` when it is the first to ask. The run
 * is the process that first called tool_cache_run_begin(), and all forked from it.
 * Returns a new reference. max_entries 0: whatever it has, 10,000 for a new one.
 * *ret_is_same (may be NULL): the store has the bounds that were asked for. */
ToolCache *tool_cache_open(const char *name, const ToolCacheLimits *limits,
                           bool *ret_is_same, GError **error);

/* The store of that name which all runs of this user share, a file in the runtime
 * folder; it outlives them. Fails when the folder is missing, others may write there,
 * the file is another version's or there is no room. max_entries as above. Returns a
 * handle of one's own. */
ToolCache *tool_cache_open_user(const char *name, const ToolCacheLimits *limits,
                                GError **error);

/* Makes the directory of named stores; forked processes find it. Cheap to repeat. */
bool tool_cache_run_begin(GError **error);

/* Names of the stores that the run has by now, in whatever process they were made. Free
 * with g_strfreev(). */
char **tool_cache_run_names(void);

/* Reads what an earlier run wrote to the file and from now on writes every change to
 * it. The store must be new and unnamed. Fails, and leaves the store as it was, when
 * the file cannot be used: a folder, not writable, another run's, a newer version's. */
bool tool_cache_journal(ToolCache *self, const char *path, GError **error);

/* Reading goes on in the background, the newest entries first; what is set, deleted or
 * invalidated meanwhile counts as newer than all of the file. fork() waits for the end.
 */
bool tool_cache_is_loading(const ToolCache *self);

/* Waits for the end, at most so long. Returns whether it is there. */
bool tool_cache_wait_loaded(ToolCache *self, int64_t timeout_ns);

/* While it goes on: the entry of that key, if the file has one, is put into the store
 * now. Returns false if that is not known yet: after so long, or when the file has no
 * index, as one that was not closed may lack for its end. */
bool tool_cache_fetch(ToolCache *self, const ToolCacheKey *key, int64_t timeout_ns);

ToolCache *tool_cache_ref(ToolCache *self);

/* NULL is allowed. */
void tool_cache_unref(ToolCache *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ToolCache, tool_cache_unref)

/* Bounds the store was made with; its name or NULL (borrowed). */
void tool_cache_limits(const ToolCache *self, ToolCacheLimits *ret_limits);
const char *tool_cache_name(const ToolCache *self);

/* Looks the key up; counts a hit or a miss. */
ToolCacheResult tool_cache_find(ToolCache *self, const ToolCacheKey *key,
                                ToolCacheHit *ret_hit, GError **error);

/* The same, but finds also what is kept for some time after its life, in case that
 * there is nothing better; *ret_age_ns: how long it is over. Counts no miss. */
ToolCacheResult tool_cache_find_stale(ToolCache *self, const ToolCacheKey *key,
                                      ToolCacheHit *ret_hit, int64_t *ret_age_ns,
                                      GError **error);

/* The same as tool_cache_find() for what most calls are: a key as it was spelled when
 * it was set, whose tool_hash is known and whose hash is tool_cache_hash(). False:
 * nothing was counted; ask tool_cache_find(). */
bool tool_cache_quick(ToolCache *self, const ToolCacheKey *key, uint64_t hash,
                      ToolCacheHit *ret_hit);

/* Of a key as it is spelled there; `tool_hash`: tool_cache_hash_tool(). */
uint64_t tool_cache_hash(const ToolCache *self, uint64_t tool_hash, const char *args,
                         size_t size);

/* Copies the value, hit->size bytes. Returns false if the entry was replaced or removed
 * since it was found: search again. */
bool tool_cache_read(ToolCache *self, const ToolCacheHit *hit, void *to);

/* Whether the entry of a plain hit is still the one that was found, and valid: a value
 * that was copied then is what a new search would return. Counts a hit if so, and notes
 * in the place how far it looked. For bindings that keep values they built; `version`
 * is that of the hit, apart because it is looked at only when something was set since.
 */
bool tool_cache_is_same(ToolCache *self, ToolCachePlace *place,
                        const uint64_t *version);

/* Of small texts: without a call to libc where it costs more than the work. */
bool tool_cache_equal(const void *a, const void *b, size_t size);

/* Whether the key is there; counts nothing. */
ToolCacheResult tool_cache_peek(ToolCache *self, const ToolCacheKey *key,
                                GError **error);

typedef enum {
    TOOL_CACHE_STORED,
    TOOL_CACHE_REFUSED, /* larger than the bounds; what was there is removed */
    TOOL_CACHE_NOT_SET, /* error is set */
} ToolCacheSetResult;

ToolCacheSetResult tool_cache_set(ToolCache *self, const ToolCacheKey *key,
                                  const ToolCacheValue *value,
                                  const ToolCacheSetOptions *options, GError **error);

ToolCacheResult tool_cache_delete(ToolCache *self, const ToolCacheKey *key,
                                  GError **error);

/* O(shards). */
void tool_cache_clear(ToolCache *self);

/* Entries of one tool, or with that tag, are gone at once; O(1), except once in 2,048
 * times. Their memory returns with time. */
void tool_cache_invalidate_tool(ToolCache *self, const char *tool, size_t tool_size);
void tool_cache_invalidate_tag(ToolCache *self, const char *tag, size_t tag_size);

/* All entries of a partition; O(names), 4,096 of them. */
void tool_cache_invalidate_partition(ToolCache *self, const char *partition,
                                     size_t size);

/* Entries that are still valid; frees those that are not any more. */
uint64_t tool_cache_count(ToolCache *self);

/* Frees expired entries and gives unused pages back; at most `budget` entries. Returns
 * whether there is more to do now. */
bool tool_cache_maintain(ToolCache *self, unsigned budget);

/* How long loads took: at most 0.25 ms, 0.5 ms, 1 ms ... 32.8 s, longer. */
#define TOOL_CACHE_LOAD_BUCKETS  19
#define TOOL_CACHE_LOAD_FIRST_NS (250 * INT64_C(1000))

typedef struct {
    uint64_t entries, bytes;
    uint64_t hits;
    uint64_t misses; /* all causes */
    uint64_t misses_expired, misses_evicted, misses_invalidated;
    uint64_t sets, refused, deleted;
    uint64_t evictions, expirations;
    uint64_t invalidations, shards_lost;
    uint64_t journal_ended; /* 1: the file could not be written any more */
    uint64_t stale_served;
    uint64_t flights_joined; /* misses that waited for another one's load */
    uint64_t loads_failed;
    uint64_t load_ns; /* of all loads together, failed ones too */
    uint64_t loads[TOOL_CACHE_LOAD_BUCKETS];
} ToolCacheStats;

/* Over all processes since the store was made. */
void tool_cache_stats(ToolCache *self, ToolCacheStats *ret_stats);

typedef struct {
    const char *name; /* as in a key; not terminated; cut to 232 bytes */
    size_t name_size;
    ToolCacheStats stats; /* counters of calls only */
} ToolCacheToolStats;

/* Calls `each` for every tool that was counted. */
void tool_cache_stats_by_tool(ToolCache *self,
                              void (*each)(const ToolCacheToolStats *tool, void *user),
                              void *user);

typedef struct {
    const char *tool;
    size_t tool_size;
    const char *args; /* as they were spelled when set */
    size_t args_size;
    ToolCacheValue value;
    int64_t expires_in_ns; /* -1: never */
    uint64_t stale_ns;
    const ToolCacheTag *tags;
    size_t tag_count;
} ToolCacheItem;

typedef struct ToolCacheIter ToolCacheIter;

/* A walk over the entries; each was in the store at some moment of the walk, and none
 * that is there all the time is missed. Those that others set meanwhile may be missed
 * or come twice. Waits for a journal that is still being read. The store must outlive
 * it. */
ToolCacheIter *tool_cache_iter_new(ToolCache *self);

/* *ret_item is valid until the next call. Returns false at the end. */
bool tool_cache_iter_next(ToolCacheIter *self, ToolCacheItem *ret_item);

void tool_cache_iter_free(ToolCacheIter *self);

/* The canonical form (RFC 8785) of arguments; free with g_free(). NULL on error. */
char *tool_cache_canonical(const char *text, size_t size, size_t *ret_size,
                           GError **error);

/* Test seam: replaces the clock of this process's handle. */
void tool_cache_set_clock(ToolCache *self, const BaseClock *clock);

/* ---- flights: one load per key, whoever asks -------------------------------
 *
 * Of all threads, tasks, interpreters and processes that miss a key, one becomes the
 * leader and loads; the others wait for it. A leader that died, or whose thread ended,
 * is replaced by one that waits. When all slots near a key's are taken, everyone who
 * asks for it leads. A ToolCacheFlight is a plain value; a leader ends it exactly once,
 * from any thread of its process. Only tool_cache_flight_wait() sleeps. */

#define TOOL_CACHE_FLIGHTS_MAX 1024
#define TOOL_CACHE_FLIGHT_TEXT 432 /* bytes of a failure that reach the waiters */

typedef enum {
    TOOL_CACHE_FLIGHT_LEAD,    /* load it; then end the flight */
    TOOL_CACHE_FLIGHT_WAIT,    /* somebody loads it */
    TOOL_CACHE_FLIGHT_OWN,     /* this very thread is loading it: waiting would hang */
    TOOL_CACHE_FLIGHT_DONE,    /* the leader ended it: search the store again */
    TOOL_CACHE_FLIGHT_FAILED,  /* the leader failed */
    TOOL_CACHE_FLIGHT_TIMEOUT, /* not yet */
    TOOL_CACHE_FLIGHT_INVALID, /* the key is: error is set */
} ToolCacheFlightState;

typedef struct {
    uint64_t hash;
    uint32_t slot; /* TOOL_CACHE_FLIGHTS_MAX: led without a slot */
    uint32_t turn;
    int32_t process;
    uint32_t tool;    /* where it is counted */
    int64_t began_ns; /* when it was led */
} ToolCacheFlight;

ToolCacheFlightState tool_cache_flight_join(ToolCache *self, const ToolCacheKey *key,
                                            ToolCacheFlight *ret_flight,
                                            GError **error);

/* Waits at most `timeout_ns`. LEAD: the leader is gone and the caller takes over.
 * FAILED: *ret_text (TOOL_CACHE_FLIGHT_TEXT bytes) is what the leader ended with.
 * TIMEOUT also after a signal. */
ToolCacheFlightState tool_cache_flight_wait(ToolCache *self, ToolCacheFlight *flight,
                                            int64_t timeout_ns, char *ret_text,
                                            size_t *ret_size);

/* The leader is done, which is counted with the time it took. `failure` NULL: well. In
 * a process forked from the leader's this does nothing. */
void tool_cache_flight_end(ToolCache *self, const ToolCacheFlight *flight,
                           const char *failure, size_t size);

/* The leader did not load after all, or gives up: the waiters search the store again,
 * and one of those who find nothing leads. */
void tool_cache_flight_abandon(ToolCache *self, const ToolCacheFlight *flight);

#ifdef __cplusplus
}
#endif
