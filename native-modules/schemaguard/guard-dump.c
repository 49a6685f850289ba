/* SPDX-License-Identifier: MIT */
/* The program as text, one line a node. */
#include "guard-pattern.h"
#include "guard-report.h"

typedef struct {
    const GuardProgram *program;
    GString *out;
    GHashTable *seen; /* nodes that have a line or are waiting for one */
    GPtrArray *queue;
} Dump;

static void
refer(Dump *self, const char *label, GuardRef ref)
{
    if (ref == 0) {
        return;
    }
    g_string_append_printf(self->out, " %s=@%u", label, ref);
    if (g_hash_table_add(self->seen, GUINT_TO_POINTER(ref))) {
        g_ptr_array_add(self->queue, GUINT_TO_POINTER(ref));
    }
}

static void
dump_object(Dump *self, const GuardObjectPart *part)
{
    const GuardName *names = GUARD_AT(self->program, GuardName, part->names);
    const uint64_t *required = GUARD_AT(self->program, uint64_t, part->required_words);
    g_string_append(self->out, "\n    object");
    for (uint32_t i = 0; i < part->count; i++) {
        bool needed = (required[i / 64] >> (i % 64) & 1) != 0;
        g_string_append_printf(self->out, "\n      %s%s",
                               guard_program_text(self->program, names[i].text),
                               needed ? " required" : "");
        refer(self, "node", names[i].node);
    }
    const GuardRule *rules = GUARD_AT(self->program, GuardRule, part->rules);
    for (uint32_t i = 0; i < part->rule_count; i++) {
        g_string_append_printf(self->out, "\n      /%s/",
                               guard_program_text(self->program, rules[i].source));
        refer(self, "node", rules[i].node);
    }
    refer(self, "additional", part->additional);
    refer(self, "names", part->name_node);
    g_string_append_printf(self->out, " count=%u..%u", part->min, part->max);
}

static void
dump_array(Dump *self, const GuardArrayPart *part)
{
    g_string_append_printf(self->out, "\n    array count=%u..%u%s", part->min,
                           part->max,
                           part->flags & GUARD_ARRAY_UNIQUE ? " unique" : "");
    for (uint32_t i = 0; i < part->prefix_count; i++) {
        refer(self, "item", GUARD_AT(self->program, GuardRef, part->prefix)[i]);
    }
    refer(self, "rest", part->rest);
    refer(self, "contains", part->contains);
}

static void
dump_inplace(Dump *self, const GuardInplacePart *part)
{
    static const char *const names[] = {
        "ref",  "dynamic",         "all",       "any", "one", "not", "if",
        "when", "rest-properties", "rest-items"};
    for (uint32_t i = 0; i < part->count; i++) {
        const GuardOp *op = &part->ops[i];
        g_string_append_printf(self->out, "\n    %s", names[op->kind]);
        for (uint32_t n = 0; n < op->count; n++) {
            refer(self, "node", GUARD_AT(self->program, GuardRef, op->nodes)[n]);
        }
    }
}

static void
dump_scalars(Dump *self, const GuardNode *node)
{
    const GuardProgram *program = self->program;
    if (node->string != 0) {
        const GuardStringPart *part = GUARD_AT(program, GuardStringPart, node->string);
        bool has_pattern = part->pattern != GUARD_NO_PATTERN;
        g_string_append_printf(
            self->out, "\n    string length=%u..%u format=%s pattern=%s", part->min,
            part->max, guard_program_text(program, part->format_name),
            has_pattern ? guard_pattern_source(program->patterns[part->pattern]) : "");
    }
    for (unsigned i = 0; node->number != 0 && i < GUARD_BOUND_COUNT; i++) {
        const GuardBound *bound =
            &GUARD_AT(program, GuardNumberPart, node->number)->bounds[i];
        if (bound->text != 0) {
            g_string_append_printf(self->out, "\n    %s %s",
                                   guard_keywords[bound->keyword].name,
                                   guard_program_text(program, bound->text));
        }
    }
    for (GuardRef ref = node->choice; ref != 0;) {
        const GuardChoicePart *part = GUARD_AT(program, GuardChoicePart, ref);
        const GuardChoice *choices = GUARD_AT(program, GuardChoice, part->choices);
        g_string_append_printf(self->out, "\n    %s",
                               guard_keywords[part->keyword].name);
        for (uint32_t i = 0; i < part->count; i++) {
            g_string_append_printf(self->out, " %s",
                                   guard_program_text(program, choices[i].source));
        }
        ref = part->next;
    }
}

static void
dump_node(Dump *self, GuardRef ref)
{
    const GuardNode *node = GUARD_AT(self->program, GuardNode, ref);
    g_string_append_printf(self->out, "@%u \"%s\" ", ref,
                           guard_program_text(self->program, node->path));
    guard_words_types(self->out, node->types);
    dump_scalars(self, node);
    if (node->object != 0) {
        dump_object(self, GUARD_AT(self->program, GuardObjectPart, node->object));
    }
    if (node->array != 0) {
        dump_array(self, GUARD_AT(self->program, GuardArrayPart, node->array));
    }
    if (node->inplace != 0) {
        dump_inplace(self, GUARD_AT(self->program, GuardInplacePart, node->inplace));
    }
    g_string_append_c(self->out, '\n');
}

char *
guard_program_dump(const GuardProgram *self)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_autoptr(GPtrArray) queue = g_ptr_array_new();
    Dump dump = {self, g_string_new(NULL), seen, queue};
    g_string_append_printf(dump.out, "program of %zu bytes, %u patterns, root @%u\n",
                           self->size, self->pattern_count, self->root);
    g_hash_table_add(seen, GUINT_TO_POINTER(self->root));
    g_ptr_array_add(queue, GUINT_TO_POINTER(self->root));
    for (guint i = 0; i < queue->len; i++) {
        dump_node(&dump, GPOINTER_TO_UINT(g_ptr_array_index(queue, i)));
    }
    return g_string_free(dump.out, FALSE);
}
