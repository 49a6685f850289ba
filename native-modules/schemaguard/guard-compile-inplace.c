/* SPDX-License-Identifier: MIT */
/* What is applied to the same value again: references and logic. */
#include "guard-compile.h"

#include <string.h>

#include <string.h>

static void
add_op(GuardScope *scope, GuardOpKind kind, GuardKeyword keyword, uint32_t count,
       GuardRef nodes, uint32_t b)
{
    GuardOp op = {.kind = (uint16_t)kind,
                  .keyword = (uint16_t)keyword,
                  .count = count,
                  .nodes = nodes,
                  .b = b};
    g_array_append_val(scope->ops, op);
}

static void
add_single(GuardScope *scope, GuardOpKind kind, GuardKeyword keyword, GuardRef node,
           uint32_t b)
{
    GuardRef nodes = guard_compile_bytes(scope->compiler, &node, sizeof node);
    add_op(scope, kind, keyword, 1, nodes, b);
}

/* What a pointer that leads nowhere probably means: the way there as far as it goes,
 * and the nearest name behind it. NULL: no idea; else freed with g_free(). */
static char *
nearest_reference(GuardScope *scope, const char *reference)
{
    const char *hash = strchr(reference, '#');
    if (hash == NULL || hash[1] != '/') {
        return NULL;
    }
    g_autofree char *way = g_strdup(reference);
    for (char *slash = strrchr(way, '/'); slash != NULL; slash = strrchr(way, '/')) {
        const char *name = reference + (slash - way) + 1;
        size_t length = strcspn(name, "/");
        *slash = '\0';
        GuardValue *parent =
            guard_registry_resolve(&scope->compiler->registry, scope->schema, way);
        if (parent == NULL) {
            continue;
        }
        GuardSpelling near = GUARD_SPELLING(name, length);
        for (GuardValue *m = parent->first; m != NULL && m->name != NULL; m = m->next) {
            guard_spelling_try(&near, m->name, m->name_length);
        }
        return near.best != NULL && near.limit > 0
                   ? g_strdup_printf("%s/%.*s%s", way, (int)near.best_length, near.best,
                                     name + length)
                   : NULL;
    }
    return NULL;
}

static GuardValue *
resolve(GuardScope *scope, const GuardValue *reference)
{
    GuardCompiler *self = scope->compiler;
    g_autofree char *text = g_strndup(reference->text, reference->length);
    GuardValue *target = guard_registry_resolve(&self->registry, scope->schema, text);
    /* The registry's tables may have moved while it loaded documents. */
    scope->resource = guard_registry_at(&self->registry, scope->schema->resource);
    if (target == NULL) {
        g_autofree char *near = nearest_reference(scope, text);
        guard_problem_error(self->problems, "schema.ref", reference,
                            "cannot resolve \"%s\": not in this schema and not among "
                            "`resources` (nothing is fetched)%s%s%s",
                            text, near ? "; did you mean \"" : "", near ? near : "",
                            near ? "\"?" : "");
    }
    else if (guard_compile_is_schema(scope, target)) {
        return target;
    }
    return NULL;
}

static void
add_reference(GuardScope *scope)
{
    GuardValue *ref =
        guard_compile_member(scope, GUARD_KEYWORD_S_REF, JSON_TOKEN_STRING);
    GuardValue *target = ref != NULL ? resolve(scope, ref) : NULL;
    if (target != NULL) {
        add_single(scope, GUARD_OP_REF, GUARD_KEYWORD_S_REF,
                   guard_compile_schema(scope->compiler, target), 0);
    }
}

/* The number of a dynamic anchor's name. */
static uint32_t
anchor_index(GuardCompiler *self, const char *name)
{
    for (guint i = 0; i < self->anchors->len; i++) {
        if (strcmp(g_ptr_array_index(self->anchors, i), name) == 0) {
            return i;
        }
    }
    g_ptr_array_add(self->anchors, g_strdup(name));
    return self->anchors->len - 1;
}

/* A dynamic reference is one only if what it names at first is a dynamic anchor. */
static void
add_dynamic(GuardScope *scope, GuardKeyword keyword)
{
    GuardCompiler *self = scope->compiler;
    GuardValue *ref = guard_compile_member(scope, keyword, JSON_TOKEN_STRING);
    GuardValue *target = ref != NULL ? resolve(scope, ref) : NULL;
    if (target == NULL) {
        return;
    }
    GuardRef node = guard_compile_schema(self, target);
    g_autofree char *text = g_strndup(ref->text, ref->length);
    const char *hash = strchr(text, '#');
    const char *name = hash != NULL ? hash + 1 : "";
    bool dynamic = keyword == GUARD_KEYWORD_S_RECURSIVE_REF || name[0] != '\0';
    if (dynamic &&
        guard_registry_dynamic(&self->registry, target->resource, name) == target) {
        add_single(scope, GUARD_OP_DYNAMIC, keyword, node, anchor_index(self, name));
    }
    else {
        add_single(scope, GUARD_OP_REF, keyword, node, 0);
    }
}

static void
add_list(GuardScope *scope, GuardOpKind kind, GuardKeyword keyword)
{
    GuardValue *list = guard_compile_member(scope, keyword, JSON_TOKEN_ARRAY_BEGIN);
    if (list == NULL) {
        return;
    }
    if (list->count == 0) {
        guard_problem_error(scope->compiler->problems, "schema.type", list,
                            "\"%s\" must have at least one schema",
                            guard_keywords[keyword].name);
        return;
    }
    for (const GuardValue *v = list->first; v != NULL; v = v->next) {
        guard_compile_is_schema(scope, v);
    }
    add_op(scope, kind, keyword, list->count,
           guard_compile_schemas(scope->compiler, list), 0);
}

static GuardRef
optional_schema(GuardScope *scope, GuardKeyword keyword)
{
    GuardValue *value = scope->members[keyword];
    return value != NULL && guard_compile_is_schema(scope, value)
               ? guard_compile_schema(scope->compiler, value)
               : 0;
}

static void
add_condition(GuardScope *scope)
{
    GuardRef nodes[3] = {optional_schema(scope, GUARD_KEYWORD_IF),
                         optional_schema(scope, GUARD_KEYWORD_THEN),
                         optional_schema(scope, GUARD_KEYWORD_ELSE)};
    if (nodes[0] != 0) {
        add_op(scope, GUARD_OP_IF, GUARD_KEYWORD_IF, 3,
               guard_compile_bytes(scope->compiler, nodes, sizeof nodes), 0);
    }
}

static void
add_dependents(GuardScope *scope, GuardKeyword keyword)
{
    GuardValue *map = guard_compile_member(scope, keyword, JSON_TOKEN_OBJECT_BEGIN);
    for (GuardValue *v = map != NULL ? map->first : NULL; v != NULL; v = v->next) {
        if (guard_json_is_array(v) && keyword == GUARD_KEYWORD_DEPENDENCIES) {
            continue; /* names: the object part has them */
        }
        if (guard_compile_is_schema(scope, v)) {
            uint32_t name = guard_compile_name(scope, v->name, v->name_length);
            add_single(scope, GUARD_OP_WHEN, keyword,
                       guard_compile_schema(scope->compiler, v), name);
        }
    }
}

static void
add_rest(GuardScope *scope, GuardOpKind kind, GuardKeyword keyword)
{
    GuardRef node = optional_schema(scope, keyword);
    if (node != 0) {
        add_single(scope, kind, keyword, node, 0);
        scope->node.flags |= GUARD_NODE_MARKS;
    }
}

void
guard_compile_inplace(GuardScope *scope)
{
    add_reference(scope);
    add_dynamic(scope, GUARD_KEYWORD_S_DYNAMIC_REF);
    add_dynamic(scope, GUARD_KEYWORD_S_RECURSIVE_REF);
    add_list(scope, GUARD_OP_ALL, GUARD_KEYWORD_ALL_OF);
    add_list(scope, GUARD_OP_ANY, GUARD_KEYWORD_ANY_OF);
    add_list(scope, GUARD_OP_ONE, GUARD_KEYWORD_ONE_OF);
    GuardRef not_node = optional_schema(scope, GUARD_KEYWORD_NOT);
    if (not_node != 0) {
        add_single(scope, GUARD_OP_NOT, GUARD_KEYWORD_NOT, not_node, 0);
    }
    add_condition(scope);
    add_dependents(scope, GUARD_KEYWORD_DEPENDENT_SCHEMAS);
    add_dependents(scope, GUARD_KEYWORD_DEPENDENCIES);
    /* Last: they ask what all the others have evaluated. */
    add_rest(scope, GUARD_OP_REST_PROPERTIES, GUARD_KEYWORD_UNEVALUATED_PROPERTIES);
    add_rest(scope, GUARD_OP_REST_ITEMS, GUARD_KEYWORD_UNEVALUATED_ITEMS);
}
