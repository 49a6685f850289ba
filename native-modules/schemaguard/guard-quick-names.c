/* SPDX-License-Identifier: MIT */
/* The names of the short way that are not the expected one, and its sets. */
#include "guard-quick-state.h"
#include "guard-quick-value.h"

const GuardQuickText *
guard_quick_find_text(const GuardProgram *program, const GuardQuickPart *part,
                      const GuardQuickText *first, const char *p, const char *end)
{
    const GuardQuickText *none = &part->names[part->count];
    if (part->count > GUARD_QUICK_LINEAR_MAX) {
        return none;
    }
    for (const GuardQuickText *one = first; one < none; one++) {
        if (quick_is_text(program, one, p, end)) {
            return one;
        }
    }
    for (const GuardQuickText *one = part->names; one < first; one++) {
        if (quick_is_text(program, one, p, end)) {
            return one;
        }
    }
    return none;
}

const GuardQuickText *
guard_quick_find_name(GuardRun *run, const GuardQuickPart *part, uint32_t next,
                      const char *p)
{
    if (part->count > GUARD_QUICK_LINEAR_MAX) {
        GuardStringKind kind;
        const char *close = guard_scan_string(run, p, &kind);
        if (close == NULL || kind.is_escaped || close[1] != ':') {
            return NULL;
        }
        const GuardNode *node = GUARD_AT(run->program, GuardNode, part->node);
        uint32_t index = guard_object_find(
            run, GUARD_AT(run->program, GuardObjectPart, node->object), p, close,
            false);
        return index < part->count && part->names[index].length != 0
                   ? &part->names[index]
                   : NULL;
    }
    const GuardQuickText *found =
        guard_quick_find_text(run->program, part, &part->names[next], p, run->end);
    return found != &part->names[part->count] ? found : NULL;
}

bool
guard_quick_meet(GuardQuickRun *self, const char *p, GuardQuickText *ret)
{
    GuardRun *run = self->run;
    const GuardQuickFrame *frame = &self->frames[self->depth];
    const GuardQuickPart *part = frame->part;
    GuardStringKind kind;
    bool is_taken = part->kind != GUARD_QUICK_STOP || part->rules != 0;
    const char *close = is_taken ? guard_scan_string(run, p, &kind) : NULL;
    if (close == NULL || kind.is_escaped || close[1] != ':' ||
        self->stranger_count == GUARD_QUICK_STRANGERS || close - p > UINT16_MAX - 2) {
        return false;
    }
    GuardQuickStranger name = {p, (size_t)(close - p)};
    for (uint32_t i = frame->first; i < self->stranger_count && !run->is_rescan; i++) {
        if (self->strangers[i].length == name.length &&
            memcmp(self->strangers[i].text, p, name.length) == 0) {
            return false;
        }
    }
    ret->length = (uint16_t)(name.length + 2);
    ret->kind = part->kind;
    ret->arg = part->arg;
    if (part->rules != 0 &&
        !guard_quick_find_rule(run, part->rules, p, name.length, ret)) {
        return false;
    }
    self->strangers[self->stranger_count++] = name;
    return true;
}

GuardQuickEvent
guard_quick_note_item(GuardQuickRun *self, const char *p, const char *end)
{
    size_t length = (size_t)(end - p);
    if (self->stranger_count == GUARD_QUICK_STRANGERS ||
        memchr(p, '\\', length) != NULL) {
        return GUARD_QUICK_EVENT_STUCK;
    }
    for (uint32_t i = self->frames[self->depth].first; i < self->stranger_count; i++) {
        if (self->strangers[i].length == length &&
            memcmp(self->strangers[i].text, p, length) == 0) {
            return GUARD_QUICK_EVENT_WRONG;
        }
    }
    self->strangers[self->stranger_count++] = (GuardQuickStranger){p, length};
    return GUARD_QUICK_EVENT_READ;
}

void
guard_quick_give(GuardQuickRun *self, unsigned i, GuardFrame *frame)
{
    GuardRun *run = self->run;
    uint32_t end = i < self->depth ? self->frames[i + 1].first : self->stranger_count;
    for (uint32_t k = self->frames[i].first; k < end; k++) {
        const GuardQuickStranger *one = &self->strangers[k];
        if (frame->kind == GUARD_FRAME_ARRAY) {
            guard_items_add(run, frame, one->text, one->text + one->length);
            continue;
        }
        if (!run->is_rescan) {
            guard_names_add(run, frame, one->text, one->length, false);
        }
        frame->index++;
    }
}
