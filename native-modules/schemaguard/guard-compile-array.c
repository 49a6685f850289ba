/* SPDX-License-Identifier: MIT */
/* items in all their spellings, contains, uniqueItems. */
#include "guard-compile.h"

static void
set_rest(GuardScope *scope, GuardArrayPart *part, GuardKeyword keyword)
{
    GuardValue *value = scope->members[keyword];
    if (value == NULL || !guard_compile_is_schema(scope, value)) {
        return;
    }
    GuardRef node = guard_compile_schema(scope->compiler, value);
    part->rest = node == scope->compiler->any ? 0 : node;
    part->flags |= GUARD_ARRAY_HAS_REST;
}

static void
set_prefix(GuardScope *scope, GuardArrayPart *part, GuardKeyword keyword)
{
    GuardValue *list = guard_compile_member(scope, keyword, JSON_TOKEN_ARRAY_BEGIN);
    if (list == NULL) {
        return;
    }
    for (const GuardValue *v = list->first; v != NULL; v = v->next) {
        guard_compile_is_schema(scope, v);
    }
    part->prefix = guard_compile_schemas(scope->compiler, list);
    part->prefix_count = list->count;
}

static void
add_items(GuardScope *scope, GuardArrayPart *part)
{
    const GuardValue *items = scope->members[GUARD_KEYWORD_ITEMS];
    if (scope->resource->draft >= GUARD_DRAFT_2020) {
        set_prefix(scope, part, GUARD_KEYWORD_PREFIX_ITEMS);
        set_rest(scope, part, GUARD_KEYWORD_ITEMS);
    }
    else if (guard_json_is_array(items)) {
        set_prefix(scope, part, GUARD_KEYWORD_ITEMS);
        set_rest(scope, part, GUARD_KEYWORD_ADDITIONAL_ITEMS);
    }
    else {
        set_rest(scope, part, GUARD_KEYWORD_ITEMS);
    }
}

static void
add_contains(GuardScope *scope, GuardArrayPart *part)
{
    GuardValue *contains = scope->members[GUARD_KEYWORD_CONTAINS];
    if (contains == NULL || !guard_compile_is_schema(scope, contains)) {
        return;
    }
    part->contains = guard_compile_schema(scope->compiler, contains);
    part->min_contains = 1;
    guard_compile_count(scope, GUARD_KEYWORD_MIN_CONTAINS, &part->min_contains);
    guard_compile_count(scope, GUARD_KEYWORD_MAX_CONTAINS, &part->max_contains);
    if (scope->resource->draft >= GUARD_DRAFT_2020) {
        part->flags |= GUARD_ARRAY_CONTAINS_MARKS;
    }
}

void
guard_compile_array(GuardScope *scope)
{
    GuardArrayPart part = {.max = UINT32_MAX, .max_contains = UINT32_MAX};
    add_items(scope, &part);
    add_contains(scope, &part);
    bool counts = guard_compile_count(scope, GUARD_KEYWORD_MIN_ITEMS, &part.min);
    counts |= guard_compile_count(scope, GUARD_KEYWORD_MAX_ITEMS, &part.max);
    GuardValue *unique =
        guard_compile_member(scope, GUARD_KEYWORD_UNIQUE_ITEMS, JSON_TOKEN_TRUE);
    if (unique != NULL && unique->kind == JSON_TOKEN_TRUE) {
        part.flags |= GUARD_ARRAY_UNIQUE;
    }
    if (part.prefix_count > 0 || part.contains != 0 || part.flags != 0 || counts) {
        scope->node.array = guard_compile_bytes(scope->compiler, &part, sizeof part);
    }
}
