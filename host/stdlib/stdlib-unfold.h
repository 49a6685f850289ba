/* SPDX-License-Identifier: MIT */
/* stdlib-unfold.h - give byte code the inline caches back that folding.py left out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unfold into `out`, which must come out as exactly out_size bytes; false: damaged. */
bool stdlib_unfold(const uint8_t *folded, size_t folded_size, uint8_t *out,
                   size_t out_size);
