/* SPDX-License-Identifier: MIT */
#include "guard-share.h"

#include "guard-private.h"

#include <base-hash.h>
#include <pthread.h>
#include <sys/random.h>

/* Lock order: this one alone. It guards the table, and references that come to or go
 * from zero. */
static pthread_mutex_t share_lock = PTHREAD_MUTEX_INITIALIZER; /* nocheck:static */
static pthread_once_t share_once = PTHREAD_ONCE_INIT;          /* nocheck:static */
/* nocheck:static: one of a process; SchemaGuard by its key */
static GHashTable *share_table;
static BaseHash share_hash; /* nocheck:static: immutable after start() */

static unsigned
hash_key(const void *guard)
{
    const GuardKey *key = &((const SchemaGuard *)guard)->key;
    return (unsigned)base_hash_bytes(&share_hash, key->bytes, key->length);
}

static gboolean
equal_keys(const void *a, const void *b)
{
    const GuardKey *x = &((const SchemaGuard *)a)->key;
    const GuardKey *y = &((const SchemaGuard *)b)->key;
    return x->length == y->length && memcmp(x->bytes, y->bytes, x->length) == 0;
}

static void
lock(void)
{
    pthread_mutex_lock(&share_lock);
}

static void
unlock(void)
{
    pthread_mutex_unlock(&share_lock);
}

/* A thread that forks holds the lock, so that no other can: the child finds the table
 * whole. */
static void
start(void)
{
    uint64_t seed = 0;
    /* Without entropy, a seed that differs at least from run to run. */
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) {
        seed = (uint64_t)(uintptr_t)&seed;
    }
    base_hash_init(&share_hash, seed);
    share_table = g_hash_table_new(hash_key, equal_keys);
    pthread_atfork(lock, unlock, unlock);
}

static void
append(GByteArray *out, const void *bytes, size_t length)
{
    uint64_t size = length; /* so that no two lists of texts look alike */
    g_byte_array_append(out, (const uint8_t *)&size, sizeof size);
    g_byte_array_append(out, bytes, (guint)length);
}

void
guard_key_init(GuardKey *self, const char *schema, size_t length,
               const SchemaGuardOptions *options)
{
    uint64_t numbers[] = {options->draft,     options->ignores_formats,
                          options->depth_max, options->allows_duplicates,
                          options->bytes_max, options->mask != NULL};
    const char *mask = options->mask != NULL ? options->mask : "";
    GByteArray *out = g_byte_array_new();
    append(out, numbers, sizeof numbers);
    append(out, mask, strlen(mask));
    append(out, schema, length);
    for (size_t i = 0; i < options->offer_count; i++) {
        const SchemaGuardOffer *offer = &options->offers[i];
        append(out, offer->uri, strlen(offer->uri));
        append(out, offer->text, offer->length);
    }
    self->length = out->len;
    self->bytes = (char *)g_byte_array_free(out, FALSE);
}

void
guard_key_clear(GuardKey *self)
{
    g_clear_pointer(&self->bytes, g_free);
}

/* The caller holds the lock. */
static SchemaGuard *
find_locked(const GuardKey *key)
{
    SchemaGuard probe = {.key = *key};
    SchemaGuard *found = g_hash_table_lookup(share_table, &probe);
    return found != NULL ? schema_guard_ref(found) : NULL;
}

SchemaGuard *
guard_share_find(const GuardKey *key)
{
    pthread_once(&share_once, start);
    lock();
    SchemaGuard *found = find_locked(key);
    unlock();
    return found;
}

SchemaGuard *
guard_share_enter(SchemaGuard *fresh, GuardKey *key)
{
    lock();
    SchemaGuard *found = find_locked(key);
    if (found == NULL) {
        fresh->key = *key;
        *key = (GuardKey){0};
        g_hash_table_add(share_table, fresh);
    }
    unlock();
    if (found != NULL) {
        schema_guard_free(fresh);
    }
    return found != NULL ? found : fresh;
}

bool
guard_share_leave(SchemaGuard *self)
{
    int references = atomic_load_explicit(&self->references, memory_order_relaxed);
    while (references > 1) {
        if (atomic_compare_exchange_weak(&self->references, &references,
                                         references - 1)) {
            return false;
        }
    }
    lock();
    bool was_last = atomic_fetch_sub(&self->references, 1) == 1;
    if (was_last) {
        g_hash_table_remove(share_table, self);
    }
    unlock();
    return was_last;
}
