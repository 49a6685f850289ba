/* SPDX-License-Identifier: MIT */
/* The message of each failed assertion: what was expected, what came, what was meant.
 */
#include "guard-report.h"

#include "guard-pattern.h"
#include "guard-scalar.h"

/* Returns the byte behind the value at `p`, which may be broken JSON. */
static const char *
value_end(GuardRun *run, const char *p)
{
    JsonScan scan;
    JsonToken token;
    json_scan_init(&scan, p, (size_t)(run->end - p), JSON_SCAN_DEPTH_CAP);
    json_scan_next(&scan, &token);
    if (token.kind == JSON_TOKEN_ERROR || !json_scan_skip(&scan, &token)) {
        return run->end;
    }
    return p + scan.at;
}

const char *
guard_words_excerpt(GuardRun *run, const char *p, const char *end)
{
    end = end != NULL ? end : value_end(run, p);
    size_t length = guard_words_fit(p, (size_t)(end - p), GUARD_REPORT_EXCERPT_MAX);
    const char *stop = p + length;
    char out[GUARD_REPORT_EXCERPT_MAX + sizeof "..."];
    char *to = out;
    for (; p < stop; p++) {
        *to++ = (unsigned char)*p < ' ' ? ' ' : *p;
    }
    if (stop < end) {
        to = stpcpy(to, "...");
    }
    return guard_arena_copy(&run->collector->arena, out, (size_t)(to - out));
}

/* A value as it is shown, unless values are not. */
static const char *
shown_value(GuardRun *run, const char *p, const char *end)
{
    const char *mask = run->collector->mask;
    return mask != NULL ? guard_arena_copy(&run->collector->arena, mask, strlen(mask))
                        : guard_words_excerpt(run, p, end);
}

static const char *
type_name(const char *p)
{
    switch (*p) {
    case '"':
        return "string";
    case '{':
        return "object";
    case '[':
        return "array";
    case 't':
    case 'f':
        return "boolean";
    case 'n':
        return "null";
    default:
        return "number";
    }
}

static const char *
keep(GuardRun *run, const GString *text)
{
    return guard_arena_copy(&run->collector->arena, text->str, text->len);
}

/* The type and the value; null is both. */
static const char *
typed_value(GuardRun *run, const SchemaGuardIssue *issue)
{
    const char *type = type_name(run->text + issue->offset);
    return strcmp(type, "null") == 0
               ? type
               : guard_arena_printf(&run->collector->arena, "%s %s", type, issue->got);
}

static void
words_type(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node)
{
    g_autoptr(GString) types = g_string_new(NULL);
    guard_words_types(types, node->types);
    issue->expected = keep(run, types);
    issue->message = guard_arena_printf(&run->collector->arena, "expected %s, got %s",
                                        types->str, typed_value(run, issue));
}

/* Looks for the text among the allowed ones. */
static const char *
nearest_text(const GuardRun *run, const char *text, size_t length,
             const char *candidate, unsigned *best)
{
    unsigned distance =
        guard_spelling_distance(text, length, candidate, strlen(candidate), *best);
    if (distance < *best) {
        *best = distance;
        return candidate;
    }
    return NULL;
}

static void
words_choice(GuardRun *run, SchemaGuardIssue *issue, GuardRef ref)
{
    const GuardProgram *program = run->program;
    const GuardChoicePart *part = GUARD_AT(program, GuardChoicePart, ref);
    const GuardChoice *choices = GUARD_AT(program, GuardChoice, part->choices);
    g_autoptr(GString) list = g_string_new(NULL);
    unsigned best = guard_spelling_limit(strlen(issue->got)) + 1;
    for (uint32_t i = 0; i < part->count; i++) {
        const char *source = guard_program_text(program, choices[i].source);
        const char *near =
            run->collector->mask == NULL
                ? nearest_text(run, issue->got, strlen(issue->got), source, &best)
                : NULL;
        issue->nearest = near != NULL ? near : issue->nearest;
        if (i < GUARD_REPORT_VALUES_MAX) {
            g_string_append(list, i > 0 ? ", " : "");
            guard_words_text(list, source, GUARD_REPORT_TEXT_MAX);
        }
    }
    if (part->count > GUARD_REPORT_VALUES_MAX) {
        g_string_append_printf(list, ", ... (%u in all)", part->count);
    }
    issue->expected = keep(run, list);
    if (issue->nearest != NULL) {
        issue->nearest = guard_arena_copy(&run->collector->arena, issue->nearest,
                                          strlen(issue->nearest));
    }
    issue->message = guard_arena_printf(
        &run->collector->arena, "must be %s%s, got %s%s%s%s",
        part->count > 1 ? "one of " : "", list->str, issue->got,
        issue->nearest ? "; did you mean " : "", issue->nearest ? issue->nearest : "",
        issue->nearest ? "?" : "");
}

static void
words_required(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
               size_t index)
{
    const GuardObjectPart *part = GUARD_AT(run->program, GuardObjectPart, node->object);
    const GuardName *name = GUARD_AT(run->program, GuardName, part->names) + index;
    g_autoptr(GString) types = g_string_new(NULL);
    if (name->node != 0) {
        unsigned wanted = GUARD_AT(run->program, GuardNode, name->node)->types;
        if (wanted != GUARD_TYPE_ANY) {
            guard_words_types(types, wanted);
        }
    }
    issue->expected =
        guard_arena_copy(&run->collector->arena,
                         guard_program_text(run->program, name->text), name->length);
    issue->got = NULL;
    issue->message = guard_arena_printf(
        &run->collector->arena, "missing required property \"%s\"%s%s%s",
        issue->expected, types->len ? " (" : "", types->str, types->len ? ")" : "");
}

static void
words_dependent(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
                size_t index)
{
    const GuardObjectPart *part = GUARD_AT(run->program, GuardObjectPart, node->object);
    const GuardName *names = GUARD_AT(run->program, GuardName, part->names);
    const GuardDependent *entry =
        GUARD_AT(run->program, GuardDependent, part->dependents) + index;
    issue->got = NULL;
    issue->message = guard_arena_printf(
        &run->collector->arena, "property \"%s\" is required because \"%s\" is there",
        guard_program_text(run->program, names[entry->wanted].text),
        guard_program_text(run->program, names[entry->trigger].text));
}

/* "did you mean" and the names that are allowed. */
static void
words_unknown(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node)
{
    const GuardProgram *program = run->program;
    size_t length = strlen(issue->got);
    const char *bare = issue->got + 1; /* without the quotes */
    size_t bare_length = length > 1 ? length - 2 : 0;
    unsigned best = guard_spelling_limit(bare_length) + 1;
    g_autoptr(GString) list = g_string_new(NULL);
    const GuardObjectPart *part =
        node->object != 0 ? GUARD_AT(program, GuardObjectPart, node->object) : NULL;
    uint32_t listed = 0;
    for (uint32_t i = 0; part != NULL && i < part->count; i++) {
        const GuardName *name = GUARD_AT(program, GuardName, part->names) + i;
        const char *text = guard_program_text(program, name->text);
        if (name->node == 0) {
            continue;
        }
        const char *near = nearest_text(run, bare, bare_length, text, &best);
        issue->nearest = near != NULL ? near : issue->nearest;
        if (listed++ < GUARD_REPORT_VALUES_MAX) {
            g_string_append_printf(list, "%s\"%s\"", listed > 1 ? ", " : "", text);
        }
    }
    if (listed > GUARD_REPORT_VALUES_MAX) {
        g_string_append_printf(list, ", ... (%u in all)", listed);
    }
    issue->expected = list->len > 0 ? keep(run, list) : NULL;
    if (issue->nearest != NULL) {
        issue->nearest = guard_arena_copy(&run->collector->arena, issue->nearest,
                                          strlen(issue->nearest));
    }
    issue->message = guard_arena_printf(
        &run->collector->arena, "unknown property %s%s%s%s%s%s", issue->got,
        issue->nearest ? "; did you mean \"" : "", issue->nearest ? issue->nearest : "",
        issue->nearest ? "\"?" : "", list->len ? "; allowed are " : "", list->str);
}

static void
words_bound(GuardRun *run, SchemaGuardIssue *issue, GuardKeyword keyword, GuardRef text)
{
    const char *relation = keyword == GUARD_KEYWORD_MINIMUM             ? "at least"
                           : keyword == GUARD_KEYWORD_MAXIMUM           ? "at most"
                           : keyword == GUARD_KEYWORD_EXCLUSIVE_MINIMUM ? "more than"
                           : keyword == GUARD_KEYWORD_EXCLUSIVE_MAXIMUM
                               ? "less than"
                               : "a multiple of";
    issue->expected = guard_arena_printf(&run->collector->arena, "%s %s", relation,
                                         guard_program_text(run->program, text));
    issue->message = guard_arena_printf(&run->collector->arena, "must be %s, got %s",
                                        issue->expected, issue->got);
}

static void
words_count(GuardRun *run, SchemaGuardIssue *issue, const char *relation,
            unsigned limit, const char *unit, size_t count)
{
    issue->expected =
        guard_arena_printf(&run->collector->arena, "%s %u %s", relation, limit, unit);
    issue->message = guard_arena_printf(&run->collector->arena, "must have %s, has %zu",
                                        issue->expected, count);
}

static void
words_string(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
             GuardKeyword keyword, size_t count)
{
    const GuardStringPart *part = GUARD_AT(run->program, GuardStringPart, node->string);
    GuardArena *arena = &run->collector->arena;
    if (keyword == GUARD_KEYWORD_MIN_LENGTH) {
        words_count(run, issue, "at least", part->min, "characters", count);
    }
    else if (keyword == GUARD_KEYWORD_MAX_LENGTH) {
        words_count(run, issue, "at most", part->max, "characters", count);
    }
    else if (keyword == GUARD_KEYWORD_FORMAT) {
        issue->expected = guard_arena_printf(
            arena, "%s", guard_program_text(run->program, part->format_name));
        issue->message = guard_arena_printf(arena, "must be a valid %s, got %s",
                                            issue->expected, issue->got);
    }
    else {
        const GuardPattern *pattern = run->program->patterns[part->pattern];
        g_autoptr(GString) source = g_string_new(NULL);
        guard_words_text(source, guard_pattern_source(pattern),
                         GUARD_REPORT_PATTERN_MAX);
        issue->expected = keep(run, source);
        issue->message = guard_arena_printf(arena, "must match the pattern %s, got %s",
                                            issue->expected, issue->got);
    }
}

static void
words_container(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
                GuardKeyword keyword, size_t count)
{
    const GuardArrayPart *array = GUARD_AT(run->program, GuardArrayPart, node->array);
    const GuardObjectPart *object =
        GUARD_AT(run->program, GuardObjectPart, node->object);
    switch ((int)keyword) {
    case GUARD_KEYWORD_MIN_ITEMS:
        words_count(run, issue, "at least", array->min, "items", count);
        break;
    case GUARD_KEYWORD_MAX_ITEMS:
        words_count(run, issue, "at most", array->max, "items", count);
        break;
    case GUARD_KEYWORD_CONTAINS:
    case GUARD_KEYWORD_MIN_CONTAINS:
        words_count(run, issue, "at least", array->min_contains,
                    "items that fit `contains`", count);
        break;
    case GUARD_KEYWORD_MAX_CONTAINS:
        words_count(run, issue, "at most", array->max_contains,
                    "items that fit `contains`", count);
        break;
    case GUARD_KEYWORD_MIN_PROPERTIES:
        words_count(run, issue, "at least", object->min, "properties", count);
        break;
    case GUARD_KEYWORD_MAX_PROPERTIES:
        words_count(run, issue, "at most", object->max, "properties", count);
        break;
    default:
        issue->message = "nothing is allowed here";
        break;
    }
}

static void
words_branches(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
               GuardKeyword keyword, size_t hits)
{
    GuardArena *arena = &run->collector->arena;
    const char *name = guard_keywords[keyword].name;
    if (hits > 0) {
        issue->code = "several-branches";
        issue->message = guard_arena_printf(
            arena, "matches %zu branches of %s, must match exactly one", hits, name);
        return;
    }
    issue->message = guard_arena_printf(arena, "%s matches no branch of %s",
                                        typed_value(run, issue), name);
}

void
guard_words(GuardRun *run, SchemaGuardIssue *issue, const GuardNode *node,
            GuardKeyword keyword, const char *at, const char *end, size_t index)
{
    issue->got = shown_value(run, at, end);
    switch ((int)keyword) {
    case GUARD_KEYWORD_TYPE:
        words_type(run, issue, node);
        break;
    case GUARD_KEYWORD_ENUM:
    case GUARD_KEYWORD_CONST:
        words_choice(run, issue, (GuardRef)index);
        break;
    case GUARD_KEYWORD_REQUIRED:
        words_required(run, issue, node, index);
        break;
    case GUARD_KEYWORD_DEPENDENCIES:
    case GUARD_KEYWORD_DEPENDENT_REQUIRED:
        words_dependent(run, issue, node, index);
        break;
    case GUARD_KEYWORD_ADDITIONAL_PROPERTIES:
    case GUARD_KEYWORD_UNEVALUATED_PROPERTIES:
        issue->got = guard_words_excerpt(run, at, NULL);
        words_unknown(run, issue, node);
        break;
    case GUARD_KEYWORD_MINIMUM:
    case GUARD_KEYWORD_MAXIMUM:
    case GUARD_KEYWORD_EXCLUSIVE_MINIMUM:
    case GUARD_KEYWORD_EXCLUSIVE_MAXIMUM:
    case GUARD_KEYWORD_MULTIPLE_OF:
        words_bound(run, issue, keyword, (GuardRef)index);
        break;
    case GUARD_KEYWORD_MIN_LENGTH:
    case GUARD_KEYWORD_MAX_LENGTH:
    case GUARD_KEYWORD_PATTERN:
    case GUARD_KEYWORD_FORMAT:
        words_string(run, issue, node, keyword, index);
        break;
    case GUARD_KEYWORD_ANY_OF:
    case GUARD_KEYWORD_ONE_OF:
        words_branches(run, issue, node, keyword, index);
        break;
    case GUARD_KEYWORD_NOT:
        issue->message =
            guard_arena_printf(&run->collector->arena,
                               "must not be what `not` describes, got %s", issue->got);
        break;
    case GUARD_KEYWORD_UNIQUE_ITEMS:
        issue->message = guard_arena_printf(&run->collector->arena,
                                            "the item %s is there twice", issue->got);
        break;
    default:
        words_container(run, issue, node, keyword, index);
        break;
    }
}
