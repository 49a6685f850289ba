/* SPDX-License-Identifier: MIT */
/* guard-resource.h - the schema documents a compilation may refer to.
 *
 * Purpose    finds $id, $anchor and friends, and resolves references among the schema,
 *            the documents the caller gave and the published meta-schemas. Nothing is
 *            ever fetched.
 * Ownership  values live in the arena; the registry owns its tables.
 * Threads    one registry, one thread.
 */
#pragma once

#include "guard-keyword.h"
#include "guard-problem.h"

typedef struct {
    char *uri; /* absolute where known, without a fragment */
    GuardValue *root;
    GuardDraft draft;
    uint32_t vocabularies;
    const GuardValue *unknown; /* its $schema, when that names no dialect we know */
} GuardResource;

/* A document the caller offers for references. */
typedef struct {
    const char *uri;
    const char *text;
    size_t length;
} GuardOffer;

typedef struct {
    GuardArena *arena;
    GuardProblems *problems;
    GuardDraft default_draft;
    const GuardOffer *offers;
    size_t offer_count;
    bool *is_loaded;      /* of each offer */
    GArray *resources;    /* GuardResource; index 0 is unused */
    GHashTable *by_uri;   /* uri -> GuardValue */
    GHashTable *anchors;  /* "uri#name" -> GuardValue */
    GHashTable *dynamics; /* "uri#name" -> GuardValue */
} GuardRegistry;

void guard_registry_init(GuardRegistry *self, GuardArena *arena,
                         GuardProblems *problems, GuardDraft draft,
                         const GuardOffer *offers, size_t offer_count);
void guard_registry_clear(GuardRegistry *self);

/* Registers the document's schemas under `uri`. */
void guard_registry_add(GuardRegistry *self, const char *uri, GuardDocument *document);

/* Returns the schema the reference in `from` (a string value) means, NULL if there is
 * none; nothing is reported. */
GuardValue *guard_registry_resolve(GuardRegistry *self, const GuardValue *schema,
                                   const char *reference);

/* The schema of `resource` with that $dynamicAnchor, or NULL. The name "" stands for
 * $recursiveAnchor. */
GuardValue *guard_registry_dynamic(GuardRegistry *self, uint32_t resource,
                                   const char *name);

static inline const GuardResource *
guard_registry_at(const GuardRegistry *self, uint32_t resource)
{
    return &g_array_index(self->resources, GuardResource, resource);
}

/* The keyword a member of a schema means there, NONE if unknown or switched off. */
GuardKeyword guard_registry_keyword(const GuardRegistry *self,
                                    const GuardValue *member);

/* Returns false if the text names no dialect we know. */
bool guard_draft_from_uri(const char *uri, GuardDraft *ret_draft);

/* A published meta-schema by its URI (without fragment), NULL if there is none. */
const char *guard_metaschema_find(const char *uri);
