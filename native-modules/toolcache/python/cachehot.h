/* SPDX-License-Identifier: MIT */
/* cachehot.h - objects that were built for hits, to be returned again.
 *
 * Purpose    a hit on a value that was returned before need not be copied again, and
 * one with the very same key objects need not even be hashed: the engine tells in a few
 * loads whether the entry is still the same. Ownership  one table a Store object, so
 * one interpreter; holds references to keys and values, all str or bytes. Threads the
 * interpreter's lock. Without one (free-threaded build) there is no table. Limits
 * CACHEHOT_SIZE_MAX bytes a key or value; at most 2.8 MB in all. Cost       an object
 * gets in when it is met for the second time.
 */
#pragma once

#include "cachemodule.h"

typedef struct CacheHot CacheHot;

/* NULL is allowed. */
void cachehot_free(CacheHot *self);

/* The value for these key objects; NULL without exception if it is not known. */
PyObject *cachehot_get(CacheHot *self, ToolCache *cache, PyObject *tool,
                       PyObject *args);

/* The value of the entry that was found, if it was built before; or NULL. */
PyObject *cachehot_value(CacheHot *self, ToolCache *cache, const ToolCacheHit *hit);

/* `value` was built for that hit and those keys. */
void cachehot_remember(CacheHot **self, const ToolCacheHit *hit, PyObject *tool,
                       PyObject *args, PyObject *value);
