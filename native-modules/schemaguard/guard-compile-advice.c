/* SPDX-License-Identifier: MIT */
/* For who writes a schema: what it would silently ignore. */
#include "guard-compile.h"

#include <string.h>

/* Unknown keywords are annotations, but most of them are misspelt. */
void
guard_compile_advise_keyword(GuardScope *scope, const GuardValue *member)
{
    GuardCompiler *self = scope->compiler;
    bool own = member->name_length > 1 && strncmp(member->name, "x-", 2) == 0;
    if (!self->gives_advice || own || scope->schema->document != self->main) {
        return;
    }
    const char *near = guard_keyword_nearest(member->name, member->name_length,
                                             scope->resource->draft);
    guard_problem_add(self->problems, false, "schema.unknown-keyword", member,
                      member->name_offset, "unknown keyword \"%.*s\" is ignored%s%s%s",
                      (int)MIN(member->name_length, 60), member->name,
                      near ? "; did you mean \"" : "", near ? near : "",
                      near ? "\"?" : "");
}

void
guard_compile_advise_required(GuardScope *scope)
{
    const GuardValue *required = scope->members[GUARD_KEYWORD_REQUIRED];
    const GuardValue *properties = scope->members[GUARD_KEYWORD_PROPERTIES];
    if (!scope->compiler->gives_advice || !guard_json_is_array(required) ||
        !guard_json_is_object(properties)) {
        return;
    }
    for (const GuardValue *v = required->first; v != NULL; v = v->next) {
        if (!guard_json_is_string(v) ||
            guard_json_member_n(properties, v->text, v->length) != NULL) {
            continue;
        }
        GuardSpelling near = GUARD_SPELLING(v->text, v->length);
        for (const GuardValue *m = properties->first; m != NULL; m = m->next) {
            guard_spelling_try(&near, m->name, m->name_length);
        }
        guard_problem_add(
            scope->compiler->problems, false, "schema.required-unknown", v, v->offset,
            "\"%.*s\" is required, but not among the properties%s%.*s%s",
            (int)MIN(v->length, 60), v->text, near.best ? "; did you mean \"" : "",
            (int)near.best_length, near.best ? near.best : "", near.best ? "\"?" : "");
    }
}

/* What identifies schemas has to be what it should be, whether anybody refers to it. */
void
guard_compile_identity(GuardScope *scope)
{
    static const GuardKeyword names[] = {GUARD_KEYWORD_ID, GUARD_KEYWORD_S_ID,
                                         GUARD_KEYWORD_S_SCHEMA, GUARD_KEYWORD_S_ANCHOR,
                                         GUARD_KEYWORD_S_DYNAMIC_ANCHOR};
    static const GuardKeyword maps[] = {GUARD_KEYWORD_S_DEFS, GUARD_KEYWORD_DEFINITIONS,
                                        GUARD_KEYWORD_S_VOCABULARY};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        guard_compile_member(scope, names[i], JSON_TOKEN_STRING);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(maps); i++) {
        guard_compile_member(scope, maps[i], JSON_TOKEN_OBJECT_BEGIN);
    }
}

/* Nobody may refer to them, but who checks a schema wants to hear of them too. */
void
guard_compile_idle(GuardScope *scope)
{
    GuardCompiler *self = scope->compiler;
    if (!self->gives_advice || scope->schema->document != self->main) {
        return;
    }
    for (unsigned k = 1; k < GUARD_KEYWORD_COUNT; k++) {
        GuardValue *value = scope->members[k];
        bool is_map = guard_keywords[k].shape == GUARD_SHAPE_SCHEMA_MAP;
        if (guard_keywords[k].shape == GUARD_SHAPE_SCHEMA && value != NULL) {
            guard_compile_schema(self, value);
        }
        for (GuardValue *v = is_map && guard_json_is_object(value) ? value->first
                                                                   : NULL;
             v != NULL; v = v->next) {
            guard_compile_schema(self, v);
        }
    }
}
