/* SPDX-License-Identifier: MIT */
/* cache-layout-private.h - what is where in a store's mapping.
 *
 * Purpose    the structures in shared memory and the arithmetic that finds them. A
 *            drawing is in README.md.
 * Ownership  the mapping owns all of it; a CacheGeometry is a plain value that each
 *            process computes for itself and trusts, unlike anything in the mapping.
 * Threads    the guard of each group of fields is written above it.
 * Limits     the constants below.
 */
#pragma once

#include <glib.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base-lock.h"
#include "tool-cache.h"

#define CACHE_MAGIC   UINT64_C(0x31454843414C4F54) /* "TOLCACHE1", cut */
#define CACHE_VERSION 4u
#define CACHE_PAGE    4096u
#define CACHE_UNIT    8u /* bytes; blocks are whole units, references count them */

enum {
    CACHE_BUCKET_SLOTS = 8,
    CACHE_SHARDS_MAX = 16,
    CACHE_SHARD_ENTRIES = 8192, /* fewer entries than twice this: one shard */
    CACHE_TOUCH_RING = 512,     /* hits remembered for the policy, per shard */
    CACHE_NAMES = 4096,         /* rows for tools and tags; row 0 stands for the rest */
    CACHE_NAME_TEXT = 232,      /* bytes of a name that are kept for reports */
    CACHE_STRIPES = 64,         /* threads that count at once without sharing */
    CACHE_WHEEL_LEVELS = 6,
    CACHE_WHEEL_SLOTS = 64,
    CACHE_BINS_MAJOR = 32, /* free blocks by size: powers of two ... */
    CACHE_BINS_MINOR = 16, /* ... in this many steps */
    CACHE_GHOST_WAYS = 16,
    CACHE_RECENT_FACTOR = 2,     /* see policy_is_recent() */
    CACHE_SHADOWS = 4,           /* candidates that are tried in miniature */
    CACHE_CREDIT_MAX = 3,        /* uses that an entry is kept longer for */
    CACHE_SHADOW_ENTRIES = 1024, /* of a miniature, at most */
    CACHE_SHADOW_NODES = 3 * CACHE_SHADOW_ENTRIES,
    CACHE_SHADOW_HEADS = 4096,
};

#define CACHE_KEY_MAX   (((size_t)1 << 22) - 8) /* bytes of tool and arguments */
#define CACHE_VALUE_MAX ((size_t)UINT32_MAX - 64)
#define CACHE_BYTES_MIN ((uint64_t)4096)

/* Time in the mapping: 40 bits of 2^18 ns since boot, so 9 years. */
#define CACHE_TICK_SHIFT 18
#define CACHE_TICK_MAX   ((UINT64_C(1) << 40) - 1)

/* ---- index ---------------------------------------------------------------- */

/* One cache line. A reader takes `version`, looks, copies, and takes it again.
 * Written only under the shard's lock between cache_bucket_begin() and _end(), except
 * `touches`, which readers may set: at worst a wrong entry counts as used. */
typedef struct {
    _Atomic uint64_t version; /* bit 0: being written; 1-55: count; 56-63: spilled */
    _Atomic uint64_t tags[2]; /* eight of 16 bits; the top bit says "other spelling" */
    _Atomic uint32_t refs[CACHE_BUCKET_SLOTS];   /* 0: free */
    _Atomic uint8_t touches[CACHE_BUCKET_SLOTS]; /* epoch of the last recorded hit */
} CacheBucket;

#define CACHE_VERSION_BUSY  UINT64_C(1)
#define CACHE_VERSION_COUNT ((UINT64_C(1) << 56) - 1)
#define CACHE_SPILL_SHIFT   56
#define CACHE_TAG_ALIAS     0x8000u

/* ---- entries -------------------------------------------------------------- */

typedef enum {
    CACHE_SHAPE_KEY_MASK = 0x3FFFFF, /* bits 0-21: bytes of the key */
    CACHE_SHAPE_PAD_SHIFT = 22,      /* bits 22-23: spare units at the block's end */
    CACHE_SHAPE_KIND_SHIFT = 24,     /* bits 24-26: ToolCacheKind, 7: free block */
    CACHE_SHAPE_LIR = 1 << 27,       /* in the list of the often used */
    CACHE_SHAPE_EXTRA = 1 << 29,     /* a CacheExtra follows the header */
    CACHE_SHAPE_SPELLED = 1 << 30,   /* the key is not in canonical form */
} CacheShape;
#define CACHE_SHAPE_PREV_FREE (UINT32_C(1) << 31) /* the block before is free */
#define CACHE_KIND_FREE       7u

/* Header of a block in use; the optional CacheExtra, the key and the value follow.
 * `life`, key length, kind and `value_size` never change while the entry is in the
 * index; everything else is guarded by the shard's lock and not looked at by readers -
 * except by one that is late and still copies what was here before. Therefore every
 * write to a block is a relaxed atomic one in a ThreadSanitizer build. */
typedef struct {
    _Atomic uint64_t life;  /* 0-39 deadline in ticks, 40-51 tool, 52-63 generation */
    _Atomic uint32_t shape; /* CacheShape */
    uint32_t value_size;
    uint32_t hash;         /* low half of the canonical key's hash */
    uint32_t access;       /* 0-1 credit; 2-31 policy time of the last use */
    uint32_t newer, older; /* policy list */
    uint32_t timer_next, timer_prev;
} CacheEntry;

/* A block that is not in use. The last 4 bytes of the block repeat `units`. */
typedef struct {
    uint32_t units;
    uint32_t punched;       /* units from its start whose pages were given back */
    _Atomic uint32_t shape; /* CACHE_KIND_FREE */
    uint32_t next, prev;    /* in its bin */
} CacheFree;

#define CACHE_UNITS_MIN 4u /* a CacheFree and its repeated size */

G_STATIC_ASSERT(sizeof(CacheEntry) == 40);
G_STATIC_ASSERT(offsetof(CacheEntry, shape) == offsetof(CacheFree, shape));

#define CACHE_DEADLINE_NONE         CACHE_TICK_MAX
#define CACHE_LIFE_TOOL_SHIFT       40
#define CACHE_LIFE_GENERATION_SHIFT 52
#define CACHE_GENERATION_MASK       0xFFFu

/* What few entries have. */
typedef struct {
    uint32_t size;        /* bytes of this and what follows it; multiple of 8 */
    uint32_t stale_ticks; /* how long before the deadline it is no longer fresh */
    uint16_t tag_count;
    uint16_t reserved;
    /* tag_count of CacheTagMark follow */
} CacheExtra;

typedef struct {
    uint16_t name;
    uint16_t generation;
} CacheTagMark;

/* ---- shards --------------------------------------------------------------- */

typedef struct {
    uint32_t newest, oldest;
    uint32_t count;
} CacheList;

/* What is left of an entry. Written under the shard's lock, read by anyone. */
typedef struct {
    _Atomic uint32_t word; /* 0: empty; see cache-policy.c */
} CacheGhost;

/* Miniatures of a shard, see cache-shadow-private.h. Guarded by the shard's lock. */
typedef enum {
    CACHE_SHADOW_LIR,
    CACHE_SHADOW_HIR,
    CACHE_SHADOW_GHOST,
    CACHE_SHADOW_PLACES,
} CacheShadowPlace;

typedef struct {
    uint32_t key, access;
    uint16_t newer, older, chain;
    uint8_t place; /* CacheShadowPlace */
    uint8_t credit;
} CacheShadowNode;

typedef struct {
    uint16_t newest, oldest; /* index + 1; 0: none */
    uint32_t count;
} CacheShadowList;

typedef struct {
    uint32_t now, used;
    CacheShadowList lists[CACHE_SHADOW_PLACES];
    uint16_t heads[CACHE_SHADOW_HEADS];
    CacheShadowNode nodes[CACHE_SHADOW_NODES];
} CacheShadow;

typedef struct {
    uint32_t accesses, current;
    uint32_t scores[CACHE_SHADOWS]; /* hits, old ones counting less */
    CacheShadow each[CACHE_SHADOWS];
} CacheShadows;

typedef struct {
    BaseLock lock;

    /* Readers look at these; written under the lock. */
    alignas(64) _Atomic uint32_t epoch;   /* low byte: what `touches` are compared to */
    _Atomic uint32_t generation;          /* resets of this shard */
    alignas(64) _Atomic uint64_t changes; /* cache_bucket_changes() */

    /* Readers append; emptied under the lock. */
    alignas(64) _Atomic uint32_t touch_end;
    _Atomic uint64_t touch_ring[CACHE_TOUCH_RING]; /* bucket + 1 << 16 | tag */

    /* Guarded by the lock. */
    alignas(64) uint32_t count;
    bool is_dirty;        /* it held something since it was last emptied */
    _Atomic bool is_open; /* it may contradict itself: somebody is changing it */
    uint32_t touch_begin;
    uint64_t bytes; /* of blocks in use */
    /* policy */
    uint32_t now; /* one per insertion and per recorded hit */
    uint32_t epoch_left;
    CacheList lir, hir;
    uint32_t capacity; /* entries that fit, as the last eviction told; 0: not yet */
    uint32_t hir_target;
    bool is_patient; /* credit counts */
    /* allocator */
    uint32_t top;  /* units; nothing is allocated behind it */
    uint32_t high; /* highest top since pages were given back */
    uint32_t bins_major;
    uint32_t bins_minor[CACHE_BINS_MAJOR];
    uint32_t bins[CACHE_BINS_MAJOR][CACHE_BINS_MINOR];
    /* timer wheel */
    uint64_t wheel_now;
    uint64_t wheel_used[CACHE_WHEEL_LEVELS];
    uint32_t wheel[CACHE_WHEEL_LEVELS][CACHE_WHEEL_SLOTS];
    /* statistics */
    uint64_t evicted, expired;
} CacheShard;

/* ---- names, counters, header ---------------------------------------------- */

typedef struct {
    _Atomic uint64_t hash; /* 0: free row; written last */
    _Atomic uint32_t generation;
    uint32_t size; /* of the whole name */
    uint64_t
        partition; /* hash of its partition's name, 0: none; written before `hash` */
    char text[CACHE_NAME_TEXT];
} CacheName;

G_STATIC_ASSERT(sizeof(CacheName) == 256);

/* One thread's counts. */
typedef enum {
    CACHE_COUNT_HIT,
    CACHE_COUNT_MISS, /* never seen, or forgotten */
    CACHE_COUNT_MISS_EXPIRED,
    CACHE_COUNT_MISS_EVICTED,
    CACHE_COUNT_MISS_INVALIDATED,
    CACHE_COUNT_SET,
    CACHE_COUNT_REFUSED,
    CACHE_COUNT_DELETED,
    CACHE_COUNT_STALE, /* served though no longer fresh */
    CACHE_COUNT_JOINED,
    CACHE_COUNT_LOAD_FAILED,
    CACHE_COUNT_LOAD_NS, /* of all loads together */
    CACHE_COUNT_LOAD,    /* TOOL_CACHE_LOAD_BUCKETS of them, by how long they took */
    CACHE_COUNTS = CACHE_COUNT_LOAD + TOOL_CACHE_LOAD_BUCKETS + 1,
} CacheCount;

typedef struct {
    _Atomic uint64_t counts[CACHE_COUNTS];
} CacheRow;

G_STATIC_ASSERT(sizeof(CacheRow) == 256);

typedef struct {
    alignas(64) _Atomic uint64_t owner; /* process and thread; 0: free */
    CacheRow rows[CACHE_NAMES];         /* by tool; pages are taken as used */
} CacheStripe;

/* A load that is under way. Guarded by the header's flights_lock, except that waiters
 * sleep on `turn` and look at who leads; see tool-cache-flight.c. */
typedef struct {
    uint64_t hash;   /* of the canonical key */
    uint64_t born;   /* with `process` and `thread`: the leader */
    int32_t process; /* 0: nobody */
    int32_t thread;
    _Atomic uint32_t turn;
    _Atomic uint32_t waiters; /* about: who died while waiting is counted on */
    uint32_t failed_turn;     /* which turn `text` is about */
    uint64_t failed_hash;
    uint32_t text_size;
    char text[TOOL_CACHE_FLIGHT_TEXT + 4];
} CacheFlightSlot;

typedef struct {
    /* Immutable after creation, covered by `checksum`. */
    uint64_t magic;
    uint32_t version;
    uint32_t owner; /* user id */
    uint64_t max_entries, max_bytes;
    uint64_t mapping_bytes;
    uint64_t ttl_ns;
    uint64_t seed;
    uint64_t boot; /* which start of the system deadlines count from; 0: this one */
    uint64_t checksum;

    /* Changed under some shard's lock, read by anyone. */
    alignas(64) _Atomic uint64_t entries;
    alignas(64) _Atomic uint64_t bytes;

    /* Atomic, relaxed: statistics only. */
    alignas(64) _Atomic uint64_t shards_lost;
    _Atomic bool must_recount; /* a shard was lost: the totals are not right */
    _Atomic uint64_t invalidations;
    _Atomic uint64_t swept; /* `invalidations` when their entries were last removed */

    alignas(64) BaseLock names_lock;   /* guards writing of names */
    alignas(64) BaseLock flights_lock; /* guards flights */
    alignas(64) BaseLock journal_lock; /* guards the end of the journal's file */
    _Atomic bool journal_ended;        /* it could not be written any more */
    _Atomic bool journal_dirty;        /* not on disk yet */
    _Atomic uint64_t journal_bytes;    /* its size, about */
    uint32_t journal_run;              /* whose file it is; with journal_lock ... */
    uint32_t journal_epoch;            /* ... grows when another file takes its place */
    _Atomic uint64_t journal_indexed;  /* see cache_journal_set_indexed() */
    uint64_t journal_index_at;         /* with journal_lock, as it is written */
    BaseLock tidy_lock;                /* held by who makes that file */
} CacheHeader;

typedef struct {
    uint64_t max_entries, max_bytes;
    uint32_t shards;
    uint32_t buckets;       /* per shard */
    uint32_t ghost_sets;    /* per shard */
    uint32_t shard_entries; /* share of max_entries, for the policy */
    uint64_t names_at, flights_at, stripes_at, shards_at, shard_size;
    uint64_t buckets_at, buckets_size; /* size: of one shard */
    uint64_t ghosts_at, ghosts_size;
    uint64_t shadows_at, shadows_size;
    uint64_t arenas_at, arena_size;
    uint64_t mapping_bytes;
} CacheGeometry;

/* Whether a store can have these bounds; *ret_geometry is then set. */
bool cache_layout_check(const ToolCacheLimits *limits, CacheGeometry *ret_geometry,
                        GError **error);

/* `max_entries` and `max_bytes` must be within the limits above and not 0. */
void cache_layout_compute(CacheGeometry *ret_geometry, uint64_t max_entries,
                          uint64_t max_bytes);

/* Of the immutable fields. */
uint64_t cache_layout_checksum(const CacheHeader *header);
