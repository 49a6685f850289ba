/* SPDX-License-Identifier: MIT */
/* What is said of branches: which one was meant, what any of them would take. */
#include "guard-report.h"

enum {
    NAME_MAX_BYTES = 60 /* of a constant that names a branch */
};

/* The constant member that tells a branch from others. */
typedef struct {
    const char *name; /* NULL: it has none */
    const char *value;
} Discriminator;

/* The schema that a branch refers to, if that is all it does. References that go round
 * are no schema. */
static const GuardNode *
follow(const GuardProgram *program, GuardRef branch)
{
    const GuardNode *node = GUARD_AT(program, GuardNode, branch);
    while (node->object == 0 && node->inplace != 0) {
        const GuardInplacePart *part =
            GUARD_AT(program, GuardInplacePart, node->inplace);
        if (part->count != 1 || part->ops[0].kind != GUARD_OP_REF) {
            break;
        }
        const GuardRef *target = GUARD_AT(program, GuardRef, part->ops[0].nodes);
        node = GUARD_AT(program, GuardNode, *target);
    }
    return node;
}

static Discriminator
get_discriminator(const GuardProgram *program, GuardRef branch)
{
    const GuardNode *node = follow(program, branch);
    if (node->object == 0) {
        return (Discriminator){0};
    }
    const GuardObjectPart *part = GUARD_AT(program, GuardObjectPart, node->object);
    const GuardName *names = GUARD_AT(program, GuardName, part->names);
    for (uint32_t i = 0; i < part->count; i++) {
        const GuardNode *value = GUARD_AT(program, GuardNode, names[i].node);
        if (names[i].node == 0 || value->choice == 0) {
            continue;
        }
        const GuardChoicePart *choice =
            GUARD_AT(program, GuardChoicePart, value->choice);
        if (choice->count == 1) {
            const GuardChoice *only = GUARD_AT(program, GuardChoice, choice->choices);
            return (Discriminator){guard_program_text(program, names[i].text),
                                   guard_program_text(program, only->source)};
        }
    }
    return (Discriminator){0};
}

static const char *
keep(GuardRun *run, const GString *text)
{
    return guard_arena_copy(&run->collector->arena, text->str, text->len);
}

const char *
guard_report_branch_name(GuardRun *run, const GuardOp *op, uint32_t branch)
{
    const GuardRef *nodes = GUARD_AT(run->program, GuardRef, op->nodes);
    Discriminator own = get_discriminator(run->program, nodes[branch]);
    g_autoptr(GString) name = g_string_new(NULL);
    g_string_append_printf(name, "%u", branch);
    if (own.name != NULL) {
        g_string_append_printf(name, " (%s = ", own.name);
        guard_words_text(name, own.value, NAME_MAX_BYTES);
        g_string_append_c(name, ')');
    }
    return keep(run, name);
}

static const char *
list_types(GuardRun *run, const GuardOp *op)
{
    const GuardRef *nodes = GUARD_AT(run->program, GuardRef, op->nodes);
    unsigned takes = 0;
    for (uint32_t i = 0; i < op->count; i++) {
        takes |= GUARD_AT(run->program, GuardNode, nodes[i])->takes;
    }
    if (takes == 0 || takes == GUARD_TYPE_ANY) {
        return NULL;
    }
    g_autoptr(GString) types = g_string_new(NULL);
    guard_words_types(types, takes);
    return keep(run, types);
}

/* The values that tell the branches apart, if one member's do. */
static const char *
list_values(GuardRun *run, const GuardOp *op, const char **ret_name)
{
    const GuardRef *nodes = GUARD_AT(run->program, GuardRef, op->nodes);
    g_autoptr(GString) list = g_string_new(NULL);
    for (uint32_t i = 0; i < op->count; i++) {
        Discriminator own = get_discriminator(run->program, nodes[i]);
        if (own.name == NULL || (i > 0 && strcmp(own.name, *ret_name) != 0)) {
            return NULL;
        }
        *ret_name = own.name;
        if (i < GUARD_REPORT_VALUES_MAX) {
            g_string_append(list, i > 0 ? ", " : "");
            guard_words_text(list, own.value, NAME_MAX_BYTES);
        }
    }
    if (op->count > GUARD_REPORT_VALUES_MAX) {
        g_string_append_printf(list, ", ... (%u in all)", op->count);
    }
    return keep(run, list);
}

void
guard_report_branch_advice(GuardRun *run, SchemaGuardIssue *issue, const GuardOp *op,
                           const char *closest, bool is_guessed)
{
    GuardArena *arena = &run->collector->arena;
    const char *member = NULL;
    if (closest == NULL) {
        issue->expected = list_types(run, op);
        issue->message = issue->expected == NULL
                             ? issue->message
                             : guard_arena_printf(arena, "%s; expected %s",
                                                  issue->message, issue->expected);
        return;
    }
    issue->message =
        guard_arena_printf(arena, "%s; closest is branch %s", issue->message, closest);
    issue->expected = is_guessed ? list_values(run, op, &member) : NULL;
    if (issue->expected != NULL) {
        issue->message = guard_arena_printf(arena, "%s; %s is one of %s",
                                            issue->message, member, issue->expected);
    }
}
