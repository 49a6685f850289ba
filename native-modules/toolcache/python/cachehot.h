/* SPDX-License-Identifier: MIT */
/* cachehot.h - objects that were built for hits, to be returned again.
 *
 * Purpose    a hit on a value that was returned before need not be copied again, and
 *            neither the store's hash nor its buckets are needed: the engine
 *            tells in a few loads whether the entry is still the same.
 * Ownership  one table a Store object, so one interpreter; holds references to keys
 *            and values, all str or bytes.
 * Threads    the interpreter's lock. Without one (free-threaded build) there is no
 *            table.
 * Limits     80 bytes a key, 1,024 a value; 4,096 by their text, 2,048 by their
 *            objects.
 * Cost       an object gets in when it is met for the second time.
 */
#pragma once

#include "cachemodule.h"

typedef struct CacheHot CacheHot;

/* Of a str that is known to be compact ASCII. */
static inline const char *
cachehot_text(PyObject *text)
{
    return (const char *)((PyASCIIObject *)text + 1);
}

static inline size_t
cachehot_size(PyObject *text)
{
    return (size_t)((PyASCIIObject *)text)->length;
}

/* Whether Python knows the text's hash, so that it was used for something before. Most
 * texts come off the wire, are used once and are gone; only of others objects are kept.
 */
static inline bool
cachehot_is_used(PyObject *text)
{
    return ((PyASCIIObject *)text)->hash != -1;
}

/* NULL is allowed, here and below. */
void cachehot_free(CacheHot *self);

/* The value for these very objects, `args` used before; NULL without exception if it is
 * not known. */
PyObject *cachehot_same(CacheHot *self, ToolCache *cache, PyObject *tool,
                        PyObject *args);

/* The value for that key, both ASCII str; `tool_hash` is tool_cache_hash_tool(). */
PyObject *cachehot_find(CacheHot *self, ToolCache *cache, uint64_t tool_hash,
                        PyObject *tool, PyObject *args);

/* `value` was built for the hit, which was found by that key; makes the table if there
 * is none. */
void cachehot_keep(CacheHot **self, uint64_t tool_hash, const ToolCacheHit *hit,
                   PyObject *tool, PyObject *args, PyObject *value);
