/* SPDX-License-Identifier: MIT */
/* What the short way asks when a value or a name is not what it expected. */
#include "guard-pattern.h"
#include "guard-quick-value.h"

bool
guard_quick_is_wrong(GuardRun *run, unsigned kind, GuardRef arg, const char *p)
{
    unsigned class = guard_class_of(*p);
    unsigned type = class == GUARD_CLASS_NONE ? 0 : guard_type_of(*p);
    unsigned takes = GUARD_TYPE_ANY;
    switch ((GuardQuickKind)kind) {
    case GUARD_QUICK_STRING:
    case GUARD_QUICK_CHOICE:
        takes = GUARD_TYPE_STRING;
        break;
    case GUARD_QUICK_INTEGER:
    case GUARD_QUICK_NUMBER:
        takes = GUARD_TYPE_NUMBER;
        break;
    case GUARD_QUICK_BOOLEAN:
        takes = GUARD_TYPE_BOOLEAN;
        break;
    case GUARD_QUICK_SCALAR:
        takes = GUARD_AT(run->program, GuardNode, arg)->takes;
        break;
    case GUARD_QUICK_CONTAINER:
        arg = GUARD_QUICK_AT(run->program, GuardQuickPart, arg)->node;
        takes = GUARD_AT(run->program, GuardNode, arg)->takes;
        break;
    case GUARD_QUICK_NEVER:
        takes = 0;
        break;
    case GUARD_QUICK_STOP:
    case GUARD_QUICK_ANY:
    case GUARD_QUICK_SWITCH:
        return false;
    }
    if (type == 0 || (takes & type) == 0) {
        return type != 0;
    }
    if (kind == GUARD_QUICK_SCALAR) {
        return run->stop == GUARD_STOP_NONE && !guard_is_container(p);
    }
    GuardStringKind string;
    return kind == GUARD_QUICK_CHOICE && p < run->wide_end &&
           guard_scan_string(run, p + 1, &string) != NULL && !string.is_escaped;
}

bool
guard_quick_find_rule(const GuardRun *run, GuardRef ref, const char *name,
                      size_t length, GuardQuickText *ret)
{
    const GuardQuickRules *rules = GUARD_QUICK_AT(run->program, GuardQuickRules, ref);
    unsigned matches = 0;
    for (uint32_t i = 0; i < rules->count; i++) {
        const GuardQuickRule *rule = &rules->rules[i];
        GuardMatch match =
            guard_pattern_match(run->program->patterns[rule->pattern], name, length);
        if (match == GUARD_MATCH_BUDGET ||
            (match == GUARD_MATCH_YES && matches++ > 0)) {
            return false;
        }
        if (match == GUARD_MATCH_YES) {
            ret->kind = (uint8_t)rule->kind;
            ret->arg = rule->arg;
        }
    }
    return true;
}
