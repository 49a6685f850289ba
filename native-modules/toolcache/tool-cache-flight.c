/* SPDX-License-Identifier: MIT */
/* Flights: who loads a missing key, and who waits for it.
 *
 * A slot goes through turns. `turn` grows when the leader ends or is replaced, and is
 * what waiters sleep on. All changes are made under the header's flights_lock, each in
 * an order that leaves a slot usable when its writer dies. */
#include "tool-cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base-futex.h"
#include "cache-canonical-private.h"
#include "cache-count-private.h"
#include "cache-key-private.h"
#include "cache-names-private.h"

enum {
    FLIGHT_PROBE_MAX = 8,
    FLIGHT_SLICE_MS = 5,    /* between two looks whether the leader lives ... */
    FLIGHT_SLICE_SHARE = 4, /* ... by some waiter, of many */
};

/* Who leads: enough to tell a thread from a later one of the same number. */
typedef struct {
    int32_t process, thread;
    uint64_t born;
} FlightLeader;

static bool
flight_lock(ToolCache *cache)
{
    return base_lock_acquire(&cache->header->flights_lock) != BASE_LOCK_BROKEN;
}

static void
flight_unlock(ToolCache *cache)
{
    base_lock_release(&cache->header->flights_lock);
}

/* Returns the time the thread began, 0 if it does not live (any more). */
static uint64_t
flight_born(int32_t process, int32_t thread)
{
    char path[64];
    char text[512];
    g_snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", process, thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    ssize_t size = read(file, text, sizeof(text) - 1);
    close(file);
    text[MAX(size, 0)] = '\0';
    /* The name in brackets may hold anything; the state follows the last bracket. */
    const char *rest = strrchr(text, ')');
    char state = 'X';
    unsigned long long born = 0;
    if (rest == NULL ||
        sscanf(rest,
               ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
               "%*s %*s %*s %llu",
               &state, &born) != 2) {
        return 0;
    }
    return state == 'Z' || state == 'X' ? 0 : born + 1;
}

static FlightLeader
flight_self(void)
{
    FlightLeader self = {(int32_t)getpid(), (int32_t)syscall(SYS_gettid), 0};
    self.born = flight_born(self.process, self.thread);
    return self;
}

static bool
flight_is_led(const CacheFlightSlot *slot)
{
    if (slot->process == 0) {
        return false;
    }
    uint64_t born = flight_born(slot->process, slot->thread);
    /* Without /proc nobody can be told dead: the caller's deadline then decides. */
    return born == slot->born || (slot->born == 0 && born == 0);
}

static uint32_t
flight_turn(CacheFlightSlot *slot)
{
    return atomic_load_explicit(&slot->turn, memory_order_acquire);
}

/* Caller holds the lock. */
static void
flight_next_turn(CacheFlightSlot *slot)
{
    atomic_fetch_add_explicit(&slot->turn, 1, memory_order_release);
    base_futex_wake_all((uint32_t *)&slot->turn);
}

static void
flight_lead(CacheFlightSlot *slot, uint64_t hash, FlightLeader leader)
{
    slot->hash = hash;
    slot->born = leader.born;
    slot->thread = leader.thread;
    slot->process = leader.process;
    flight_next_turn(slot);
}

/* The slot of that hash, or else one that nobody needs; NULL if there is none. */
static CacheFlightSlot *
flight_slot(ToolCache *cache, uint64_t hash)
{
    CacheFlightSlot *spare = NULL;
    for (uint32_t probe = 0; probe < FLIGHT_PROBE_MAX; probe++) {
        uint32_t index = (uint32_t)((hash >> 20) + probe) % TOOL_CACHE_FLIGHTS_MAX;
        CacheFlightSlot *slot = &cache->flights[index];
        if (slot->process != 0 && slot->hash == hash) {
            return slot;
        }
        if (spare == NULL && slot->process == 0) {
            spare = slot;
        }
    }
    for (uint32_t probe = 0; spare == NULL && probe < FLIGHT_PROBE_MAX; probe++) {
        uint32_t index = (uint32_t)((hash >> 20) + probe) % TOOL_CACHE_FLIGHTS_MAX;
        spare = flight_is_led(&cache->flights[index]) ? NULL : &cache->flights[index];
    }
    return spare;
}

static ToolCacheFlightState
flight_join_locked(ToolCache *cache, ToolCacheFlight *flight, FlightLeader self)
{
    CacheFlightSlot *slot = flight_slot(cache, flight->hash);
    flight->process = self.process;
    if (slot == NULL) {
        flight->slot = TOOL_CACHE_FLIGHTS_MAX;
        return TOOL_CACHE_FLIGHT_LEAD;
    }
    bool is_led = slot->process != 0 && slot->hash == flight->hash &&
                  (slot->process == self.process || flight_is_led(slot));
    flight->slot = (uint32_t)(slot - cache->flights);
    if (!is_led) {
        flight_lead(slot, flight->hash, self);
    }
    flight->turn = flight_turn(slot);
    if (!is_led) {
        return TOOL_CACHE_FLIGHT_LEAD;
    }
    bool is_own = slot->process == self.process && slot->thread == self.thread &&
                  slot->born == self.born;
    return is_own ? TOOL_CACHE_FLIGHT_OWN : TOOL_CACHE_FLIGHT_WAIT;
}

/* Of the canonical key, so that every spelling joins the same flight. */
static bool
flight_name(ToolCache *cache, const ToolCacheKey *key, ToolCacheFlight *flight,
            GError **error)
{
    g_autoptr(GString) args = cache_canonical(key->args, key->args_size, error);
    ToolCacheKey canonical = *key;
    CacheKey full;
    if (args == NULL) {
        return false;
    }
    canonical.args = args->str;
    canonical.args_size = args->len;
    if (!cache_key_init(&full, cache, &canonical)) {
        g_set_error_literal(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_KEY,
                            "tool and arguments are too large");
        return false;
    }
    flight->hash = full.hash;
    flight->tool = cache_names_add(cache, CACHE_NAME_TOOL, full.tool_hash, key->tool,
                                   key->tool_size);
    return true;
}

ToolCacheFlightState
tool_cache_flight_join(ToolCache *self, const ToolCacheKey *key,
                       ToolCacheFlight *ret_flight, GError **error)
{
    if (!flight_name(self, key, ret_flight, error)) {
        return TOOL_CACHE_FLIGHT_INVALID;
    }
    FlightLeader leader = flight_self();
    ret_flight->began_ns = base_clock_now(&self->clock);
    if (!flight_lock(self)) {
        ret_flight->process = leader.process;
        ret_flight->slot = TOOL_CACHE_FLIGHTS_MAX;
        return TOOL_CACHE_FLIGHT_LEAD;
    }
    ToolCacheFlightState state = flight_join_locked(self, ret_flight, leader);
    flight_unlock(self);
    if (state == TOOL_CACHE_FLIGHT_WAIT) {
        cache_count(self, ret_flight->tool, CACHE_COUNT_JOINED);
    }
    return state;
}

/* The turn that was waited for is over. */
static ToolCacheFlightState
flight_outcome(ToolCache *cache, const ToolCacheFlight *flight, char *ret_text,
               size_t *ret_size)
{
    CacheFlightSlot *slot = &cache->flights[flight->slot];
    ToolCacheFlightState state = TOOL_CACHE_FLIGHT_DONE;
    if (!flight_lock(cache)) {
        return state;
    }
    if (slot->failed_turn == flight->turn && slot->failed_hash == flight->hash) {
        *ret_size = MIN(slot->text_size, TOOL_CACHE_FLIGHT_TEXT);
        memcpy(ret_text, slot->text, *ret_size);
        state = TOOL_CACHE_FLIGHT_FAILED;
    }
    flight_unlock(cache);
    return state;
}

/* The leader does not live any more: the caller leads, unless somebody was faster. */
static bool
flight_take_over(ToolCache *cache, ToolCacheFlight *flight)
{
    CacheFlightSlot *slot = &cache->flights[flight->slot];
    FlightLeader self = flight_self();
    if (!flight_lock(cache)) {
        return false;
    }
    bool is_mine = flight_turn(slot) == flight->turn;
    if (is_mine) {
        flight_lead(slot, flight->hash, self);
        flight->turn = flight_turn(slot);
        flight->process = self.process;
        flight->began_ns = base_clock_now(&cache->clock);
    }
    flight_unlock(cache);
    return is_mine;
}

/* Many waiters look less often each. */
static int64_t
flight_slice(CacheFlightSlot *slot)
{
    uint32_t waiters = atomic_load_explicit(&slot->waiters, memory_order_relaxed);
    return (1 + MIN(waiters, 4096) / FLIGHT_SLICE_SHARE) * FLIGHT_SLICE_MS *
           BASE_CLOCK_MILLISECOND_NS;
}

/* Sleeps until the turn is over. LEAD, TIMEOUT or DONE. */
static ToolCacheFlightState
flight_sleep(ToolCache *cache, ToolCacheFlight *flight, int64_t timeout_ns)
{
    CacheFlightSlot *slot = &cache->flights[flight->slot];
    int64_t end = base_clock_now(&cache->clock) + timeout_ns;
    int64_t left = timeout_ns;
    while (flight_turn(slot) == flight->turn) {
        if (left <= 0) {
            return TOOL_CACHE_FLIGHT_TIMEOUT;
        }
        int64_t slice = MIN(left, flight_slice(slot));
        if (!base_futex_wait((uint32_t *)&slot->turn, flight->turn, slice)) {
            if (errno == EINTR) {
                return TOOL_CACHE_FLIGHT_TIMEOUT;
            }
            if (flight_turn(slot) == flight->turn && !flight_is_led(slot) &&
                flight_take_over(cache, flight)) {
                return TOOL_CACHE_FLIGHT_LEAD;
            }
        }
        left = end - base_clock_now(&cache->clock);
    }
    return TOOL_CACHE_FLIGHT_DONE;
}

ToolCacheFlightState
tool_cache_flight_wait(ToolCache *self, ToolCacheFlight *flight, int64_t timeout_ns,
                       char *ret_text, size_t *ret_size)
{
    if (flight->slot >= TOOL_CACHE_FLIGHTS_MAX) {
        return TOOL_CACHE_FLIGHT_DONE;
    }
    CacheFlightSlot *slot = &self->flights[flight->slot];
    atomic_fetch_add_explicit(&slot->waiters, 1, memory_order_relaxed);
    ToolCacheFlightState state = flight_sleep(self, flight, timeout_ns);
    atomic_fetch_sub_explicit(&slot->waiters, 1, memory_order_relaxed);
    return state == TOOL_CACHE_FLIGHT_DONE
               ? flight_outcome(self, flight, ret_text, ret_size)
               : state;
}

static void
flight_count(ToolCache *cache, const ToolCacheFlight *flight, bool is_failed)
{
    int64_t took = MAX(base_clock_now(&cache->clock) - flight->began_ns, 0);
    unsigned bucket = 0;
    while (bucket + 1 < TOOL_CACHE_LOAD_BUCKETS && took > TOOL_CACHE_LOAD_FIRST_NS
                                                              << bucket) {
        bucket++;
    }
    cache_count(cache, flight->tool, (CacheCount)(CACHE_COUNT_LOAD + bucket));
    cache_count_by(cache, flight->tool, CACHE_COUNT_LOAD_NS, (uint64_t)took);
    if (is_failed) {
        cache_count(cache, flight->tool, CACHE_COUNT_LOAD_FAILED);
    }
}

/* Ends the turn; its waiters are told the failure, if there is one. */
static void
flight_finish(ToolCache *self, const ToolCacheFlight *flight, const char *failure,
              size_t size)
{
    if (flight->slot >= TOOL_CACHE_FLIGHTS_MAX || !flight_lock(self)) {
        return;
    }
    CacheFlightSlot *slot = &self->flights[flight->slot];
    if (flight_turn(slot) == flight->turn && slot->process == flight->process) {
        if (failure != NULL) {
            slot->text_size = (uint32_t)MIN(size, TOOL_CACHE_FLIGHT_TEXT);
            memcpy(slot->text, failure, slot->text_size);
            slot->failed_hash = flight->hash;
            slot->failed_turn = flight->turn;
        }
        slot->process = 0;
        flight_next_turn(slot);
    }
    flight_unlock(self);
}

void
tool_cache_flight_end(ToolCache *self, const ToolCacheFlight *flight,
                      const char *failure, size_t size)
{
    if (flight->process == (int32_t)getpid()) {
        flight_count(self, flight, failure != NULL);
        flight_finish(self, flight, failure, size);
    }
}

void
tool_cache_flight_abandon(ToolCache *self, const ToolCacheFlight *flight)
{
    if (flight->process == (int32_t)getpid()) {
        flight_finish(self, flight, NULL, 0);
    }
}
