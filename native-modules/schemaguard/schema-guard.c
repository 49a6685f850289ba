/* SPDX-License-Identifier: MIT */
#include "schema-guard.h"

#include "guard-compile.h"
#include "guard-pattern.h"
#include "guard-private.h"
#include "guard-report.h"

G_DEFINE_QUARK(schema - guard - error - quark, schema_guard_error)

enum {
    BYTES_MAX_DEFAULT = 1 << 30,
};

static GuardDraft
draft_of(const SchemaGuardOptions *options)
{
    return options->draft == SCHEMA_GUARD_DRAFT_AUTO
               ? GUARD_DRAFT_2020
               : (GuardDraft)(options->draft - SCHEMA_GUARD_DRAFT_4);
}

static GuardProgram *
compile(const char *schema, size_t length, const SchemaGuardOptions *options,
        GuardProblems *problems, GuardJsonFailure *failure, bool gives_advice)
{
    GuardDocument *document =
        guard_json_parse(problems->arena, schema, length, failure);
    if (document == NULL) {
        return NULL;
    }
    GuardOffer *offers =
        guard_arena_take(problems->arena, sizeof *offers * (options->offer_count + 1));
    for (size_t i = 0; i < options->offer_count; i++) {
        offers[i] = (GuardOffer){options->offers[i].uri, options->offers[i].text,
                                 options->offers[i].length};
    }
    GuardCompiler compiler = {.problems = problems,
                              .arena = problems->arena,
                              .asserts_formats = !options->ignores_formats,
                              .gives_advice = gives_advice};
    guard_registry_init(&compiler.registry, problems->arena, problems,
                        draft_of(options), offers, options->offer_count);
    GuardProgram *program = guard_compile(&compiler, document, "");
    guard_registry_clear(&compiler.registry);
    return program;
}

static void
set_json_error(GError **error, const char *text, size_t length,
               const GuardJsonFailure *failure)
{
    size_t line;
    size_t column;
    json_text_position(text, length, failure->offset, &line, &column);
    g_set_error(error, SCHEMA_GUARD_ERROR, SCHEMA_GUARD_ERROR_JSON,
                "the schema is not JSON: %s (line %zu, column %zu)",
                json_error_message(failure->error, text, length, failure->offset), line,
                column);
}

static void
set_problem_error(GError **error, const GuardProblems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const GuardProblem *problem = &problems->items[i];
        if (problem->is_error) {
            g_set_error(error, SCHEMA_GUARD_ERROR, SCHEMA_GUARD_ERROR_SCHEMA,
                        "%s (line %zu, column %zu, at \"%s\")", problem->message,
                        problem->line, problem->column, problem->pointer);
            return;
        }
    }
}

/* The root's part, if calls may be read without the machine. */
static const GuardQuickPart *
plain_root(const SchemaGuard *self)
{
    const GuardProgram *program = &self->program;
    if (program->root_quick == 0 || self->allows_duplicates || self->depth_max < 2) {
        return NULL;
    }
    const GuardQuickPart *part =
        GUARD_QUICK_AT(program, GuardQuickPart, program->root_quick);
    return part->flags == 0 ? part : NULL;
}

/* Moves the program behind the guard: what a check touches lies together. */
static SchemaGuard *
make_guard(GuardProgram *program, const SchemaGuardOptions *options)
{
    size_t quick = sizeof(SchemaGuard);
    size_t bytes =
        (quick + program->quick_size + GUARD_LINE - 1) / GUARD_LINE * GUARD_LINE;
    char *block = g_aligned_alloc0(1, bytes + program->size, GUARD_LINE);
    SchemaGuard *self = (SchemaGuard *)block;
    if (program->quick_size > 0) {
        memcpy(block + quick, program->quick, program->quick_size);
    }
    memcpy(block + bytes, program->bytes, program->size);
    g_free((char *)program->quick);
    g_free((char *)program->bytes);
    self->program = *program;
    self->program.quick = block + quick;
    self->program.bytes = block + bytes;
    g_free(program);
    atomic_init(&self->references, 1);
    self->allows_duplicates = options->allows_duplicates;
    self->mask = g_strdup(options->mask);
    self->spares = g_aligned_alloc0(GUARD_SPARES, sizeof *self->spares, GUARD_LINE);
    unsigned depth = options->depth_max;
    self->depth_max = (uint16_t)(depth == 0 ? GUARD_RUN_DEPTH_DEFAULT
                                            : MIN(depth, JSON_SCAN_DEPTH_CAP));
    self->bytes_max = options->bytes_max != 0 ? options->bytes_max : BYTES_MAX_DEFAULT;
    self->plain = plain_root(self);
    return self;
}

static SchemaGuard *
compile_guard(const char *schema, size_t length, const SchemaGuardOptions *options,
              GError **error)
{
    GuardArena arena = GUARD_ARENA_INIT;
    GuardProblems *problems = guard_arena_take(&arena, sizeof *problems);
    problems->arena = &arena;
    GuardJsonFailure failure = {0};
    GuardProgram *program = compile(schema, length, options, problems, &failure, false);
    SchemaGuard *self = NULL;
    if (program != NULL) {
        self = make_guard(program, options);
    }
    else if (failure.error != JSON_ERROR_NONE) {
        set_json_error(error, schema, length, &failure);
    }
    else {
        set_problem_error(error, problems);
    }
    guard_arena_clear(&arena);
    return self;
}

SchemaGuard *
schema_guard_new(const char *schema, size_t length, const SchemaGuardOptions *options,
                 GError **error)
{
    static const SchemaGuardOptions defaults;
    options = options != NULL ? options : &defaults;
    GuardKey key;
    guard_key_init(&key, schema, length, options);
    SchemaGuard *self = guard_share_find(&key);
    if (self == NULL) {
        self = compile_guard(schema, length, options, error);
        self = self != NULL ? guard_share_enter(self, &key) : NULL;
    }
    guard_key_clear(&key);
    return self;
}

SchemaGuard *
schema_guard_ref(SchemaGuard *self)
{
    atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
    return self;
}

void
schema_guard_unref(SchemaGuard *self)
{
    if (self != NULL && guard_share_leave(self)) {
        schema_guard_free(self);
    }
}

void
schema_guard_free(SchemaGuard *self)
{
    for (unsigned i = 0; i < GUARD_SPARES; i++) {
        guard_scratch_free(atomic_load(&self->spares[i].scratch));
    }
    guard_program_clear(&self->program);
    guard_key_clear(&self->key);
    g_aligned_free(self->spares);
    g_free(self->mask);
    g_aligned_free(self);
}

struct SchemaGuardCheck {
    GuardArena arena;
    GuardProblems *problems;
};

SchemaGuardCheck *
schema_guard_check(const char *schema, size_t length, const SchemaGuardOptions *options)
{
    static const SchemaGuardOptions defaults;
    SchemaGuardCheck *self = g_new0(SchemaGuardCheck, 1);
    self->problems = guard_arena_take(&self->arena, sizeof *self->problems);
    self->problems->arena = &self->arena;
    GuardJsonFailure failure = {0};
    GuardProgram *program =
        compile(schema, length, options != NULL ? options : &defaults, self->problems,
                &failure, true);
    if (program != NULL) {
        g_free((char *)program->quick);
        g_free((char *)program->bytes);
        guard_program_clear(program);
        g_free(program);
    }
    guard_problem_finish(self->problems);
    if (failure.error != JSON_ERROR_NONE) {
        GuardProblem *problem = &self->problems->items[self->problems->count++];
        *problem = (GuardProblem){.is_error = true,
                                  .code = "syntax",
                                  .message = json_error_message(failure.error, schema,
                                                                length, failure.offset),
                                  .pointer = "",
                                  .offset = failure.offset};
        json_text_position(schema, length, failure.offset, &problem->line,
                           &problem->column);
    }
    return self;
}

void
schema_guard_check_free(SchemaGuardCheck *self)
{
    if (self != NULL) {
        guard_arena_clear(&self->arena);
        g_free(self);
    }
}

size_t
schema_guard_check_count(const SchemaGuardCheck *self)
{
    return self->problems->count;
}

const SchemaGuardProblem *
schema_guard_check_at(const SchemaGuardCheck *self, size_t index)
{
    /* One layout, two names: the private one must not show in this header. */
    G_STATIC_ASSERT(sizeof(SchemaGuardProblem) == sizeof(GuardProblem));
    G_STATIC_ASSERT(offsetof(SchemaGuardProblem, column) ==
                    offsetof(GuardProblem, column));
    return (const SchemaGuardProblem *)&self->problems->items[index];
}

char *
schema_guard_dump(const SchemaGuard *self)
{
    return guard_program_dump(&self->program);
}

const char *
schema_guard_string_end(const char *p, const char *end, bool *ret_is_escaped,
                        bool *ret_is_ascii)
{
    JsonStringInfo info;
    const char *bad;
    const char *close = json_string_check(p, end, &info, &bad);
    *ret_is_escaped = info.is_escaped;
    *ret_is_ascii = info.is_ascii;
    return close;
}

size_t
schema_guard_string_unescape(const char *raw, size_t length, char *out,
                             bool *ret_has_lone)
{
    G_STATIC_ASSERT((int)SCHEMA_GUARD_DEPTH_MAX == (int)JSON_SCAN_DEPTH_CAP);
    return json_string_unescape(raw, length, out, ret_has_lone);
}

struct SchemaGuardPattern {
    GuardPattern *pattern;
};

SchemaGuardPattern *
schema_guard_pattern_new(const char *source, size_t length, GError **error)
{
    g_autofree char *message = NULL;
    size_t position = 0;
    GuardPattern *pattern = guard_pattern_new(source, length, &message, &position);
    if (pattern == NULL) {
        g_set_error(error, SCHEMA_GUARD_ERROR, SCHEMA_GUARD_ERROR_SCHEMA,
                    "bad pattern at character %zu: %s", position + 1, message);
        return NULL;
    }
    SchemaGuardPattern *self = g_new0(SchemaGuardPattern, 1);
    self->pattern = pattern;
    return self;
}

void
schema_guard_pattern_free(SchemaGuardPattern *self)
{
    if (self != NULL) {
        guard_pattern_free(self->pattern);
        g_free(self);
    }
}

bool
schema_guard_pattern_search(SchemaGuardPattern *self, const char *text, size_t length)
{
    return guard_pattern_match(self->pattern, text, length) == GUARD_MATCH_YES;
}
