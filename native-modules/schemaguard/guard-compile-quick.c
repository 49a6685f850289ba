/* SPDX-License-Identifier: MIT */
/* The short way (guard-quick.h), written when all nodes are there. */
#include "guard-compile-quick.h"

#include "guard-quick.h"

typedef struct {
    const GuardCompiler *compiler;
    GByteArray *bytes;
} Quick;

static GuardNode *
node_at(const Quick *self, GuardRef ref)
{
    return (GuardNode *)(self->compiler->blob->data + ref);
}

static const void *
part_at(const Quick *self, GuardRef ref)
{
    return self->compiler->blob->data + ref;
}

static GuardRef
take(Quick *self, size_t size)
{
    size_t at = (self->bytes->len + 7u) & ~(size_t)7;
    guint before = self->bytes->len;
    g_byte_array_set_size(self->bytes, (guint)(at + size));
    memset(self->bytes->data + before, 0, at + size - before);
    return (GuardRef)at + 1;
}

static void *
quick_at(const Quick *self, GuardRef ref)
{
    return self->bytes->data + ref - 1;
}

/* Follows nodes that are nothing but a reference. Where dynamic references are, the way
 * that led to a schema matters, and references stay the machine's. */
static GuardRef
resolve(const Quick *self, GuardRef ref)
{
    for (unsigned i = 0; i < GUARD_QUICK_REFS_MAX; i++) {
        const GuardNode *node = node_at(self, ref);
        if ((node->flags & GUARD_NODE_BRANCHES_ONLY) == 0 ||
            self->compiler->dynamics->len > 0) {
            break;
        }
        const GuardInplacePart *part = part_at(self, node->inplace);
        if (part->count != 1 || part->ops[0].kind != GUARD_OP_REF) {
            break;
        }
        ref = *(const GuardRef *)part_at(self, part->ops[0].nodes);
    }
    return ref;
}

static bool
is_machines(const GuardNode *node)
{
    return node->inplace != 0 || (node->flags & GUARD_NODE_MARKS) != 0;
}

static bool
takes_object(const Quick *self, const GuardNode *node)
{
    if (is_machines(node) || node->choice != 0 || node->object == 0 ||
        (node->types & GUARD_TYPE_OBJECT) == 0) {
        return false;
    }
    const GuardObjectPart *part = part_at(self, node->object);
    return part->count > 0 && part->count <= GUARD_QUICK_NAMES_MAX && part->min == 0 &&
           part->max == UINT32_MAX && part->rule_count == 0 && part->name_node == 0 &&
           part->dependent_count == 0;
}

static bool
takes_array(const Quick *self, const GuardNode *node)
{
    if (is_machines(node) || node->choice != 0 || node->array == 0 ||
        (node->types & GUARD_TYPE_ARRAY) == 0) {
        return false;
    }
    const GuardArrayPart *part = part_at(self, node->array);
    return part->rest != 0 && part->prefix_count == 0 && part->contains == 0 &&
           (part->flags & GUARD_ARRAY_UNIQUE) == 0 &&
           !is_machines(node_at(self, resolve(self, part->rest)));
}

/* Makes the node's part, still empty, so that others can refer to it. */
static void
make_part(Quick *self, GuardRef ref)
{
    GuardNode *node = node_at(self, ref);
    bool is_object = takes_object(self, node);
    if (!is_object && !takes_array(self, node)) {
        return;
    }
    const GuardObjectPart *object = is_object ? part_at(self, node->object) : NULL;
    uint32_t count = is_object ? object->count : 0;
    node->quick = take(self, sizeof(GuardQuickPart) + count * sizeof(GuardQuickText));
    GuardQuickPart *part = quick_at(self, node->quick);
    part->node = ref;
    part->is_array = !is_object;
    part->count = (uint8_t)count;
    if (is_object) {
        part->required = object->required;
    }
    else {
        const GuardArrayPart *array = part_at(self, node->array);
        part->min = array->min;
        part->max = array->max;
    }
}

/* Packs the text and what follows it. A text that needs escapes matches nothing. */
static void
pack(Quick *self, GuardRef ref, const char *text, size_t length, const char *behind)
{
    g_autoptr(GString) packed = g_string_new_len(text, (gssize)length);
    g_string_append(packed, behind);
    GuardQuickText *entry = quick_at(self, ref);
    entry->mask = 1u << sizeof entry->packed; /* no such byte */
    if (packed->len > UINT16_MAX) {
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"' || text[i] == '\\' || (unsigned char)text[i] < ' ') {
            return;
        }
    }
    entry->length = (uint16_t)packed->len;
    size_t head = MIN(packed->len, sizeof entry->packed);
    memcpy(entry->packed, packed->str, head);
    entry->mask = (1u << head) - 1;
    if (packed->len > head) {
        GuardRef tail = take(self, packed->len - head);
        memcpy(quick_at(self, tail), packed->str + head, packed->len - head);
        ((GuardQuickText *)quick_at(self, ref))->tail = tail;
    }
}

/* Returns the words that a string must be one of, 0 if it is more than that. */
static GuardRef
make_choices(Quick *self, const GuardNode *node)
{
    const GuardChoicePart *part = part_at(self, node->choice);
    if (node->string != 0 || part->next != 0 || part->types != GUARD_TYPE_STRING ||
        part->count > GUARD_QUICK_CHOICES_MAX || part->count == 0) {
        return 0;
    }
    GuardRef ref =
        take(self, sizeof(GuardQuickChoices) + part->count * sizeof(GuardQuickText));
    ((GuardQuickChoices *)quick_at(self, ref))->count = part->count;
    const GuardChoice *choices = part_at(self, part->choices);
    for (uint32_t i = 0; i < part->count; i++) {
        GuardRef word = ref + (GuardRef)(offsetof(GuardQuickChoices, words) +
                                         i * sizeof(GuardQuickText));
        pack(self, word, part_at(self, choices[i].text), choices[i].length, "\"");
    }
    return ref;
}

/* What a value of the node has to be. */
static GuardQuickKind
classify(Quick *self, GuardRef ref, GuardRef *ret_arg)
{
    ref = resolve(self, ref);
    const GuardNode *node = node_at(self, ref);
    unsigned types = node->types & GUARD_TYPE_ANY;
    bool bare = (node->string | node->number | node->choice) == 0;
    *ret_arg = ref;
    if (is_machines(node)) {
        return GUARD_QUICK_STOP;
    }
    if (node->quick != 0) {
        *ret_arg = node->quick;
        return GUARD_QUICK_CONTAINER;
    }
    if (node->choice != 0 && (types & GUARD_TYPE_STRING) != 0) {
        *ret_arg = make_choices(self, node);
        return *ret_arg != 0 ? GUARD_QUICK_CHOICE : GUARD_QUICK_STOP;
    }
    if (types == GUARD_TYPE_INTEGER && node->choice == 0) {
        *ret_arg = node->number;
        return GUARD_QUICK_INTEGER;
    }
    return bare && types == GUARD_TYPE_STRING    ? GUARD_QUICK_STRING
           : bare && types == GUARD_TYPE_NUMBER  ? GUARD_QUICK_NUMBER
           : bare && types == GUARD_TYPE_BOOLEAN ? GUARD_QUICK_BOOLEAN
                                                 : GUARD_QUICK_SCALAR;
}

static void
fill_names(Quick *self, const GuardNode *node)
{
    const GuardObjectPart *object = part_at(self, node->object);
    const GuardName *names = part_at(self, object->names);
    for (uint32_t i = 0; i < object->count; i++) {
        GuardRef entry = node->quick + (GuardRef)(offsetof(GuardQuickPart, names) +
                                                  i * sizeof(GuardQuickText));
        const GuardText *text =
            (const GuardText *)(self->compiler->texts->data + names[i].text);
        pack(self, entry, text->bytes, text->length, "\":");
        GuardRef arg = 0;
        GuardQuickKind kind =
            names[i].node != 0 ? classify(self, names[i].node, &arg) : GUARD_QUICK_STOP;
        GuardQuickText *name = quick_at(self, entry);
        name->kind = (uint8_t)kind;
        name->index = (uint8_t)i;
        name->arg = arg;
    }
}

static void
fill_items(Quick *self, const GuardNode *node)
{
    const GuardArrayPart *array = part_at(self, node->array);
    GuardRef arg = 0;
    GuardQuickKind kind = classify(self, array->rest, &arg);
    GuardQuickPart *part = quick_at(self, node->quick);
    part->kind = (uint8_t)kind;
    part->arg = arg;
}

GByteArray *
guard_compile_quick(GuardCompiler *compiler)
{
    Quick self = {compiler, g_byte_array_new()};
    for (guint i = 0; i < compiler->nodes->len; i++) {
        make_part(&self, g_array_index(compiler->nodes, GuardRef, i));
    }
    for (guint i = 0; i < compiler->nodes->len; i++) {
        const GuardNode *node =
            node_at(&self, g_array_index(compiler->nodes, GuardRef, i));
        if (node->quick == 0) {
            continue;
        }
        if (((const GuardQuickPart *)quick_at(&self, node->quick))->is_array) {
            fill_items(&self, node);
        }
        else {
            fill_names(&self, node);
        }
    }
    return self.bytes;
}

GuardRef
guard_compile_quick_root(const GuardCompiler *compiler, const GByteArray *quick,
                         GuardRef root)
{
    GuardRef ref = ((const GuardNode *)(compiler->blob->data + root))->quick;
    if (ref == 0) {
        return 0;
    }
    const GuardQuickPart *part = (const GuardQuickPart *)(quick->data + ref - 1);
    return part->is_array ? 0 : ref;
}
