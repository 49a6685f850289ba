/* SPDX-License-Identifier: MIT */
/* properties, required and all that is said about members. */
#include "guard-compile.h"

#include "guard-hash.h"

static uint32_t
count_names(const GuardScope *scope)
{
    static const GuardKeyword sources[] = {
        GUARD_KEYWORD_PROPERTIES,        GUARD_KEYWORD_REQUIRED,
        GUARD_KEYWORD_DEPENDENT_SCHEMAS, GUARD_KEYWORD_DEPENDENT_REQUIRED,
        GUARD_KEYWORD_DEPENDENCIES,
    };
    uint32_t count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        const GuardValue *member = scope->members[sources[i]];
        if (member == NULL) {
            continue;
        }
        count += member->count;
        for (const GuardValue *v = member->first; i >= 2 && v != NULL; v = v->next) {
            count += guard_json_is_array(v) ? v->count : 0;
        }
    }
    return count;
}

static void
make_table(GuardScope *scope)
{
    uint32_t size = 8;
    uint32_t need = count_names(scope) * 2;
    while (size < need) {
        size *= 2;
    }
    scope->name_mask = size - 1;
    scope->name_table = g_new0(uint32_t, size);
}

/* The name as the text of a payload usually has it, with the closing quote. */
static void
pack_name(GuardName *entry, const char *name, size_t length)
{
    if (length > sizeof entry->packed - 1) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '"' || name[i] == '\\' || (unsigned char)name[i] < ' ') {
            return;
        }
    }
    memcpy(entry->packed, name, length);
    entry->packed[length] = '"';
}

uint32_t
guard_compile_name(GuardScope *scope, const char *name, size_t length)
{
    GuardCompiler *self = scope->compiler;
    if (scope->name_table == NULL) {
        make_table(scope);
    }
    uint32_t hash = guard_name_hash(name, length);
    uint32_t at = hash & scope->name_mask;
    for (; scope->name_table[at] != 0; at = (at + 1) & scope->name_mask) {
        uint32_t index = scope->name_table[at] - 1;
        const GuardName *known = &g_array_index(scope->names, GuardName, index);
        const GuardText *text = (const GuardText *)(self->texts->data + known->text);
        if (known->length == length && memcmp(text->bytes, name, length) == 0) {
            return index;
        }
    }
    if (length > GUARD_NAME_MAX) {
        guard_problem_error(self->problems, "schema.limit", scope->schema,
                            "a name of more than %d bytes", GUARD_NAME_MAX);
        length = GUARD_NAME_MAX;
    }
    GuardName entry = {.length = (uint32_t)length & GUARD_NAME_MAX, .hash = hash};
    entry.text = guard_compile_text(self, name, length);
    pack_name(&entry, name, length);
    g_array_append_val(scope->names, entry);
    scope->name_table[at] = scope->names->len;
    return scope->names->len - 1;
}

static void
add_properties(GuardScope *scope)
{
    GuardValue *map =
        guard_compile_member(scope, GUARD_KEYWORD_PROPERTIES, JSON_TOKEN_OBJECT_BEGIN);
    for (GuardValue *v = map != NULL ? map->first : NULL; v != NULL; v = v->next) {
        if (guard_compile_is_schema(scope, v)) {
            uint32_t index = guard_compile_name(scope, v->name, v->name_length);
            GuardRef node = guard_compile_schema(scope->compiler, v);
            g_array_index(scope->names, GuardName, index).node = node;
        }
    }
}

/* Returns the name's index for a string of `required`, -1 after an error. */
static int64_t
name_of(GuardScope *scope, const GuardValue *value, const char *keyword)
{
    if (!guard_json_is_string(value)) {
        guard_problem_error(scope->compiler->problems, "schema.type", value,
                            "\"%s\" must list strings", keyword);
        return -1;
    }
    return guard_compile_name(scope, value->text, value->length);
}

static GArray *
read_required(GuardScope *scope)
{
    GArray *required = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    GuardValue *list =
        guard_compile_member(scope, GUARD_KEYWORD_REQUIRED, JSON_TOKEN_ARRAY_BEGIN);
    for (GuardValue *v = list != NULL ? list->first : NULL; v != NULL; v = v->next) {
        int64_t index = name_of(scope, v, "required");
        if (index >= 0) {
            uint32_t name = (uint32_t)index;
            g_array_append_val(required, name);
        }
    }
    return required;
}

static void
add_dependents(GuardScope *scope, GArray *dependents, GuardKeyword keyword)
{
    GuardValue *map = guard_compile_member(scope, keyword, JSON_TOKEN_OBJECT_BEGIN);
    for (GuardValue *m = map != NULL ? map->first : NULL; m != NULL; m = m->next) {
        bool is_list = guard_json_is_array(m);
        if (!is_list && keyword == GUARD_KEYWORD_DEPENDENT_REQUIRED) {
            guard_problem_error(scope->compiler->problems, "schema.type", m,
                                "\"dependentRequired\" must map to arrays of names");
        }
        for (GuardValue *v = is_list ? m->first : NULL; v != NULL; v = v->next) {
            int64_t wanted = name_of(scope, v, guard_keywords[keyword].name);
            if (wanted >= 0) {
                uint32_t trigger = guard_compile_name(scope, m->name, m->name_length);
                GuardDependent entry = {trigger, (uint32_t)wanted, keyword};
                g_array_append_val(dependents, entry);
            }
        }
    }
}

static void
add_rules(GuardScope *scope, GuardObjectPart *part)
{
    GuardCompiler *self = scope->compiler;
    GuardValue *map = guard_compile_member(scope, GUARD_KEYWORD_PATTERN_PROPERTIES,
                                           JSON_TOKEN_OBJECT_BEGIN);
    if (map == NULL || map->count == 0) {
        return;
    }
    part->rules = guard_compile_take(self, sizeof(GuardRule) * map->count);
    for (GuardValue *v = map->first; v != NULL; v = v->next) {
        if (!guard_compile_is_schema(scope, v)) {
            continue;
        }
        GuardRule rule = {
            .pattern =
                guard_compile_pattern(self, v, v->name, v->name_length, v->name_offset),
            .node = guard_compile_schema(self, v),
            .source = guard_compile_text(self, v->name, v->name_length),
        };
        GuardRule *rules = (GuardRule *)(self->blob->data + part->rules);
        rules[part->rule_count++] = rule;
    }
}

static void
add_subschemas(GuardScope *scope, GuardObjectPart *part)
{
    GuardCompiler *self = scope->compiler;
    GuardValue *rest = scope->members[GUARD_KEYWORD_ADDITIONAL_PROPERTIES];
    if (rest != NULL && guard_compile_is_schema(scope, rest)) {
        GuardRef node = guard_compile_schema(self, rest);
        part->additional = node == self->any ? 0 : node;
        part->has_additional = 1;
    }
    GuardValue *names = scope->members[GUARD_KEYWORD_PROPERTY_NAMES];
    if (names != NULL && guard_compile_is_schema(scope, names)) {
        GuardRef node = guard_compile_schema(self, names);
        part->name_node = node == self->any ? 0 : node;
    }
}

static void
write_names(GuardScope *scope, GuardObjectPart *part, const GArray *required)
{
    GuardCompiler *self = scope->compiler;
    part->count = scope->names->len;
    if (part->count == 0) {
        return;
    }
    part->names = guard_compile_bytes(self, scope->names->data,
                                      sizeof(GuardName) * scope->names->len);
    part->table = guard_compile_bytes(self, scope->name_table,
                                      sizeof(uint32_t) * (scope->name_mask + 1));
    part->table_mask = scope->name_mask;
    part->required_words =
        guard_compile_take(self, sizeof(uint64_t) * ((part->count + 63) / 64));
    uint64_t *words = (uint64_t *)(self->blob->data + part->required_words);
    for (guint i = 0; i < required->len; i++) {
        uint32_t name = g_array_index(required, uint32_t, i);
        words[name / 64] |= (uint64_t)1 << (name % 64);
    }
    part->required = words[0];
}

void
guard_compile_object(GuardScope *scope)
{
    GuardCompiler *self = scope->compiler;
    GuardObjectPart part = {.max = UINT32_MAX};
    add_properties(scope);
    g_autoptr(GArray) required = read_required(scope);
    g_autoptr(GArray) dependents = g_array_new(FALSE, TRUE, sizeof(GuardDependent));
    add_dependents(scope, dependents, GUARD_KEYWORD_DEPENDENT_REQUIRED);
    add_dependents(scope, dependents, GUARD_KEYWORD_DEPENDENCIES);
    add_rules(scope, &part);
    add_subschemas(scope, &part);
    bool counts = guard_compile_count(scope, GUARD_KEYWORD_MIN_PROPERTIES, &part.min);
    counts |= guard_compile_count(scope, GUARD_KEYWORD_MAX_PROPERTIES, &part.max);
    if (scope->names->len == 0 && part.rule_count == 0 && !part.has_additional &&
        part.name_node == 0 && !counts) {
        return;
    }
    write_names(scope, &part, required);
    part.dependent_count = dependents->len;
    part.dependents = guard_compile_bytes(self, dependents->data,
                                          sizeof(GuardDependent) * dependents->len);
    scope->node.object = guard_compile_bytes(self, &part, sizeof part);
}
