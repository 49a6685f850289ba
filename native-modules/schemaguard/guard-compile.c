/* SPDX-License-Identifier: MIT */
#include "guard-compile.h"

#include "guard-compile-quick.h"
#include "guard-loop.h"
#include "guard-pattern.h"

#include <base-utf8.h>
#include <json-number.h>

#include <string.h>

GuardRef
guard_compile_take(GuardCompiler *self, size_t size)
{
    size_t at = (self->blob->len + 7u) & ~(size_t)7;
    guint before = self->blob->len;
    g_byte_array_set_size(self->blob, (guint)(at + size));
    memset(self->blob->data + before, 0, at + size - before);
    return (GuardRef)at;
}

GuardRef
guard_compile_bytes(GuardCompiler *self, const void *bytes, size_t size)
{
    GuardRef ref = guard_compile_take(self, size);
    if (size > 0) {
        memcpy(self->blob->data + ref, bytes, size);
    }
    return ref;
}

GuardRef
guard_compile_text(GuardCompiler *self, const char *text, size_t length)
{
    size_t at = (self->texts->len + 3u) & ~(size_t)3;
    g_byte_array_set_size(self->texts, (guint)(at + sizeof(GuardText) + length + 1));
    GuardText *out = (GuardText *)(self->texts->data + at);
    out->length = (uint32_t)length;
    memcpy(out->bytes, text, length);
    out->bytes[length] = '\0';
    return (GuardRef)at;
}

static bool
is_trivial(const GuardValue *schema)
{
    return schema->kind == JSON_TOKEN_TRUE ||
           (guard_json_is_object(schema) && schema->count == 0);
}

/* Schemas of the main document are named by their pointer alone. */
static GuardRef
write_path(GuardCompiler *self, const GuardValue *schema)
{
    g_autoptr(GString) path = g_string_new(NULL);
    if (schema->document != self->main) {
        const GuardResource *of =
            guard_registry_at(&self->registry, schema->document->root->resource);
        g_string_append(path, of->uri);
        g_string_append_c(path, '#');
    }
    guard_json_pointer(schema, path);
    return guard_compile_text(self, path->str, path->len);
}

GuardRef
guard_compile_schema(GuardCompiler *self, GuardValue *schema)
{
    if (schema->node != 0) {
        return schema->node;
    }
    if (is_trivial(schema)) {
        return schema->node = self->any;
    }
    schema->node = guard_compile_take(self, sizeof(GuardNode));
    g_array_append_val(self->nodes, schema->node);
    g_ptr_array_add(self->queue, schema);
    return schema->node;
}

GuardRef
guard_compile_schemas(GuardCompiler *self, const GuardValue *array)
{
    GuardRef ref = guard_compile_take(self, sizeof(GuardRef) * array->count);
    for (GuardValue *v = array->first; v != NULL; v = v->next) {
        GuardRef node = guard_compile_schema(self, v);
        ((GuardRef *)(self->blob->data + ref))[v->index] = node;
    }
    return ref;
}

bool
guard_compile_is_schema(GuardScope *scope, const GuardValue *value)
{
    bool fits = guard_json_is_object(value) ||
                (guard_json_is_boolean(value) &&
                 (scope->resource->draft >= GUARD_DRAFT_6 || value->name != NULL));
    if (!fits) {
        guard_problem_error(scope->compiler->problems, "schema.type", value,
                            "a schema must be an object%s",
                            scope->resource->draft >= GUARD_DRAFT_6 ? " or a boolean"
                                                                    : "");
    }
    return fits;
}

static const char *
kind_name(JsonTokenKind kind)
{
    switch ((int)kind) {
    case JSON_TOKEN_OBJECT_BEGIN:
        return "an object";
    case JSON_TOKEN_ARRAY_BEGIN:
        return "an array";
    case JSON_TOKEN_STRING:
        return "a string";
    case JSON_TOKEN_NUMBER:
        return "a number";
    default:
        return "a boolean";
    }
}

GuardValue *
guard_compile_member(GuardScope *scope, GuardKeyword keyword, JsonTokenKind kind)
{
    GuardValue *value = scope->members[keyword];
    bool is_boolean = kind == JSON_TOKEN_TRUE;
    if (value == NULL || value->kind == kind ||
        (is_boolean && guard_json_is_boolean(value))) {
        return value;
    }
    guard_problem_error(scope->compiler->problems, "schema.type", value,
                        "\"%s\" must be %s", guard_keywords[keyword].name,
                        kind_name(kind));
    return NULL;
}

bool
guard_compile_count(GuardScope *scope, GuardKeyword keyword, uint32_t *ret_count)
{
    GuardValue *value = guard_compile_member(scope, keyword, JSON_TOKEN_NUMBER);
    if (value == NULL) {
        return false;
    }
    JsonDecimal decimal;
    int64_t count;
    json_decimal_parse(&decimal, value->text, value->length);
    if (decimal.is_negative || !json_decimal_is_integer(&decimal)) {
        guard_problem_error(scope->compiler->problems, "schema.type", value,
                            "\"%s\" must be a non-negative integer",
                            guard_keywords[keyword].name);
        return false;
    }
    /* Nothing counts up to 2^32: the limits of payloads are below. */
    bool small = json_decimal_to_int64(&decimal, &count) && count < UINT32_MAX;
    *ret_count = small ? (uint32_t)count : UINT32_MAX - 1;
    return true;
}

/* Where the string's character is written: `quote` is the offset of its quote. */
static size_t
raw_offset(const GuardDocument *document, size_t quote, size_t position)
{
    const char *p = document->text + quote + 1;
    const char *end = document->text + document->length;
    for (; position > 0 && p < end && *p != '"'; position--) {
        size_t n = *p != '\\' ? 1 : p[1] == 'u' ? 6 : 2;
        bool is_high = n == 6 && (p[2] | 0x20) == 'd' && strchr("89aAbB", p[3]) != NULL;
        p += n + (is_high && p[6] == '\\' && p[7] == 'u' ? 6 : 0);
        while (p < end && base_utf8_is_tail((unsigned char)*p)) {
            p++;
        }
    }
    return (size_t)(p - document->text);
}

uint32_t
guard_compile_pattern(GuardCompiler *self, const GuardValue *at, const char *source,
                      size_t length, size_t offset)
{
    g_autofree char *key = g_strndup(source, length);
    gpointer known = g_hash_table_lookup(self->pattern_index, key);
    if (known != NULL && strlen(key) == length) {
        return GPOINTER_TO_UINT(known) - 1;
    }
    g_autofree char *message = NULL;
    size_t position = 0;
    GuardPattern *pattern = guard_pattern_new(source, length, &message, &position);
    if (pattern == NULL) {
        guard_problem_add(self->problems, true, "schema.pattern", at,
                          raw_offset(at->document, offset, position),
                          "bad pattern at character %zu: %s", position + 1, message);
        return GUARD_NO_PATTERN;
    }
    g_ptr_array_add(self->patterns, pattern);
    g_hash_table_insert(self->pattern_index, g_steal_pointer(&key),
                        GUINT_TO_POINTER(self->patterns->len));
    return self->patterns->len - 1;
}

static void
read_members(GuardScope *scope)
{
    GuardRegistry *registry = &scope->compiler->registry;
    for (GuardValue *m = scope->schema->first; m != NULL; m = m->next) {
        GuardKeyword keyword = guard_registry_keyword(registry, m);
        scope->members[keyword] = m;
        if (keyword == GUARD_KEYWORD_NONE) {
            guard_compile_advise_keyword(scope, m);
        }
    }
    guard_compile_advise_required(scope);
    scope->members[GUARD_KEYWORD_NONE] = NULL;
    if (scope->resource->draft <= GUARD_DRAFT_7 &&
        scope->members[GUARD_KEYWORD_S_REF] != NULL) {
        GuardValue *ref = scope->members[GUARD_KEYWORD_S_REF];
        memset(scope->members, 0, sizeof scope->members);
        scope->members[GUARD_KEYWORD_S_REF] = ref;
    }
}

static void
settle_flags(GuardNode *node)
{
    bool asserts = node->types != GUARD_TYPE_ANY || node->string || node->number ||
                   node->object || node->array || node->choice;
    if (!asserts) {
        node->flags |= node->inplace ? GUARD_NODE_BRANCHES_ONLY : GUARD_NODE_PLAIN;
    }
}

static void
compile_object_schema(GuardScope *scope)
{
    read_members(scope);
    guard_compile_identity(scope);
    guard_compile_type(scope);
    guard_compile_choices(scope);
    guard_compile_number(scope);
    guard_compile_string(scope);
    scope->ops = g_array_new(FALSE, TRUE, sizeof(GuardOp));
    scope->names = g_array_new(FALSE, TRUE, sizeof(GuardName));
    guard_compile_inplace(scope);
    guard_compile_array(scope);
    guard_compile_object(scope);
    guard_compile_idle(scope);
    if (scope->ops->len > 0) {
        GuardCompiler *self = scope->compiler;
        GuardRef ref = guard_compile_take(self, sizeof(GuardInplacePart) +
                                                    scope->ops->len * sizeof(GuardOp));
        GuardInplacePart *part = (GuardInplacePart *)(self->blob->data + ref);
        part->count = scope->ops->len;
        memcpy(part->ops, scope->ops->data, scope->ops->len * sizeof(GuardOp));
        scope->node.inplace = ref;
    }
    g_array_unref(scope->ops);
    g_array_unref(scope->names);
    g_free(scope->name_table);
}

static void
compile_one(GuardCompiler *self, GuardValue *schema)
{
    GuardScope scope = {
        .compiler = self,
        .schema = schema,
        .resource = guard_registry_at(&self->registry, schema->resource),
        .node = {.types = GUARD_TYPE_ANY, .resource = (uint16_t)schema->resource},
    };
    if (!guard_compile_is_schema(&scope, schema)) {
        return;
    }
    if (scope.resource->unknown != NULL && scope.resource->root == schema) {
        const GuardValue *uri = scope.resource->unknown;
        guard_problem_error(self->problems, "schema.dialect", uri,
                            "unknown dialect \"%.*s\": known are draft-04, draft-06, "
                            "draft-07, 2019-09, 2020-12 and what `resources` describe",
                            (int)uri->length, uri->text);
    }
    scope.node.path = write_path(self, schema);
    if (scope.resource->draft == GUARD_DRAFT_4) {
        scope.node.flags |= GUARD_NODE_STRICT_INTEGER;
    }
    if (schema->kind == JSON_TOKEN_FALSE) {
        scope.node.flags |= GUARD_NODE_FALSE;
        scope.node.types = 0;
    }
    else if (guard_json_is_object(schema)) {
        compile_object_schema(&scope);
    }
    settle_flags(&scope.node);
    memcpy(self->blob->data + schema->node, &scope.node, sizeof scope.node);
}

/* Every resource that could override a dynamic reference has to be compiled, which may
 * bring further ones. Returns false when nothing new came. */
static bool
add_dynamics(GuardCompiler *self)
{
    guint before = self->dynamics->len;
    g_array_set_size(self->dynamics, 0);
    for (guint a = 0; a < self->anchors->len; a++) {
        const char *name = g_ptr_array_index(self->anchors, a);
        for (uint32_t r = 1; r < self->registry.resources->len; r++) {
            GuardValue *schema = guard_registry_dynamic(&self->registry, r, name);
            if (schema != NULL && schema->resource == r) {
                GuardDynamic entry = {a, r, guard_compile_schema(self, schema)};
                g_array_append_val(self->dynamics, entry);
            }
        }
    }
    return self->dynamics->len != before || self->queue->len > 0;
}

static void
drain_queue(GuardCompiler *self)
{
    while (self->queue->len > 0) {
        GuardValue *schema =
            g_ptr_array_steal_index_fast(self->queue, self->queue->len - 1);
        if (self->nodes->len > GUARD_COMPILE_NODES_MAX ||
            self->blob->len + self->texts->len > GUARD_COMPILE_BYTES_MAX ||
            self->registry.resources->len > UINT16_MAX) {
            guard_problem_error(self->problems, "schema.limit", schema,
                                "more than %d schemas, or %d bytes of program",
                                GUARD_COMPILE_NODES_MAX, GUARD_COMPILE_BYTES_MAX);
            return;
        }
        compile_one(self, schema);
    }
}

static GuardProgram *
finish(GuardCompiler *self, GuardRef root)
{
    guard_compile_takes(self);
    GByteArray *quick = guard_compile_quick(self);
    GuardRef root_quick = guard_compile_quick_root(self, quick, root);
    GuardRef dynamics = guard_compile_bytes(self, self->dynamics->data,
                                            self->dynamics->len * sizeof(GuardDynamic));
    GuardProgram *program = g_new0(GuardProgram, 1);
    program->texts = guard_compile_bytes(self, self->texts->data, self->texts->len);
    program->size = self->blob->len;
    program->bytes = (char *)g_byte_array_free(g_steal_pointer(&self->blob), FALSE);
    program->root_quick = root_quick;
    program->quick_size = quick->len;
    program->quick = (char *)g_byte_array_free(quick, FALSE);
    program->root = root;
    program->any = self->any;
    program->dynamics = dynamics;
    program->dynamic_count = self->dynamics->len;
    program->pattern_count = self->patterns->len;
    program->patterns =
        (GuardPattern **)g_ptr_array_free(g_steal_pointer(&self->patterns), FALSE);
    return program;
}

static void
begin(GuardCompiler *self)
{
    self->blob = g_byte_array_sized_new(2048);
    self->texts = g_byte_array_sized_new(2048);
    g_byte_array_set_size(self->texts, 4); /* reference 0 means none */
    self->queue = g_ptr_array_new();
    self->patterns = g_ptr_array_new_with_free_func((GDestroyNotify)guard_pattern_free);
    self->pattern_index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->anchors = g_ptr_array_new_with_free_func(g_free);
    self->dynamics = g_array_new(FALSE, FALSE, sizeof(GuardDynamic));
    self->nodes = g_array_new(FALSE, FALSE, sizeof(GuardRef));
    guard_compile_take(self, 8); /* reference 0 means none */
    GuardNode any = {
        .types = GUARD_TYPE_ANY, .takes = GUARD_TYPE_ANY, .flags = GUARD_NODE_PLAIN};
    self->any = guard_compile_bytes(self, &any, sizeof any);
}

static void
end(GuardCompiler *self)
{
    g_clear_pointer(&self->blob, g_byte_array_unref);
    g_byte_array_unref(self->texts);
    g_clear_pointer(&self->patterns, g_ptr_array_unref);
    g_ptr_array_unref(self->queue);
    g_hash_table_unref(self->pattern_index);
    g_ptr_array_unref(self->anchors);
    g_array_unref(self->dynamics);
    g_array_unref(self->nodes);
}

GuardProgram *
guard_compile(GuardCompiler *self, GuardDocument *document, const char *uri)
{
    begin(self);
    self->main = document;
    guard_registry_add(&self->registry, uri, document);
    GuardRef root = guard_compile_schema(self, document->root);
    do {
        drain_queue(self);
    } while (self->problems->error_count == 0 && add_dynamics(self));
    if (self->problems->error_count == 0) {
        guard_compile_settle(self, root);
        guard_loop_check(self, document->root);
    }
    GuardProgram *program =
        self->problems->error_count == 0 ? finish(self, root) : NULL;
    end(self);
    return program;
}
