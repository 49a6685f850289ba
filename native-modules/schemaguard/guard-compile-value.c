/* SPDX-License-Identifier: MIT */
/* type, enum, const, and the assertions on numbers and strings. */
#include "guard-compile.h"

#include "guard-canon.h"
#include "guard-format.h"

#include <json-number.h>

#include <string.h>

static const struct {
    const char *name;
    uint8_t types;
} type_names[] = {
    {"null", GUARD_TYPE_NULL},       {"boolean", GUARD_TYPE_BOOLEAN},
    {"integer", GUARD_TYPE_INTEGER}, {"number", GUARD_TYPE_NUMBER},
    {"string", GUARD_TYPE_STRING},   {"array", GUARD_TYPE_ARRAY},
    {"object", GUARD_TYPE_OBJECT},
};

static const char *
nearest_type(const GuardValue *value)
{
    static const char *const aliases[][2] = {
        {"dict", "object"}, {"list", "array"},   {"str", "string"},
        {"int", "integer"}, {"float", "number"}, {"bool", "boolean"},
        {"none", "null"},   {"tuple", "array"},  {"double", "number"},
        {"map", "object"},  {"long", "integer"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (strlen(aliases[i][0]) == value->length &&
            g_ascii_strncasecmp(value->text, aliases[i][0], value->length) == 0) {
            return aliases[i][1];
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(type_names); i++) {
        const char *name = type_names[i].name;
        if (guard_spelling_distance(value->text, value->length, name, strlen(name),
                                    2) <= 2) {
            return name;
        }
    }
    return NULL;
}

static uint8_t
read_type(GuardScope *scope, const GuardValue *value)
{
    for (size_t i = 0; guard_json_is_string(value) && i < G_N_ELEMENTS(type_names);
         i++) {
        if (guard_json_equals(value, type_names[i].name)) {
            return type_names[i].types;
        }
    }
    const char *near = guard_json_is_string(value) ? nearest_type(value) : NULL;
    guard_problem_error(scope->compiler->problems, "schema.type", value,
                        "unknown type %.*s%s%s%s; known are null, boolean, integer, "
                        "number, string, array, object",
                        (int)(value->length < 40 ? value->length : 40), value->text,
                        near ? "; did you mean \"" : "", near ? near : "",
                        near ? "\"?" : "");
    return GUARD_TYPE_ANY;
}

void
guard_compile_type(GuardScope *scope)
{
    const GuardValue *type = scope->members[GUARD_KEYWORD_TYPE];
    if (type == NULL) {
        return;
    }
    if (!guard_json_is_array(type)) {
        scope->node.types = read_type(scope, type);
        return;
    }
    scope->node.types = 0;
    for (const GuardValue *v = type->first; v != NULL; v = v->next) {
        scope->node.types |= read_type(scope, v);
    }
    if (type->count == 0) {
        guard_problem_error(scope->compiler->problems, "schema.type", type,
                            "\"type\" must name at least one type");
    }
}

static uint32_t
type_of(const GuardValue *value)
{
    JsonDecimal decimal;
    switch ((int)value->kind) {
    case JSON_TOKEN_NULL:
        return GUARD_TYPE_NULL;
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
        return GUARD_TYPE_BOOLEAN;
    case JSON_TOKEN_STRING:
        return GUARD_TYPE_STRING;
    case JSON_TOKEN_ARRAY_BEGIN:
        return GUARD_TYPE_ARRAY;
    case JSON_TOKEN_OBJECT_BEGIN:
        return GUARD_TYPE_OBJECT;
    default:
        json_decimal_parse(&decimal, value->text, value->length);
        return json_decimal_is_integer(&decimal) ? GUARD_TYPE_INTEGER
                                                 : GUARD_TYPE_FRACTION;
    }
}

static GuardRef
raw_text(GuardCompiler *self, const GuardValue *value)
{
    const char *raw = value->document->text + value->offset;
    size_t length = value->length;
    if (value->kind == JSON_TOKEN_STRING) {
        JsonStringInfo info;
        const char *bad;
        const char *end = value->document->text + value->document->length;
        length = (size_t)(json_string_check(raw + 1, end, &info, &bad) + 1 - raw);
    }
    return guard_compile_text(self, raw, length);
}

static GuardRef
compile_choice(GuardCompiler *self, const GuardValue *value, GuardRef list,
               uint32_t index)
{
    GuardChoice choice = {.type = type_of(value), .source = raw_text(self, value)};
    if (choice.type == GUARD_TYPE_STRING) {
        choice.length = (uint32_t)value->length;
        choice.text = guard_compile_bytes(self, value->text, value->length);
    }
    else {
        g_auto(GuardBuffer) canon = GUARD_BUFFER_INIT;
        g_auto(GuardBuffer) members = GUARD_BUFFER_INIT;
        guard_canon_value(&canon, &members, value->text, value->text + value->length);
        choice.length = (uint32_t)canon.length;
        choice.text = guard_compile_bytes(self, canon.bytes, canon.length);
    }
    ((GuardChoice *)(self->blob->data + list))[index] = choice;
    return choice.type;
}

static void
compile_choice_part(GuardScope *scope, const GuardValue *first, uint32_t count,
                    GuardKeyword keyword)
{
    GuardCompiler *self = scope->compiler;
    GuardRef list = guard_compile_take(self, sizeof(GuardChoice) * count);
    GuardChoicePart part = {.count = count,
                            .keyword = keyword,
                            .choices = list,
                            .next = scope->node.choice};
    for (uint32_t i = 0; i < count; i++, first = first->next) {
        part.types |= compile_choice(self, first, list, i);
    }
    scope->node.choice = guard_compile_bytes(self, &part, sizeof part);
}

void
guard_compile_choices(GuardScope *scope)
{
    GuardValue *list =
        guard_compile_member(scope, GUARD_KEYWORD_ENUM, JSON_TOKEN_ARRAY_BEGIN);
    if (list != NULL) {
        compile_choice_part(scope, list->first, list->count, GUARD_KEYWORD_ENUM);
    }
    GuardValue *constant = scope->members[GUARD_KEYWORD_CONST];
    if (constant != NULL) {
        compile_choice_part(scope, constant, 1, GUARD_KEYWORD_CONST);
    }
}

/* Tightens the range in which an integer needs no exact look. */
static void
narrow(GuardNumberPart *part, unsigned which, const JsonDecimal *bound)
{
    int64_t value;
    bool fits = json_decimal_to_int64(bound, &value);
    if (which == GUARD_BOUND_MULTIPLE) {
        part->step = fits && value > 0 ? value : -1;
        return;
    }
    bool is_low = which == GUARD_BOUND_MIN || which == GUARD_BOUND_ABOVE;
    bool is_open = which == GUARD_BOUND_ABOVE || which == GUARD_BOUND_BELOW;
    if (!fits || value == INT64_MIN || value == INT64_MAX) {
        part->low = 1; /* an empty range: always look exactly */
        part->high = 0;
    }
    else if (is_low) {
        part->low = MAX(part->low, value + is_open);
    }
    else {
        part->high = MIN(part->high, value - is_open);
    }
}

static void
add_bound(GuardScope *scope, GuardNumberPart *part, GuardKeyword keyword,
          unsigned which)
{
    GuardCompiler *self = scope->compiler;
    GuardValue *value = guard_compile_member(scope, keyword, JSON_TOKEN_NUMBER);
    if (value == NULL) {
        return;
    }
    JsonDecimal bound;
    json_decimal_parse(&bound, value->text, value->length);
    if (which == GUARD_BOUND_MULTIPLE &&
        (bound.is_negative || bound.count == 0 ||
         bound.count > JSON_DECIMAL_DIVISOR_DIGITS_MAX)) {
        guard_problem_error(self->problems, "schema.type", value,
                            "\"multipleOf\" must be greater than 0 and have at most %d "
                            "significant digits",
                            JSON_DECIMAL_DIVISOR_DIGITS_MAX);
        return;
    }
    part->bounds[which].text = guard_compile_text(self, value->text, value->length);
    part->bounds[which].keyword = keyword;
    narrow(part, which, &bound);
}

/* Draft-04: exclusiveMinimum is a flag of minimum. */
static void
add_flagged_bound(GuardScope *scope, GuardNumberPart *part, GuardKeyword keyword,
                  GuardKeyword flag, unsigned closed, unsigned open)
{
    if (scope->resource->draft != GUARD_DRAFT_4) {
        add_bound(scope, part, keyword, closed);
        add_bound(scope, part, flag, open);
        return;
    }
    GuardValue *exclusive = guard_compile_member(scope, flag, JSON_TOKEN_TRUE);
    bool is_open = exclusive != NULL && exclusive->kind == JSON_TOKEN_TRUE;
    add_bound(scope, part, keyword, is_open ? open : closed);
}

void
guard_compile_number(GuardScope *scope)
{
    GuardNumberPart part = {.low = INT64_MIN, .high = INT64_MAX};
    add_flagged_bound(scope, &part, GUARD_KEYWORD_MINIMUM,
                      GUARD_KEYWORD_EXCLUSIVE_MINIMUM, GUARD_BOUND_MIN,
                      GUARD_BOUND_ABOVE);
    add_flagged_bound(scope, &part, GUARD_KEYWORD_MAXIMUM,
                      GUARD_KEYWORD_EXCLUSIVE_MAXIMUM, GUARD_BOUND_MAX,
                      GUARD_BOUND_BELOW);
    add_bound(scope, &part, GUARD_KEYWORD_MULTIPLE_OF, GUARD_BOUND_MULTIPLE);
    for (unsigned i = 0; i < GUARD_BOUND_COUNT; i++) {
        if (part.bounds[i].text != 0) {
            scope->node.number =
                guard_compile_bytes(scope->compiler, &part, sizeof part);
            return;
        }
    }
}

static void
compile_format(GuardScope *scope, GuardStringPart *part)
{
    GuardCompiler *self = scope->compiler;
    GuardValue *format =
        guard_compile_member(scope, GUARD_KEYWORD_FORMAT, JSON_TOKEN_STRING);
    bool asserts = self->asserts_formats ||
                   (scope->resource->vocabularies & GUARD_VOCABULARY_FORMAT_ASSERTION);
    if (format == NULL || !asserts) {
        return;
    }
    part->format =
        guard_format_find(format->text, format->length, scope->resource->draft);
    if (part->format == GUARD_FORMAT_NONE && self->gives_advice) {
        const char *near =
            guard_format_nearest(format->text, format->length, scope->resource->draft);
        guard_problem_add(
            self->problems, false, "schema.unknown-format", format, format->offset,
            "unknown format \"%.*s\" is not checked%s%s%s",
            (int)MIN(format->length, 60), format->text, near ? "; did you mean \"" : "",
            near ? near : "", near ? "\"?" : "");
    }
    if (part->format != GUARD_FORMAT_NONE) {
        part->format_name = guard_compile_text(self, format->text, format->length);
    }
}

void
guard_compile_string(GuardScope *scope)
{
    GuardStringPart part = {.max = UINT32_MAX, .pattern = GUARD_NO_PATTERN};
    guard_compile_count(scope, GUARD_KEYWORD_MIN_LENGTH, &part.min);
    guard_compile_count(scope, GUARD_KEYWORD_MAX_LENGTH, &part.max);
    GuardValue *pattern =
        guard_compile_member(scope, GUARD_KEYWORD_PATTERN, JSON_TOKEN_STRING);
    if (pattern != NULL) {
        part.pattern = guard_compile_pattern(scope->compiler, pattern, pattern->text,
                                             pattern->length, pattern->offset);
    }
    compile_format(scope, &part);
    if (part.min > 0 || part.max < UINT32_MAX || part.pattern != GUARD_NO_PATTERN ||
        part.format != 0) {
        scope->node.string = guard_compile_bytes(scope->compiler, &part, sizeof part);
    }
}
