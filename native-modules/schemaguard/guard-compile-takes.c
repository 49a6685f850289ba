/* SPDX-License-Identifier: MIT */
/* What can be said about a value before it is read: which types a schema can take at
 * all, and so which of several branches is the only one left. */
#include "guard-compile.h"

enum {
    PASSES = 4, /* each sees one reference further; ending early is right, too */
};

static GuardNode *
node_at(const GuardCompiler *self, GuardRef ref)
{
    return (GuardNode *)(self->blob->data + ref);
}

static const void *
part_at(const GuardCompiler *self, GuardRef ref)
{
    return self->blob->data + ref;
}

/* The branches' types: all of them together, or what they have in common. */
static unsigned
types_of(const GuardCompiler *self, const GuardOp *op, bool any)
{
    const GuardRef *nodes = part_at(self, op->nodes);
    unsigned types = any ? 0 : GUARD_TYPE_ANY;
    for (uint32_t i = 0; i < op->count; i++) {
        unsigned takes = node_at(self, nodes[i])->takes;
        types = any ? types | takes : types & takes;
    }
    return types;
}

static unsigned
types_of_choices(const GuardCompiler *self, const GuardNode *node)
{
    unsigned types = GUARD_TYPE_ANY;
    for (GuardRef ref = node->choice; ref != 0;) {
        const GuardChoicePart *part = part_at(self, ref);
        bool numbers = (part->types & GUARD_TYPE_NUMBER) != 0;
        types &= part->types | (numbers ? GUARD_TYPE_NUMBER : 0u);
        ref = part->next;
    }
    return types;
}

static void
narrow(const GuardCompiler *self, GuardNode *node)
{
    const GuardInplacePart *part =
        node->inplace != 0 ? part_at(self, node->inplace) : 0;
    for (uint32_t i = 0; part != NULL && i < part->count; i++) {
        const GuardOp *op = &part->ops[i];
        bool any = op->kind == GUARD_OP_ANY || op->kind == GUARD_OP_ONE;
        if (any || op->kind == GUARD_OP_REF || op->kind == GUARD_OP_ALL) {
            node->takes &= (uint8_t)types_of(self, op, any);
        }
    }
}

/* The only branch for values of the type; 0: none; `several` if there are more. */
static GuardRef
only_branch(const GuardCompiler *self, const GuardOp *op, unsigned type,
            GuardRef several)
{
    const GuardRef *nodes = part_at(self, op->nodes);
    GuardRef only = 0;
    for (uint32_t i = 0; i < op->count; i++) {
        if ((node_at(self, nodes[i])->takes & type) != 0) {
            if (only != 0) {
                return several;
            }
            only = nodes[i];
        }
    }
    return only;
}

static void
add_dispatch(GuardCompiler *self, GuardRef ref)
{
    const GuardNode *node = node_at(self, ref);
    if ((node->flags & GUARD_NODE_BRANCHES_ONLY) == 0) {
        return;
    }
    const GuardInplacePart *part = part_at(self, node->inplace);
    const GuardOp *op = &part->ops[0];
    bool branches = op->kind == GUARD_OP_ANY || op->kind == GUARD_OP_ONE;
    bool single =
        op->count == 1 && (op->kind == GUARD_OP_REF || op->kind == GUARD_OP_ALL);
    if (part->count != 1 || (!branches && !single)) {
        return;
    }
    GuardDispatch dispatch;
    for (unsigned class = 0; class < GUARD_CLASS_COUNT; class ++) {
        dispatch.nodes[class] = only_branch(self, op, guard_class_types(class), ref);
    }
    GuardRef made = guard_compile_bytes(self, &dispatch, sizeof dispatch);
    node_at(self, ref)->dispatch = made;
}

/* The node that the dynamic anchor has in the outermost resource, if every way there
 * passes it: the root's, or that of what the root only refers to. */
static GuardRef
outermost(const GuardCompiler *self, GuardRef root, uint32_t anchor)
{
    for (unsigned hops = 0; hops < PASSES; hops++) {
        const GuardNode *node = node_at(self, root);
        for (guint i = 0; i < self->dynamics->len; i++) {
            const GuardDynamic *entry = &g_array_index(self->dynamics, GuardDynamic, i);
            if (entry->anchor == anchor && entry->resource == node->resource) {
                return entry->node;
            }
        }
        const GuardInplacePart *part = (node->flags & GUARD_NODE_BRANCHES_ONLY) != 0
                                           ? part_at(self, node->inplace)
                                           : NULL;
        if (part == NULL || part->count != 1 || part->ops[0].kind != GUARD_OP_REF) {
            break;
        }
        root = *(const GuardRef *)part_at(self, part->ops[0].nodes);
    }
    return 0;
}

/* Makes plain references of the dynamic ones that can only lead to one place. */
static bool
has_dynamic_left(GuardCompiler *self, GuardRef root)
{
    bool is_left = false;
    for (guint i = 0; i < self->nodes->len; i++) {
        const GuardNode *node = node_at(self, g_array_index(self->nodes, GuardRef, i));
        GuardInplacePart *part = node->inplace != 0
                                     ? (GuardInplacePart *)part_at(self, node->inplace)
                                     : NULL;
        for (uint32_t k = 0; part != NULL && k < part->count; k++) {
            GuardOp *op = &part->ops[k];
            if (op->kind != GUARD_OP_DYNAMIC) {
                continue;
            }
            GuardRef target = outermost(self, root, op->b);
            is_left |= target == 0;
            if (target != 0) {
                op->kind = GUARD_OP_REF;
                *(GuardRef *)part_at(self, op->nodes) = target;
            }
        }
    }
    return is_left;
}

void
guard_compile_settle(GuardCompiler *self, GuardRef root)
{
    if (self->dynamics->len > 0 && !has_dynamic_left(self, root)) {
        g_array_set_size(self->dynamics, 0);
    }
}

void
guard_compile_takes(GuardCompiler *self)
{
    bool has_branches = false;
    for (guint i = 0; i < self->nodes->len; i++) {
        GuardNode *node = node_at(self, g_array_index(self->nodes, GuardRef, i));
        node->takes = (uint8_t)(node->types & types_of_choices(self, node));
        has_branches |= node->inplace != 0;
    }
    for (unsigned pass = 0; has_branches && pass < PASSES; pass++) {
        for (guint i = 0; i < self->nodes->len; i++) {
            narrow(self, node_at(self, g_array_index(self->nodes, GuardRef, i)));
        }
    }
    if (!has_branches || self->dynamics->len > 0) {
        return; /* the way to a schema matters */
    }
    for (guint i = 0; i < self->nodes->len; i++) {
        add_dispatch(self, g_array_index(self->nodes, GuardRef, i));
    }
}
