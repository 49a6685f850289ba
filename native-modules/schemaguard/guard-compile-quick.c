/* SPDX-License-Identifier: MIT */
/* The short way (guard-quick.h), written when all nodes are there. */
#include "guard-compile-quick.h"

#include "guard-pattern.h"
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

/* The schema that is left for a value of the class; NULL: none, and `node` itself where
 * there are several or the way that led to it matters. */
static const GuardNode *
resolve(const Quick *self, const GuardNode *node, unsigned class)
{
    for (unsigned i = 0; i < GUARD_QUICK_REFS_MAX && node->dispatch != 0; i++) {
        GuardRef ref =
            ((const GuardDispatch *)part_at(self, node->dispatch))->nodes[class];
        if (ref == 0 || node_at(self, ref) == node) {
            return ref == 0 ? NULL : node;
        }
        node = node_at(self, ref);
    }
    return node;
}

static bool
is_machines(const GuardNode *node)
{
    return node->inplace != 0 || (node->flags & GUARD_NODE_MARKS) != 0;
}

static bool
takes_object(const Quick *self, const GuardNode *node)
{
    if ((node->flags & GUARD_NODE_MARKS) != 0 || node->choice != 0 ||
        node->object == 0 || (node->types & GUARD_TYPE_OBJECT) == 0) {
        return false;
    }
    const GuardObjectPart *part = part_at(self, node->object);
    return part->count <= GUARD_QUICK_NAMES_MAX && part->name_node == 0 &&
           part->rule_count <= GUARD_QUICK_RULES_MAX && part->dependent_count == 0;
}

static bool
takes_array(const Quick *self, const GuardNode *node)
{
    if ((node->flags & GUARD_NODE_MARKS) != 0 || node->choice != 0 ||
        node->array == 0 || (node->types & GUARD_TYPE_ARRAY) == 0) {
        return false;
    }
    const GuardArrayPart *part = part_at(self, node->array);
    return part->prefix_count == 0 && part->contains == 0;
}

enum {
    NO_BYTE = 1 << sizeof((GuardQuickText){0}).packed, /* the mask of no text */
};

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
    size_t names = (count + 1) * sizeof(GuardQuickText);
    node->quick = take(self, sizeof(GuardQuickPart) + (is_object ? names : 0));
    GuardQuickPart *part = quick_at(self, node->quick);
    part->node = ref;
    part->form = is_object ? GUARD_QUICK_OBJECT : GUARD_QUICK_ARRAY;
    part->count = (uint8_t)count;
    part->flags = node->inplace != 0 ? GUARD_QUICK_BRANCHES : 0;
    if (is_object) {
        part->required = object->required;
        part->min = object->min;
        part->max = object->max;
        bool is_counted = object->min > 0 || object->max < UINT32_MAX;
        part->flags |= is_counted ? GUARD_QUICK_COUNTED : 0;
        part->names[count].mask = NO_BYTE;
    }
    else {
        const GuardArrayPart *array = part_at(self, node->array);
        part->min = array->min;
        part->max = array->max;
        bool is_unique = (array->flags & GUARD_ARRAY_UNIQUE) != 0;
        part->flags |= is_unique ? GUARD_QUICK_UNIQUE : 0;
    }
}

/* Packs the text and what follows it. A text that needs escapes matches nothing. */
static void
pack(Quick *self, GuardRef ref, const char *text, size_t length, const char *behind)
{
    g_autoptr(GString) packed = g_string_new_len(text, (gssize)length);
    g_string_append(packed, behind);
    GuardQuickText *entry = quick_at(self, ref);
    entry->mask = NO_BYTE;
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
        GuardRef whole = take(self, packed->len);
        memcpy(quick_at(self, whole), packed->str, packed->len);
        ((GuardQuickText *)quick_at(self, ref))->whole = whole;
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
    const GuardChoice *choices = part_at(self, part->choices);
    for (uint32_t i = 0; i < part->count; i++) {
        if (choices[i].length >= UINT16_MAX) {
            return 0; /* pack() leaves it out */
        }
    }
    GuardRef ref =
        take(self, sizeof(GuardQuickChoices) + part->count * sizeof(GuardQuickText));
    ((GuardQuickChoices *)quick_at(self, ref))->count = part->count;
    for (uint32_t i = 0; i < part->count; i++) {
        GuardRef word = ref + (GuardRef)(offsetof(GuardQuickChoices, words) +
                                         i * sizeof(GuardQuickText));
        pack(self, word, part_at(self, choices[i].text), choices[i].length, "\"");
    }
    return ref;
}

static const GuardQuickPart *
quick_part(const Quick *self, const GuardNode *node)
{
    return node->quick != 0 ? quick_at(self, node->quick) : NULL;
}

/* What a scalar of the node, which no branch is behind, has to be. */
static GuardQuickKind
classify_scalar(Quick *self, const GuardNode *node, GuardRef *ret_arg)
{
    unsigned types = node->types & GUARD_TYPE_ANY;
    bool bare = (node->string | node->number | node->choice) == 0;
    *ret_arg = (GuardRef)((const guint8 *)node - self->compiler->blob->data);
    if (node->choice != 0 && (types & GUARD_TYPE_STRING) != 0) {
        GuardRef choices = make_choices(self, node);
        *ret_arg = choices != 0 ? choices : *ret_arg;
        return choices != 0 ? GUARD_QUICK_CHOICE : GUARD_QUICK_SCALAR;
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

/* What a value of the class has to be. */
static GuardQuickKind
classify_class(Quick *self, const GuardNode *node, unsigned class, GuardRef *ret_arg)
{
    *ret_arg = 0;
    node = resolve(self, node, class);
    if (node == NULL || (node->flags & GUARD_NODE_FALSE) != 0) {
        return GUARD_QUICK_NEVER;
    }
    if (is_machines(node)) {
        return GUARD_QUICK_STOP;
    }
    if ((node->flags & GUARD_NODE_PLAIN) != 0) {
        return GUARD_QUICK_ANY;
    }
    if (class != GUARD_CLASS_ARRAY && class != GUARD_CLASS_OBJECT) {
        return classify_scalar(self, node, ret_arg);
    }
    const GuardQuickPart *part = quick_part(self, node);
    unsigned form = class == GUARD_CLASS_ARRAY ? GUARD_QUICK_ARRAY : GUARD_QUICK_OBJECT;
    if (part != NULL && part->form == form) {
        *ret_arg = node->quick;
        return GUARD_QUICK_CONTAINER;
    }
    unsigned type = class == GUARD_CLASS_ARRAY ? GUARD_TYPE_ARRAY : GUARD_TYPE_OBJECT;
    bool free = (node->types & type) != 0 && node->choice == 0 &&
                (class == GUARD_CLASS_ARRAY ? node->array : node->object) == 0;
    return (node->takes & type) == 0 ? GUARD_QUICK_NEVER
           : free                    ? GUARD_QUICK_ANY
                                     : GUARD_QUICK_STOP;
}

static GuardRef
make_switch(Quick *self, const GuardNode *node)
{
    GuardQuickSwitch made = {0};
    unsigned stops = 0;
    for (unsigned class = 0; class < GUARD_CLASS_COUNT; class ++) {
        made.kinds[class] =
            (uint8_t)classify_class(self, node, class, &made.args[class]);
        stops += made.kinds[class] == GUARD_QUICK_STOP;
    }
    if (stops == GUARD_CLASS_COUNT) {
        return 0;
    }
    GuardRef ref = take(self, sizeof made);
    memcpy(quick_at(self, ref), &made, sizeof made);
    return ref;
}

/* What a value of the node has to be. */
static GuardQuickKind
classify(Quick *self, GuardRef ref, GuardRef *ret_arg)
{
    const GuardNode *node = node_at(self, ref != 0 ? ref : self->compiler->any);
    unsigned takes = node->takes & GUARD_TYPE_ANY;
    for (unsigned class = 0; class < GUARD_CLASS_COUNT; class ++) {
        if ((takes & ~guard_class_types(class)) == 0 && takes != 0) {
            GuardQuickKind kind = classify_class(self, node, class, ret_arg);
            if (kind != GUARD_QUICK_ANY) {
                return kind;
            }
        }
    }
    bool scalars = (takes & (GUARD_TYPE_ARRAY | GUARD_TYPE_OBJECT)) == 0;
    if ((node->flags & GUARD_NODE_PLAIN) != 0 || (scalars && node->inplace == 0)) {
        return classify_class(self, node, GUARD_CLASS_STRING, ret_arg);
    }
    *ret_arg = make_switch(self, node);
    return *ret_arg != 0 ? GUARD_QUICK_SWITCH : GUARD_QUICK_STOP;
}

/* The kind of a name's value where no `properties` has it: by the patterns, or of what
 * is left. STOP where more than one pattern matches, or would have to be compiled. */
static GuardQuickKind
classify_unknown(Quick *self, const GuardObjectPart *object, const char *name,
                 size_t length, bool in_properties, GuardRef *ret_arg)
{
    const GuardRule *rules = part_at(self, object->rules);
    GuardPattern **patterns = (GuardPattern **)self->compiler->patterns->pdata;
    GuardRef node = object->additional;
    unsigned matches = in_properties;
    for (uint32_t i = 0; i < object->rule_count; i++) {
        if (!guard_pattern_is_own(patterns[rules[i].pattern])) {
            return GUARD_QUICK_STOP;
        }
        if (guard_pattern_match(patterns[rules[i].pattern], name, length) !=
            GUARD_MATCH_NO) {
            node = rules[i].node;
            matches++;
        }
    }
    return matches > 1 ? GUARD_QUICK_STOP : classify(self, node, ret_arg);
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
        bool known = names[i].node != 0;
        GuardQuickKind kind = known && object->rule_count == 0
                                  ? classify(self, names[i].node, &arg)
                                  : classify_unknown(self, object, text->bytes,
                                                     text->length, known, &arg);
        if (known && object->rule_count > 0 && kind != GUARD_QUICK_STOP) {
            kind = classify(self, names[i].node, &arg);
        }
        GuardQuickText *name = quick_at(self, entry);
        name->kind = (uint8_t)kind;
        name->index = (uint8_t)i;
        name->arg = arg;
    }
}

/* What members are that the schema has no names for. */
static void
fill_unknown(Quick *self, const GuardNode *node)
{
    const GuardObjectPart *object = part_at(self, node->object);
    const GuardName *names = part_at(self, object->names);
    for (uint32_t i = 0; i < object->count; i++) {
        const GuardText *text =
            (const GuardText *)(self->compiler->texts->data + names[i].text);
        if (text->length > UINT16_MAX - 2) {
            return; /* pack() left it out: it would pass for a stranger */
        }
    }
    GuardRef arg = 0;
    GuardQuickKind kind = classify(self, object->additional, &arg);
    GuardRef rules = 0;
    if (object->rule_count > 0) {
        rules = take(self, sizeof(GuardQuickRules) +
                               object->rule_count * sizeof(GuardQuickRule));
        ((GuardQuickRules *)quick_at(self, rules))->count = object->rule_count;
    }
    for (uint32_t i = 0; i < object->rule_count; i++) {
        const GuardRule *rule = (const GuardRule *)part_at(self, object->rules) + i;
        GuardQuickRule made = {.pattern = rule->pattern};
        made.kind = classify(self, rule->node, &made.arg);
        ((GuardQuickRules *)quick_at(self, rules))->rules[i] = made;
    }
    GuardQuickPart *part = quick_at(self, node->quick);
    part->kind = (uint8_t)kind;
    part->arg = arg;
    part->rules = rules;
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

/* Whether there is no member or item that the part takes. */
static bool
is_idle(const GuardQuickPart *part)
{
    bool is_taken = part->kind != GUARD_QUICK_STOP;
    if ((part->flags & GUARD_QUICK_UNIQUE) != 0) {
        is_taken = part->kind == GUARD_QUICK_STRING ||
                   part->kind == GUARD_QUICK_CHOICE ||
                   part->kind == GUARD_QUICK_SCALAR || part->kind == GUARD_QUICK_SWITCH;
    }
    return !is_taken && part->rules == 0 && part->count == 0;
}

/* Only now: which form a part has tells what it is for. */
static void
settle_form(Quick *self, const GuardNode *node)
{
    if (node->quick != 0) {
        GuardQuickPart *part = quick_at(self, node->quick);
        part->form = is_idle(part) ? GUARD_QUICK_IDLE : part->form;
    }
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
        if (quick_part(&self, node)->form == GUARD_QUICK_ARRAY) {
            fill_items(&self, node);
        }
        else {
            fill_names(&self, node);
            fill_unknown(&self, node);
        }
    }
    for (guint i = 0; i < compiler->nodes->len; i++) {
        settle_form(&self, node_at(&self, g_array_index(compiler->nodes, GuardRef, i)));
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
    return part->form == GUARD_QUICK_OBJECT ? ref : 0;
}
