/* SPDX-License-Identifier: MIT */
/* Where in the payload, and by which way through the schema. */
#include "guard-report.h"

#include "guard-json.h"

static void
append_name(GuardRun *run, GString *path, const char *key)
{
    JsonStringInfo info;
    const char *bad;
    const char *close = json_string_check(key, run->end, &info, &bad);
    size_t length = (size_t)(close - key);
    g_string_append_c(path, '/');
    if (!info.is_escaped) {
        guard_json_append_token(path, key, length);
        return;
    }
    g_autofree char *name = g_malloc(length + 1);
    length = json_string_unescape(key, length, name, NULL);
    guard_json_append_token(path, name, length);
}

const char *
guard_report_instance_path(GuardRun *run)
{
    GString *path = run->collector->text;
    g_string_truncate(path, 0);
    for (uint32_t i = 0; i < run->frame_count; i++) {
        const GuardFrame *frame = &run->frames[i];
        bool object = frame->kind == GUARD_FRAME_OBJECT ||
                      frame->kind == GUARD_FRAME_REST_PROPERTIES;
        if (frame->kind == GUARD_FRAME_INPLACE || frame->phase == GUARD_PHASE_NAME) {
            continue;
        }
        if (object && frame->key != NULL) {
            append_name(run, path, frame->key);
        }
        else if (!object && frame->value != NULL) {
            g_string_append_printf(path, "/%u", frame->index);
        }
    }
    return path->len == 0
               ? ""
               : guard_arena_copy(&run->collector->arena, path->str, path->len);
}

/* The reference that a frame follows, or NULL. */
static const GuardOp *
reference_of(const GuardFrame *frame)
{
    if (frame->kind != GUARD_FRAME_INPLACE ||
        frame->inplace.op >= frame->inplace.part->count) {
        return NULL;
    }
    const GuardOp *op = &frame->inplace.part->ops[frame->inplace.op];
    return op->kind == GUARD_OP_REF || op->kind == GUARD_OP_DYNAMIC ? op : NULL;
}

/* From the node of `frame` to `node`, which it looks at its value with. */
static void
append_step(const GuardProgram *program, GString *path, const GuardFrame *frame,
            const GuardNode *node)
{
    const char *from = guard_program_text(program, frame->node->path);
    const char *to = guard_program_text(program, node->path);
    const GuardOp *reference = reference_of(frame);
    if (frame->node == node) {
        return;
    }
    if (reference != NULL) {
        g_string_append_printf(path, "/%s", guard_keywords[reference->keyword].name);
    }
    else if (g_str_has_prefix(to, from)) {
        g_string_append(path, to + strlen(from));
    }
}

const char *
guard_report_evaluation_path(GuardRun *run, const GuardNode *node)
{
    bool refers = false;
    for (uint32_t i = 0; i < run->frame_count && !refers; i++) {
        refers = reference_of(&run->frames[i]) != NULL;
    }
    if (!refers) {
        return NULL;
    }
    const GuardProgram *program = run->program;
    GString *path = run->collector->text;
    const GuardNode *root = GUARD_AT(program, GuardNode, program->root);
    g_string_assign(path, guard_program_text(program, root->path));
    for (uint32_t i = 0; i < run->frame_count; i++) {
        const GuardNode *next =
            i + 1 < run->frame_count ? run->frames[i + 1].node : node;
        append_step(program, path, &run->frames[i], next);
    }
    return guard_arena_copy(&run->collector->arena, path->str, path->len);
}
