/* SPDX-License-Identifier: MIT */
/* guard-share.h - one guard for one schema text, in the whole process.
 *
 * Purpose    whoever compiles the same text with the same options gets the same guard:
 *            all interpreters and threads, for as long as one of them holds it.
 * Ownership  the table holds no references. A guard leaves it with its last one.
 * Threads    any; a lock guards the table and the step to and from no references. It is
 *            never held while a schema is compiled, and not across fork().
 * Limits     none of its own: an entry lives and dies with its guard.
 * Cost       one hash of schema, options and offers; no lock for references but the
 *            last.
 */
#pragma once

#include "schema-guard.h"

/* All that decides what a guard does, as one text. */
typedef struct {
    size_t length;
    char *bytes; /* owned */
} GuardKey;

void guard_key_init(GuardKey *self, const char *schema, size_t length,
                    const SchemaGuardOptions *options);
void guard_key_clear(GuardKey *self);

/* Returns a reference, NULL when there is none of this key. */
SchemaGuard *guard_share_find(const GuardKey *key);
/* Enters a new guard, whose key it becomes. Returns the guard to use: the same, or a
 * reference to one that was entered meanwhile, and then the new one is freed. */
SchemaGuard *guard_share_enter(SchemaGuard *fresh, GuardKey *key);
/* Gives one reference up; true when it was the last, and the guard is the caller's. */
bool guard_share_leave(SchemaGuard *self);

/* schema-guard.c: frees a guard that nobody can find. */
void schema_guard_free(SchemaGuard *self);
