/* SPDX-License-Identifier: MIT */
/* tool-cache-flight.h - one load per key, whoever asks: the second half of the public
 * header, for bindings that load on a miss.
 *
 * Purpose    of all threads, tasks, interpreters and processes that miss a key, one
 *            becomes the leader and loads; the others wait for it.
 * Ownership  a ToolCacheFlight is a plain value; a leader ends it exactly once with
 *            tool_cache_flight_end(), from any thread of its process.
 * Threads    any. tool_cache_flight_wait() sleeps; nothing else does.
 * Errors     none. A leader that died, or whose thread ended, is replaced by one that
 *            waits. When all TOOL_CACHE_FLIGHTS_MAX are under way, a load more is led
 *            by everyone who asks.
 * Example    switch (tool_cache_flight_join(cache, &key, &flight, &error)) {
 *            case TOOL_CACHE_FLIGHT_LEAD: load, set;
 *                tool_cache_flight_end(cache, &flight, NULL, 0); break;
 *            case TOOL_CACHE_FLIGHT_WAIT: tool_cache_flight_wait(...), find again; }
 */
#pragma once

#include "tool-cache.h"

#ifdef __cplusplus
extern "C" {
#endif

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

/* The leader is done. `failure` NULL: well. In a process forked from the leader's this
 * does nothing. */
void tool_cache_flight_end(ToolCache *self, const ToolCacheFlight *flight,
                           const char *failure, size_t size);

/* The leader gives up without a result; one of the waiters takes over. */
void tool_cache_flight_abandon(ToolCache *self, const ToolCacheFlight *flight);

#ifdef __cplusplus
}
#endif
