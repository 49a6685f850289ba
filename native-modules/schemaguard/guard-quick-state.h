/* SPDX-License-Identifier: MIT */
/* guard-quick-state.h - what the short way knows while it reads; on the C stack. */
#pragma once

#include "guard-quick.h"

/* A name that is not among the schema's, or an item that must differ from others. */
typedef struct {
    const char *text;
    size_t length;
} GuardQuickStranger;

typedef struct {
    GuardRun *run;
    unsigned depth; /* frames below the top one */
    uint32_t stranger_count;
    GuardQuickFrame frames[GUARD_QUICK_DEPTH];
    GuardQuickStranger strangers[GUARD_QUICK_STRANGERS];
} GuardQuickRun;

/* Why a loop over members or items ended. */
typedef enum {
    GUARD_QUICK_EVENT_STUCK, /* at a member or item that it does not take */
    GUARD_QUICK_EVENT_WRONG,
    GUARD_QUICK_EVENT_OPENED,
    GUARD_QUICK_EVENT_CLOSED,
    GUARD_QUICK_EVENT_READ, /* a member or item: on to the next */
} GuardQuickEvent;

/* Which of the part's names is at `p`, compared with one after the other from `first`
 * on. The one that matches nothing if there is none, or if these are too many. */
const GuardQuickText *guard_quick_find_text(const GuardProgram *program,
                                            const GuardQuickPart *part,
                                            const GuardQuickText *first, const char *p,
                                            const char *end);

/* The other names, when the expected one is not there. NULL: none of the schema's. */
const GuardQuickText *guard_quick_find_name(GuardRun *run, const GuardQuickPart *part,
                                            uint32_t next, const char *p);

/* Reads a name at `p` that the schema does not have, and remembers it. *ret is what its
 * value has to be. Returns false if that is the machine's. */
bool guard_quick_meet(GuardQuickRun *self, const char *p, GuardQuickText *ret);

/* Remembers the string from `p` to `end`, which no other item may be equal to. */
GuardQuickEvent guard_quick_note_item(GuardQuickRun *self, const char *p,
                                      const char *end);

/* Gives the names, or items, of the i-th frame to the machine. */
void guard_quick_give(GuardQuickRun *self, unsigned i, GuardFrame *frame);
