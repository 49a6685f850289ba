/* SPDX-License-Identifier: MIT */
#include "guard-resource.h"

#include "guard-uri.h"

#include <string.h>

static void
clear_resource(gpointer data)
{
    g_free(((GuardResource *)data)->uri);
}

void
guard_registry_init(GuardRegistry *self, GuardArena *arena, GuardProblems *problems,
                    GuardDraft draft, const GuardOffer *offers, size_t offer_count)
{
    *self = (GuardRegistry){.arena = arena,
                            .problems = problems,
                            .default_draft = draft,
                            .offers = offers,
                            .offer_count = offer_count};
    self->is_loaded = guard_arena_take(arena, offer_count + 1);
    self->resources = g_array_new(FALSE, TRUE, sizeof(GuardResource));
    g_array_set_clear_func(self->resources, clear_resource);
    g_array_set_size(self->resources, 1);
    self->by_uri = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->dynamics = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void
guard_registry_clear(GuardRegistry *self)
{
    g_clear_pointer(&self->resources, g_array_unref);
    g_clear_pointer(&self->by_uri, g_hash_table_unref);
    g_clear_pointer(&self->anchors, g_hash_table_unref);
    g_clear_pointer(&self->dynamics, g_hash_table_unref);
}

static const struct {
    const char *part; /* of the dialect's URI behind the scheme */
    GuardDraft draft;
} dialects[] = {
    {"json-schema.org/draft-04/schema", GUARD_DRAFT_4},
    {"json-schema.org/draft-06/schema", GUARD_DRAFT_6},
    {"json-schema.org/draft-07/schema", GUARD_DRAFT_7},
    {"json-schema.org/draft/2019-09/schema", GUARD_DRAFT_2019},
    {"json-schema.org/draft/2020-12/schema", GUARD_DRAFT_2020},
    {"json-schema.org/schema", GUARD_DRAFT_2020},
};

bool
guard_draft_from_uri(const char *uri, GuardDraft *ret_draft)
{
    const char *rest = g_str_has_prefix(uri, "https://")  ? uri + 8
                       : g_str_has_prefix(uri, "http://") ? uri + 7
                                                          : uri;
    size_t length = strcspn(rest, "#");
    for (size_t i = 0; i < G_N_ELEMENTS(dialects); i++) {
        if (strlen(dialects[i].part) == length &&
            strncmp(rest, dialects[i].part, length) == 0) {
            *ret_draft = dialects[i].draft;
            return true;
        }
    }
    return false;
}

static const struct {
    const char *name;
    GuardVocabulary vocabulary;
} vocabularies[] = {
    {"/vocab/core", GUARD_VOCABULARY_CORE},
    {"/vocab/applicator", GUARD_VOCABULARY_APPLICATOR},
    {"/vocab/unevaluated", GUARD_VOCABULARY_UNEVALUATED},
    {"/vocab/validation", GUARD_VOCABULARY_VALIDATION},
    {"/vocab/meta-data", GUARD_VOCABULARY_META_DATA},
    {"/vocab/format-annotation", GUARD_VOCABULARY_FORMAT},
    {"/vocab/format", GUARD_VOCABULARY_FORMAT},
    {"/vocab/format-assertion",
     GUARD_VOCABULARY_FORMAT | GUARD_VOCABULARY_FORMAT_ASSERTION},
    {"/vocab/content", GUARD_VOCABULARY_CONTENT},
};

/* The sum of the vocabularies a meta-schema lists. */
static uint32_t
read_vocabularies(const GuardRegistry *self, const GuardValue *list, GuardDraft draft)
{
    uint32_t sum = GUARD_VOCABULARY_CORE;
    for (const GuardValue *v = list->first; v != NULL; v = v->next) {
        bool known = false;
        for (size_t i = 0; i < G_N_ELEMENTS(vocabularies); i++) {
            g_autofree char *name = g_strndup(v->name, v->name_length);
            if (g_str_has_suffix(name, vocabularies[i].name)) {
                sum |= vocabularies[i].vocabulary;
                known = true;
            }
        }
        if (!known && v->kind == JSON_TOKEN_TRUE) {
            guard_problem_error(self->problems, "schema.vocabulary", v,
                                "the vocabulary \"%.*s\" is required, but unknown here",
                                (int)v->name_length, v->name);
        }
    }
    if (draft == GUARD_DRAFT_2019 && (sum & GUARD_VOCABULARY_APPLICATOR)) {
        sum |= GUARD_VOCABULARY_UNEVALUATED; /* was part of it */
    }
    return sum;
}

static GuardValue *find_uri(GuardRegistry *self, const char *uri);

/* A dialect of the user's own: its meta-schema has to be among the documents. */
static bool
read_metaschema(GuardRegistry *self, const char *uri, GuardResource *resource)
{
    g_autofree char *clean = g_strdup(uri);
    g_free(guard_uri_cut_fragment(clean));
    const GuardValue *meta = find_uri(self, clean);
    if (!guard_json_is_object(meta)) {
        return false;
    }
    const GuardResource *of_meta = guard_registry_at(self, meta->resource);
    resource->draft = of_meta->draft;
    const GuardValue *list = guard_json_member(meta, "$vocabulary");
    resource->vocabularies = guard_json_is_object(list)
                                 ? read_vocabularies(self, list, resource->draft)
                                 : GUARD_VOCABULARY_USUAL;
    return true;
}

static void
read_dialect(GuardRegistry *self, const GuardValue *schema, GuardResource *resource)
{
    const GuardValue *uri = guard_json_member(schema, "$schema");
    if (!guard_json_is_string(uri)) {
        return;
    }
    resource->vocabularies = GUARD_VOCABULARY_USUAL;
    g_autofree char *name = g_strndup(uri->text, uri->length);
    if (!guard_draft_from_uri(name, &resource->draft) &&
        !read_metaschema(self, name, resource)) {
        resource->unknown = uri;
    }
}

static uint32_t
add_resource(GuardRegistry *self, GuardResource resource)
{
    uint32_t index = self->resources->len;
    g_array_append_val(self->resources, resource);
    if (!g_hash_table_contains(self->by_uri, resource.uri)) {
        g_hash_table_insert(self->by_uri, g_strdup(resource.uri), resource.root);
    }
    return index;
}

/* Real schemas have such; only who checks one hears of it. */
static void
advise_claim(const GuardRegistry *self, GHashTable *table, const char *key,
             const GuardValue *schema, const GuardValue *name)
{
    const GuardValue *other = g_hash_table_lookup(table, key);
    if (other != NULL && other != schema && other->document == schema->document) {
        guard_problem_add(self->problems, false, "schema.duplicate-id", name,
                          name->offset, "another schema is \"%.200s\", too", key);
    }
}

static void
add_anchor(const GuardRegistry *self, GHashTable *table, const char *uri,
           const char *name, size_t length, GuardValue *schema, const GuardValue *at)
{
    char *key = g_strdup_printf("%s#%.*s", uri, (int)length, name);
    advise_claim(self, table, key, schema, at);
    g_hash_table_replace(table, key, schema);
}

/* $id (or id): starts a resource, or in old drafts names an anchor. */
static uint32_t
read_id(GuardRegistry *self, GuardValue *schema, uint32_t index, GuardDraft draft)
{
    const GuardValue *id =
        guard_json_member(schema, draft == GUARD_DRAFT_4 ? "id" : "$id");
    if (!guard_json_is_string(id) ||
        (draft <= GUARD_DRAFT_7 && guard_json_member(schema, "$ref") != NULL)) {
        return index;
    }
    const GuardResource *outer = guard_registry_at(self, index);
    if (draft <= GUARD_DRAFT_7 && id->length > 0 && id->text[0] == '#') {
        add_anchor(self, self->anchors, outer->uri, id->text + 1, id->length - 1,
                   schema, id);
        return index;
    }
    g_autofree char *text = g_strndup(id->text, id->length);
    char *uri = guard_uri_resolve(outer->uri, text);
    g_autofree char *fragment = guard_uri_cut_fragment(uri);
    GuardResource fresh = {uri, schema, draft, outer->vocabularies, NULL};
    read_dialect(self, schema, &fresh);
    advise_claim(self, self->by_uri, uri, schema, id);
    index = add_resource(self, fresh);
    if (fragment != NULL && fragment[0] != '\0') {
        add_anchor(self, self->anchors, uri, fragment, strlen(fragment), schema, id);
    }
    return index;
}

static void
read_anchors(GuardRegistry *self, GuardValue *schema, const GuardResource *resource)
{
    if (resource->draft < GUARD_DRAFT_2019) {
        return;
    }
    const GuardValue *name = guard_json_member(schema, "$anchor");
    if (guard_json_is_string(name)) {
        add_anchor(self, self->anchors, resource->uri, name->text, name->length, schema,
                   name);
    }
    name = guard_json_member(schema, "$dynamicAnchor");
    if (guard_json_is_string(name) && resource->draft == GUARD_DRAFT_2020) {
        add_anchor(self, self->anchors, resource->uri, name->text, name->length, schema,
                   name);
        add_anchor(self, self->dynamics, resource->uri, name->text, name->length,
                   schema, name);
    }
    name = guard_json_member(schema, "$recursiveAnchor");
    if (name != NULL && name->kind == JSON_TOKEN_TRUE &&
        resource->draft == GUARD_DRAFT_2019 && resource->root == schema) {
        add_anchor(self, self->dynamics, resource->uri, "", 0, schema, name);
    }
}

GuardKeyword
guard_registry_keyword(const GuardRegistry *self, const GuardValue *member)
{
    const GuardResource *resource = guard_registry_at(self, member->parent->resource);
    GuardKeyword keyword =
        guard_keyword_find(member->name, member->name_length, resource->draft);
    bool off = (guard_keywords[keyword].vocabulary & resource->vocabularies) == 0;
    return off ? GUARD_KEYWORD_NONE : keyword;
}

static void
push_schema(GPtrArray *stack, GuardValue *value, uint32_t index)
{
    bool is_schema = guard_json_is_object(value) || guard_json_is_boolean(value);
    if (is_schema && value->resource == 0) {
        value->resource = index;
        g_ptr_array_add(stack, value);
    }
}

static void
push_members(GuardRegistry *self, GPtrArray *stack, GuardValue *member, uint32_t index)
{
    GuardKeyword keyword = guard_registry_keyword(self, member);
    unsigned shape = guard_keywords[keyword].shape;
    bool nests =
        guard_json_is_array(member)
            ? shape == GUARD_SHAPE_SCHEMAS || shape == GUARD_SHAPE_SCHEMA_OR_SCHEMAS
        : guard_json_is_object(member)
            ? shape == GUARD_SHAPE_SCHEMA_MAP || shape == GUARD_SHAPE_SCHEMA_OR_NAMES
            : false;
    if (nests) {
        for (GuardValue *v = member->first; v != NULL; v = v->next) {
            push_schema(stack, v, index);
        }
    }
    else if (shape == GUARD_SHAPE_SCHEMA || shape == GUARD_SHAPE_SCHEMA_OR_SCHEMAS) {
        push_schema(stack, member, index);
    }
}

/* Gives every schema below `start` its resource. */
static void
walk(GuardRegistry *self, GuardValue *start, uint32_t index)
{
    g_autoptr(GPtrArray) stack = g_ptr_array_new();
    push_schema(stack, start, index);
    while (stack->len > 0) {
        GuardValue *schema = g_ptr_array_steal_index(stack, stack->len - 1);
        if (!guard_json_is_object(schema)) {
            continue;
        }
        GuardDraft draft = guard_registry_at(self, schema->resource)->draft;
        if (guard_registry_at(self, schema->resource)->root != schema) {
            schema->resource = read_id(self, schema, schema->resource, draft);
        }
        read_anchors(self, schema, guard_registry_at(self, schema->resource));
        const GuardResource *of = guard_registry_at(self, schema->resource);
        bool only_ref =
            of->draft <= GUARD_DRAFT_7 && guard_json_member(schema, "$ref") != NULL;
        for (GuardValue *m = schema->first; m != NULL; m = m->next) {
            if (!only_ref || guard_json_is_object(m)) {
                push_members(self, stack, m, schema->resource);
            }
        }
    }
}

void
guard_registry_add(GuardRegistry *self, const char *uri, GuardDocument *document)
{
    GuardValue *root = document->root;
    GuardResource first = {NULL, root, self->default_draft, GUARD_VOCABULARY_USUAL,
                           NULL};
    read_dialect(self, root, &first);
    const GuardValue *id =
        guard_json_member(root, first.draft == GUARD_DRAFT_4 ? "id" : "$id");
    bool has_ref = guard_json_member(root, "$ref") != NULL;
    char *full = NULL;
    if (guard_json_is_string(id) && !(has_ref && first.draft <= GUARD_DRAFT_7)) {
        g_autofree char *text = g_strndup(id->text, id->length);
        full = guard_uri_resolve(uri, text);
        g_free(guard_uri_cut_fragment(full));
    }
    else {
        full = g_strdup(uri);
    }
    first.uri = full;
    uint32_t index = add_resource(self, first);
    if (!g_hash_table_contains(self->by_uri, uri)) {
        g_hash_table_insert(self->by_uri, g_strdup(uri), root);
    }
    walk(self, root, index);
}

static bool
load_text(GuardRegistry *self, const char *uri, const char *text, size_t length)
{
    GuardJsonFailure failure;
    GuardDocument *document = guard_json_parse(self->arena, text, length, &failure);
    if (document == NULL) {
        return false;
    }
    guard_registry_add(self, uri, document);
    return true;
}

static bool
load_offer(GuardRegistry *self, size_t i)
{
    const GuardOffer *offer = &self->offers[i];
    if (self->is_loaded[i]) {
        return false;
    }
    self->is_loaded[i] = true;
    g_autofree char *uri = g_strdup(offer->uri);
    g_free(guard_uri_cut_fragment(uri));
    return load_text(self, uri, offer->text, offer->length);
}

static GuardValue *
find_uri(GuardRegistry *self, const char *uri)
{
    GuardValue *found = g_hash_table_lookup(self->by_uri, uri);
    for (size_t i = 0; found == NULL && i < self->offer_count; i++) {
        size_t length = strcspn(self->offers[i].uri, "#");
        if (strlen(uri) == length && strncmp(uri, self->offers[i].uri, length) == 0) {
            load_offer(self, i);
            found = g_hash_table_lookup(self->by_uri, uri);
        }
    }
    const char *meta = found == NULL ? guard_metaschema_find(uri) : NULL;
    if (meta != NULL && load_text(self, uri, meta, strlen(meta))) {
        found = g_hash_table_lookup(self->by_uri, uri);
    }
    /* It may be embedded in a document that nothing has asked for yet. */
    for (size_t i = 0; found == NULL && i < self->offer_count; i++) {
        if (load_offer(self, i)) {
            found = g_hash_table_lookup(self->by_uri, uri);
        }
    }
    return found;
}

static GuardValue *
step_pointer(GuardValue *value, const char *token, size_t length)
{
    if (guard_json_is_array(value)) {
        guint64 index;
        g_autofree char *text = g_strndup(token, length);
        return g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &index, NULL)
                   ? guard_json_item(value, index)
                   : NULL;
    }
    g_autoptr(GString) name = g_string_new(NULL);
    for (size_t i = 0; i < length; i++) {
        char c = token[i];
        if (c == '~' && i + 1 < length) {
            c = token[++i] == '0' ? '~' : '/';
        }
        g_string_append_c(name, c);
    }
    return guard_json_member_n(value, name->str, name->len);
}

static GuardValue *
follow_pointer(GuardRegistry *self, GuardValue *root, const char *pointer)
{
    GuardValue *value = root;
    uint32_t resource = root->resource;
    while (value != NULL && *pointer == '/') {
        size_t length = strcspn(pointer + 1, "/");
        value = step_pointer(value, pointer + 1, length);
        pointer += length + 1;
        if (value != NULL && value->resource != 0) {
            resource = value->resource;
        }
    }
    if (value != NULL && value->resource == 0) {
        walk(self, value, resource); /* under a keyword nobody knows */
    }
    return value;
}

GuardValue *
guard_registry_resolve(GuardRegistry *self, const GuardValue *schema,
                       const char *reference)
{
    const char *base = guard_registry_at(self, schema->resource)->uri;
    g_autofree char *uri = guard_uri_resolve(base, reference);
    g_autofree char *fragment = guard_uri_cut_fragment(uri);
    GuardValue *root = find_uri(self, uri);
    if (root == NULL || fragment == NULL || fragment[0] == '\0') {
        return root;
    }
    if (fragment[0] == '/') {
        return follow_pointer(self, root, fragment);
    }
    const char *own = guard_registry_at(self, root->resource)->uri;
    g_autofree char *key = g_strdup_printf("%s#%s", own, fragment);
    return g_hash_table_lookup(self->anchors, key);
}

GuardValue *
guard_registry_dynamic(GuardRegistry *self, uint32_t resource, const char *name)
{
    const char *uri = guard_registry_at(self, resource)->uri;
    g_autofree char *key = g_strdup_printf("%s#%s", uri, name);
    return g_hash_table_lookup(self->dynamics, key);
}
