/* SPDX-License-Identifier: MIT */
#include "guard-loop.h"

#include <string.h>

enum {
    WHITE,
    GREY, /* on the way from the start to here */
    BLACK,
};

typedef struct {
    GuardRef node;
    uint32_t op;
    uint32_t sub;
} Step;

static const GuardNode *
node_at(const GuardCompiler *compiler, GuardRef ref)
{
    return (const GuardNode *)(compiler->blob->data + ref);
}

/* Moves to the next schema that is applied in place; 0 when there is none. */
static GuardRef
next_target(const GuardCompiler *compiler, Step *step)
{
    GuardRef inplace = node_at(compiler, step->node)->inplace;
    if (inplace == 0) {
        return 0;
    }
    const GuardInplacePart *part =
        (const GuardInplacePart *)(compiler->blob->data + inplace);
    for (; step->op < part->count; step->op++, step->sub = 0) {
        const GuardOp *op = &part->ops[step->op];
        if (op->kind >= GUARD_OP_REST_PROPERTIES || op->kind == GUARD_OP_DYNAMIC) {
            continue;
        }
        const GuardRef *nodes = (const GuardRef *)(compiler->blob->data + op->nodes);
        while (step->sub < op->count) {
            GuardRef target = nodes[step->sub++];
            if (target != 0) {
                return target;
            }
        }
    }
    return 0;
}

static bool
has_loop(const GuardCompiler *compiler, GuardRef start, uint8_t *colours, GArray *way)
{
    Step first = {.node = start};
    g_array_append_val(way, first);
    colours[start / 8] = GREY;
    while (way->len > 0) {
        Step *step = &g_array_index(way, Step, way->len - 1);
        GuardRef target = next_target(compiler, step);
        if (target == 0) {
            colours[step->node / 8] = BLACK;
            g_array_set_size(way, way->len - 1);
        }
        else if (colours[target / 8] == GREY) {
            return true;
        }
        else if (colours[target / 8] == WHITE) {
            Step next = {.node = target};
            colours[target / 8] = GREY;
            g_array_append_val(way, next);
        }
    }
    return false;
}

void
guard_loop_check(GuardCompiler *compiler, const GuardValue *at)
{
    g_autofree uint8_t *colours = g_malloc0(compiler->blob->len / 8 + 1);
    g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(Step));
    for (guint i = 0; i < compiler->nodes->len; i++) {
        GuardRef node = g_array_index(compiler->nodes, GuardRef, i);
        if (colours[node / 8] == WHITE && has_loop(compiler, node, colours, way)) {
            GuardRef path = node_at(compiler, node)->path;
            const GuardText *text = (const GuardText *)(compiler->texts->data + path);
            guard_problem_error(compiler->problems, "schema.loop", at,
                                "infinite $ref loop through \"#%s\"", text->bytes);
            return;
        }
    }
}
