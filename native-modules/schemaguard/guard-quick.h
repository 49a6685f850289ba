/* SPDX-License-Identifier: MIT */
/* guard-quick.h - the short way through what tool calls look like.
 *
 * Purpose    objects whose names the schema knows, arrays of one kind of item, strings,
 *            numbers, booleans and lists of words are read in one tight loop over a
 *            compact copy of what the program says about them. It takes what is right,
 *            fails at what is plainly wrong - another type or word, a name that may not
 *            be there, one that is missing - and hands its place over to the machine
 *            (guard-run.h) at all else; that decides, and may come back.
 * Ownership  the parts follow the guard in its block; `quick` of a program is their
 *            start. They refer to each other by distance plus one, so that 0 is none.
 * Threads    as programs: immutable.
 * Limits     GUARD_QUICK_NAMES_MAX names of an object, GUARD_QUICK_DEPTH open
 *            containers at once; what is beyond is the machine's.
 */
#pragma once

#include "guard-run.h"

enum {
    GUARD_QUICK_NAMES_MAX = 64,  /* a bit each */
    GUARD_QUICK_LINEAR_MAX = 16, /* names that are compared one after the other */
    GUARD_QUICK_CHOICES_MAX = 64,
    GUARD_QUICK_DEPTH = 8,
    GUARD_QUICK_REFS_MAX = 8, /* $ref after $ref */
    GUARD_QUICK_RULES_MAX = 4,
    GUARD_QUICK_STRANGERS =
        24, /* other names of open objects, items that must differ */
};

/* What a value has to be. */
typedef enum {
    GUARD_QUICK_STOP, /* the machine looks */
    GUARD_QUICK_STRING,
    GUARD_QUICK_CHOICE,  /* arg: GuardQuickChoices */
    GUARD_QUICK_INTEGER, /* arg: GuardNumberPart of the program, 0: any */
    GUARD_QUICK_NUMBER,
    GUARD_QUICK_BOOLEAN,
    GUARD_QUICK_SCALAR,    /* arg: GuardNode of the program, for guard_scalar() */
    GUARD_QUICK_CONTAINER, /* arg: GuardQuickPart */
    GUARD_QUICK_ANY,
    GUARD_QUICK_NEVER,
    GUARD_QUICK_SWITCH, /* arg: GuardQuickSwitch */
} GuardQuickKind;

/* What a value has to be, by its first byte (GUARD_CLASS_). */
typedef struct {
    GuardRef args[GUARD_CLASS_COUNT];
    uint8_t kinds[GUARD_CLASS_COUNT];
} GuardQuickSwitch;

/* patternProperties, for names that `properties` does not have. */
typedef struct {
    uint32_t pattern;
    GuardRef arg;
    uint32_t kind;
} GuardQuickRule;

typedef struct {
    uint32_t count;
    GuardQuickRule rules[];
} GuardQuickRules;

/* A text as payloads usually have it: a name with its quote and colon, or a word with
 * its quote. */
typedef struct {
    char packed[16]; /* its first bytes */
    uint32_t mask;   /* a bit for each byte of `packed` that counts */
    uint16_t length;
    uint8_t kind;   /* of the value behind a name */
    uint8_t index;  /* of a name */
    GuardRef whole; /* quick: all bytes of a text of more than 16 */
    GuardRef arg;
} GuardQuickText;

typedef struct {
    uint32_t count;
    GuardQuickText words[];
} GuardQuickChoices;

enum {
    GUARD_QUICK_OBJECT,
    GUARD_QUICK_ARRAY,
    GUARD_QUICK_IDLE, /* all that can be in it is the machine's */
};

enum {
    GUARD_QUICK_COUNTED = 1,  /* an object with min or max */
    GUARD_QUICK_UNIQUE = 2,   /* an array whose items, strings, must differ */
    GUARD_QUICK_BRANCHES = 4, /* the machine applies the node's branches at its end */
};

/* An object or an array. */
typedef struct {
    uint64_t required; /* bits of names */
    GuardRef node;     /* what the machine knows it by */
    uint32_t min;      /* items, members */
    uint32_t max;
    GuardRef arg;           /* of the items, of members whose names are not known */
    uint8_t kind;           /* likewise */
    uint8_t form;           /* GUARD_QUICK_OBJECT ... */
    uint8_t count;          /* of names */
    uint8_t flags;          /* GUARD_QUICK_COUNTED ... */
    GuardRef rules;         /* GuardQuickRules */
    GuardQuickText names[]; /* and one that matches nothing */
} GuardQuickPart;

/* An open container. */
typedef struct {
    const GuardQuickPart *part;
    const char *start;
    uint64_t seen;  /* objects: names that were there, by bit */
    uint32_t index; /* objects: the name that is expected; arrays: items so far */
    uint32_t first; /* its first stranger */
} GuardQuickFrame;

#define GUARD_QUICK_AT(program, type, ref) ((const type *)((program)->quick + (ref)-1))

/* Whether the run may take the short way at all. */
static inline bool
guard_quick_is_open(const GuardRun *run)
{
    return run->collector == NULL && !run->tracks && !run->allows_duplicates;
}

/* Whether the short way is open for objects or arrays of the node. */
static inline bool
guard_quick_takes(const GuardRun *run, const GuardNode *node, unsigned form)
{
    return node->quick != 0 && guard_quick_is_open(run) &&
           GUARD_QUICK_AT(run->program, GuardQuickPart, node->quick)->form == form;
}

/* Reads the container at `p`, whose part `ref` is. Returns DONE, FAIL, or GO_ON with
 * the frames of what is open. */
GuardStep guard_quick_begin(GuardRun *run, GuardRef ref, const char *p);

/* As guard_quick_begin(), the container being read up to `p`. */
GuardStep guard_quick_go_on(GuardRun *run, const GuardQuickFrame *frame, const char *p);

/* As guard_run_text(), the root, an object, being read up to `p`. */
GuardStep guard_run_text_on(GuardRun *run, const GuardQuickFrame *root, const char *p);

/* Goes on in the machine's top frame, between members or items, if there is a short way
 * for it; `p` is behind one. */
GuardStep guard_quick_resume(GuardRun *run, GuardFrame *frame, const char *p);
