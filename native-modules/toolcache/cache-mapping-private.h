/* SPDX-License-Identifier: MIT */
/* cache-mapping-private.h - memory that forked processes share.
 *
 * Purpose    one store's mapping: made, formatted, found again.
 * Ownership  the caller unmaps.
 * Threads    any.
 * Errors     TOOL_CACHE_ERROR_MEMORY.
 */
#pragma once

#include "cache-view-private.h"

/* Shared anonymous memory, zeroed, not reserved. NULL on error. */
void *cache_mapping_new(size_t size, GError **error);

/* Formats zeroed memory as an empty store; the magic number is written last. `boot`:
 * see CacheHeader. */
bool cache_mapping_format(unsigned char *base, const CacheGeometry *geometry,
                          uint64_t ttl_ns, uint64_t boot, GError **error);

/* A handle for formatted memory at `base`, which it takes over. */
ToolCache *cache_mapping_handle(unsigned char *base, const char *name, GError **error);

/* The handle's addresses in its mapping. */
void cache_mapping_bind(ToolCache *cache);
