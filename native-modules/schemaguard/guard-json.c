/* SPDX-License-Identifier: MIT */
#include "guard-json.h"

#include <string.h>

typedef struct {
    GuardArena *arena;
    GuardDocument *document;
    GuardValue *open;  /* container that is being filled */
    GuardValue **link; /* where its next child goes */
    JsonToken name;    /* of the member whose value is next */
} Builder;

static const char *
take_string(Builder *self, const JsonToken *token, size_t *ret_length)
{
    const char *raw = self->document->text + token->offset + 1;
    size_t length = token->length - 2;
    if (!token->is_escaped) {
        *ret_length = length;
        return raw;
    }
    char *out = guard_arena_take(self->arena, length + 1);
    *ret_length = json_string_unescape(raw, length, out, NULL);
    return out;
}

static bool
set_name(Builder *self, GuardValue *value)
{
    value->name_offset = self->name.offset;
    value->name = take_string(self, &self->name, &value->name_length);
    return guard_json_member_n(self->open, value->name, value->name_length) == NULL;
}

/* Returns false for a second member of the same name. */
static bool
add_value(Builder *self, const JsonToken *token)
{
    GuardValue *value = guard_arena_take(self->arena, sizeof *value);
    value->kind = token->kind;
    value->offset = token->offset;
    value->document = self->document;
    value->parent = self->open;
    value->text = self->document->text + token->offset;
    value->length = token->length;
    if (token->kind == JSON_TOKEN_STRING) {
        value->text = take_string(self, token, &value->length);
    }
    if (self->open != NULL) {
        if (self->open->kind == JSON_TOKEN_OBJECT_BEGIN && !set_name(self, value)) {
            return false;
        }
        value->index = self->open->count++;
    }
    *self->link = value;
    self->link = &value->next;
    if (token->kind == JSON_TOKEN_OBJECT_BEGIN ||
        token->kind == JSON_TOKEN_ARRAY_BEGIN) {
        self->open = value;
        self->link = &value->first;
    }
    return true;
}

static void
close_value(Builder *self, const JsonToken *token)
{
    GuardValue *closed = self->open;
    closed->length = token->offset + 1 - closed->offset;
    self->open = closed->parent;
    self->link = &closed->next;
}

static bool
take_token(Builder *self, const JsonToken *token)
{
    switch (token->kind) {
    case JSON_TOKEN_NAME:
        self->name = *token;
        return true;
    case JSON_TOKEN_OBJECT_END:
    case JSON_TOKEN_ARRAY_END:
        close_value(self, token);
        return true;
    case JSON_TOKEN_ERROR:
    case JSON_TOKEN_END:
        return true;
    case JSON_TOKEN_OBJECT_BEGIN:
    case JSON_TOKEN_ARRAY_BEGIN:
    case JSON_TOKEN_STRING:
    case JSON_TOKEN_NUMBER:
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
    case JSON_TOKEN_NULL:
        return add_value(self, token);
    }
    return true;
}

GuardDocument *
guard_json_parse(GuardArena *arena, const char *text, size_t length,
                 GuardJsonFailure *ret_failure)
{
    if (length > GUARD_JSON_BYTES_MAX) {
        *ret_failure = (GuardJsonFailure){JSON_ERROR_DEPTH, GUARD_JSON_BYTES_MAX};
        return NULL;
    }
    GuardDocument *document = guard_arena_take(arena, sizeof *document);
    document->text = guard_arena_copy(arena, text, length);
    document->length = length;
    Builder builder = {.arena = arena, .document = document, .link = &document->root};
    JsonScan scan;
    JsonToken token;
    json_scan_init(&scan, document->text, length, GUARD_JSON_DEPTH_MAX);
    do {
        json_scan_next(&scan, &token);
        if (!take_token(&builder, &token)) {
            *ret_failure =
                (GuardJsonFailure){JSON_ERROR_DUPLICATE, builder.name.offset};
            return NULL;
        }
    } while (token.kind > JSON_TOKEN_END);
    *ret_failure = (GuardJsonFailure){scan.error, scan.error_offset};
    return scan.error == JSON_ERROR_NONE ? document : NULL;
}

GuardValue *
guard_json_member_n(const GuardValue *object, const char *name, size_t length)
{
    if (!guard_json_is_object(object)) {
        return NULL;
    }
    for (GuardValue *value = object->first; value != NULL; value = value->next) {
        if (value->name_length == length && memcmp(value->name, name, length) == 0) {
            return value;
        }
    }
    return NULL;
}

GuardValue *
guard_json_member(const GuardValue *object, const char *name)
{
    return guard_json_member_n(object, name, strlen(name));
}

GuardValue *
guard_json_item(const GuardValue *array, size_t index)
{
    GuardValue *value = guard_json_is_array(array) ? array->first : NULL;
    while (value != NULL && index-- > 0) {
        value = value->next;
    }
    return value;
}

bool
guard_json_equals(const GuardValue *value, const char *text)
{
    size_t length = strlen(text);
    return guard_json_is_string(value) && value->length == length &&
           memcmp(value->text, text, length) == 0;
}

void
guard_json_append_token(GString *out, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (name[i] == '~' || name[i] == '/') {
            g_string_append(out, name[i] == '~' ? "~0" : "~1");
        }
        else {
            g_string_append_c(out, name[i]);
        }
    }
}

void
guard_json_pointer(const GuardValue *value, GString *out)
{
    /* Few levels: collecting the way up first keeps it simple. */
    const GuardValue *way[GUARD_JSON_DEPTH_MAX + 1];
    size_t n = 0;
    for (; value->parent != NULL; value = value->parent) {
        way[n++] = value;
    }
    while (n-- > 0) {
        g_string_append_c(out, '/');
        if (way[n]->name != NULL) {
            guard_json_append_token(out, way[n]->name, way[n]->name_length);
        }
        else {
            g_string_append_printf(out, "%u", way[n]->index);
        }
    }
}
