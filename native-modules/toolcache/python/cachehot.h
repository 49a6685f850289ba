/* SPDX-License-Identifier: MIT */
/* cachehot.h - objects that were built for hits, to be returned again.
 *
 * Purpose    a hit on a value that was returned before need not be copied again, and
 *            one with the very same key objects need not even be hashed: the engine
 *            tells in a few loads whether the entry is still the same.
 * Ownership  one table a Store object, so one interpreter; holds references to keys and
 *            values, all str or bytes.
 * Threads    the interpreter's lock. Without one (free-threaded build) there is no
 *            table.
 * Limits     1,024 bytes a key or value; 4,352 of each.
 * Cost       an object gets in when it is met for the second time.
 */
#pragma once

#include "cachemodule.h"

typedef struct CacheHot CacheHot;

/* NULL is allowed, here and below. */
void cachehot_free(CacheHot *self);

/* The value for these very objects; NULL without exception if it is not known. */
PyObject *cachehot_same(CacheHot *self, ToolCache *cache, PyObject *tool,
                        PyObject *args);

/* The value for that key, both ASCII str, whose hash that is. */
PyObject *cachehot_find(CacheHot *self, ToolCache *cache, uint64_t hash, PyObject *tool,
                        PyObject *args);

/* `value` was built for the hit, which was found by that key; makes the table if there
 * is none. */
void cachehot_keep(CacheHot **self, uint64_t hash, const ToolCacheHit *hit,
                   PyObject *tool, PyObject *args, PyObject *value);
