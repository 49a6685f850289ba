/* SPDX-License-Identifier: MIT */
/* mapping_shim.h - lets the stress tests reach what no caller may: the mapping itself,
 * and the hashes of keys. */
#pragma once

#include "tool-cache.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The parts of the mapping that hold something, one after the other. Returns false when
 * there is no part of that number. */
bool mapping_shim_part(ToolCache *cache, unsigned part, unsigned char **ret_at,
                       size_t *ret_size);

/* From now on all keys of the empty store have one and the same hash. */
void mapping_shim_blind(ToolCache *cache);

/* How many multiples to run: FERRULE_STRESS, or 1. */
unsigned mapping_shim_factor(void);

#ifdef __cplusplus
}
#endif
