/* SPDX-License-Identifier: MIT */
/* guard-program.h - what a schema is compiled to.
 *
 * One flat, immutable block of bytes. Everything in it refers to everything else by its
 * distance from the start (GuardRef), so the block may be copied or mapped anywhere.
 * A GuardNode is one schema: which types it takes, and for each type the part that
 * checks it. Assertions of one value (`in place`: $ref, allOf, anyOf, ...) are a list
 * of GuardOp behind the parts. Reference 0 means "none": nothing to check.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t GuardRef;

/* The types of a value; integers are numbers whose value is whole. */
enum {
    GUARD_TYPE_NULL = 1,
    GUARD_TYPE_BOOLEAN = 2,
    GUARD_TYPE_INTEGER = 4,
    GUARD_TYPE_FRACTION = 8,
    GUARD_TYPE_STRING = 16,
    GUARD_TYPE_ARRAY = 32,
    GUARD_TYPE_OBJECT = 64,
    GUARD_TYPE_NUMBER = GUARD_TYPE_INTEGER | GUARD_TYPE_FRACTION,
    GUARD_TYPE_ANY = 127,
};

enum {
    GUARD_NODE_FALSE = 1, /* the schema false */
    GUARD_NODE_MARKS = 2, /* has unevaluated*: marks what its branches evaluate */
    GUARD_NODE_STRICT_INTEGER = 4, /* draft-04: 1.0 is not an integer */
    GUARD_NODE_BRANCHES_ONLY = 8,  /* checks nothing itself, has in-place operations */
    GUARD_NODE_PLAIN = 16,         /* checks nothing: the schema true */
};

typedef struct {
    uint8_t types;
    uint8_t takes; /* types that can be right, seen through references and branches */
    uint8_t flags;
    uint16_t resource; /* of the schema, for dynamic references */
    GuardRef string;   /* GuardStringPart */
    GuardRef number;   /* GuardNumberPart */
    GuardRef object;   /* GuardObjectPart */
    GuardRef array;    /* GuardArrayPart */
    GuardRef choice;   /* GuardChoicePart */
    GuardRef inplace;  /* GuardInplacePart */
    GuardRef dispatch; /* GuardDispatch: nodes that are nothing but branches */
    GuardRef path;     /* text: JSON pointer of the schema */
    GuardRef quick;    /* GuardQuickPart (guard-quick.h) */
} GuardNode;

/* The kinds of values that their first byte tells apart. */
enum {
    GUARD_CLASS_NULL,
    GUARD_CLASS_BOOLEAN,
    GUARD_CLASS_NUMBER,
    GUARD_CLASS_STRING,
    GUARD_CLASS_ARRAY,
    GUARD_CLASS_OBJECT,
    GUARD_CLASS_COUNT,
    GUARD_CLASS_NONE = GUARD_CLASS_COUNT, /* no value starts so */
};

/* The types that values of the class can have. */
static inline unsigned
guard_class_types(unsigned class)
{
    static const uint8_t types[GUARD_CLASS_COUNT] = {
        [GUARD_CLASS_NULL] = GUARD_TYPE_NULL,
        [GUARD_CLASS_BOOLEAN] = GUARD_TYPE_BOOLEAN,
        [GUARD_CLASS_NUMBER] = GUARD_TYPE_NUMBER,
        [GUARD_CLASS_STRING] = GUARD_TYPE_STRING,
        [GUARD_CLASS_ARRAY] = GUARD_TYPE_ARRAY,
        [GUARD_CLASS_OBJECT] = GUARD_TYPE_OBJECT,
    };
    return types[class];
}

/* For a node that is nothing but $ref, anyOf or oneOf: the one schema that can take a
 * value of the class, 0 if none can, the node itself if there are several. */
typedef struct {
    GuardRef nodes[GUARD_CLASS_COUNT];
} GuardDispatch;

/* What only messages and rare comparisons need lies behind everything else, so that the
 * nodes stay close together. References to texts count from the first text. */
typedef struct {
    uint32_t length;
    char bytes[]; /* and a NUL */
} GuardText;

enum {
    GUARD_NO_PATTERN = UINT32_MAX
};

typedef struct {
    uint32_t min;     /* code points */
    uint32_t max;     /* UINT32_MAX: no limit */
    uint32_t pattern; /* index into the patterns, GUARD_NO_PATTERN */
    uint32_t format;  /* GuardFormat; 0: not asserted */
    GuardRef format_name;
} GuardStringPart;

typedef struct {
    GuardRef text; /* JSON number; 0: no bound */
    uint32_t keyword;
} GuardBound;

enum {
    GUARD_BOUND_MIN,
    GUARD_BOUND_MAX,
    GUARD_BOUND_ABOVE, /* exclusiveMinimum */
    GUARD_BOUND_BELOW, /* exclusiveMaximum */
    GUARD_BOUND_MULTIPLE,
    GUARD_BOUND_COUNT,
};

typedef struct {
    int64_t low;  /* integers from low to high (and multiples of step) are right; */
    int64_t high; /* all others need the exact look at the bounds */
    int64_t step; /* 0: any; -1: the exact look decides */
    GuardBound bounds[GUARD_BOUND_COUNT];
} GuardNumberPart;

/* A name the object part knows: of properties, required or dependent*. */
typedef struct {
    char packed[16]; /* the name and its closing quote, when they fit */
    uint32_t length;
    GuardRef text;
    GuardRef node; /* schema of its value; 0: not in `properties` */
    uint32_t hash;
} GuardName;

enum {
    GUARD_NAME_MAX = (1 << 24) - 1 /* bytes of a name in a schema */
};

typedef struct {
    uint32_t pattern;
    GuardRef node;
    GuardRef source;
} GuardRule;

typedef struct {
    uint32_t trigger; /* index of the name that asks ... */
    uint32_t wanted;  /* ... for this one */
    uint32_t keyword;
} GuardDependent;

typedef struct {
    uint64_t required; /* of the first 64 names */
    uint32_t count;
    uint32_t min;
    uint32_t max;
    GuardRef names; /* GuardName[count] */
    GuardRef table; /* uint32_t[table_mask + 1]: index + 1 by hash */
    uint32_t table_mask;
    GuardRef required_words; /* uint64_t[(count + 63) / 64] when count > 64 */
    GuardRef additional;     /* node; 0: anything goes */
    uint32_t has_additional; /* the keyword is there (it evaluates everything) */
    uint32_t rule_count;
    GuardRef rules;     /* GuardRule[rule_count]: patternProperties */
    GuardRef name_node; /* propertyNames */
    uint32_t dependent_count;
    GuardRef dependents; /* GuardDependent[] */
} GuardObjectPart;

enum {
    GUARD_ARRAY_UNIQUE = 1,
    GUARD_ARRAY_CONTAINS_MARKS = 2, /* 2020-12: what contains matched is evaluated */
    GUARD_ARRAY_HAS_REST = 4,       /* the keyword for the rest is there */
};

typedef struct {
    uint32_t min;
    uint32_t max;
    uint32_t prefix_count;
    GuardRef prefix; /* GuardRef[prefix_count] */
    GuardRef rest;   /* node of the items behind; 0: anything goes */
    GuardRef contains;
    uint32_t min_contains;
    uint32_t max_contains;
    uint32_t flags;
} GuardArrayPart;

typedef struct {
    uint32_t type; /* GUARD_TYPE_ bit */
    uint32_t length;
    GuardRef text;   /* bytes: string value or canonical JSON */
    GuardRef source; /* text: as the schema has it */
} GuardChoice;

/* enum or const. */
typedef struct {
    uint32_t count;
    uint32_t types; /* of the choices */
    uint32_t keyword;
    GuardRef choices; /* GuardChoice[count] */
    GuardRef next;    /* a second part, when both keywords are there */
} GuardChoicePart;

typedef enum {
    GUARD_OP_REF,
    GUARD_OP_DYNAMIC, /* a: node when nothing overrides; b: dynamic anchor */
    GUARD_OP_ALL,
    GUARD_OP_ANY,
    GUARD_OP_ONE,
    GUARD_OP_NOT,
    GUARD_OP_IF,   /* nodes: if, then or 0, else or 0 */
    GUARD_OP_WHEN, /* dependentSchemas: names index `b`, node */
    GUARD_OP_REST_PROPERTIES,
    GUARD_OP_REST_ITEMS,
} GuardOpKind;

typedef struct {
    uint16_t kind;
    uint16_t keyword;
    uint32_t count;
    GuardRef nodes; /* GuardRef[count] */
    uint32_t b;
} GuardOp;

typedef struct {
    uint32_t count;
    GuardOp ops[];
} GuardInplacePart;

/* One schema resource's claim on a dynamic anchor. */
typedef struct {
    uint32_t anchor;
    uint32_t resource;
    GuardRef node;
} GuardDynamic;

typedef struct GuardPattern GuardPattern;

/* A compiled schema. `bytes` is the program; patterns are made on first use. */
typedef struct {
    GuardPattern **patterns; /* owned */
    size_t size;
    size_t quick_size;
    GuardRef root;
    GuardRef
        root_quick;    /* of the root node, if it is an object's: no look at the node */
    GuardRef any;      /* a node that takes everything */
    GuardRef texts;    /* where the texts start */
    GuardRef dynamics; /* GuardDynamic[] */
    uint32_t dynamic_count;
    uint32_t pattern_count;
    const char *bytes;
    const char *quick; /* parts of guard-quick.h; last: see SchemaGuard */
} GuardProgram;

#define GUARD_AT(program, type, ref) ((const type *)((program)->bytes + (ref)))

static inline const GuardText *
guard_program_text_at(const GuardProgram *program, GuardRef ref)
{
    return GUARD_AT(program, GuardText, program->texts + ref);
}

static inline const char *
guard_program_text(const GuardProgram *program, GuardRef ref)
{
    return ref == 0 ? "" : guard_program_text_at(program, ref)->bytes;
}

/* Frees the patterns; the bytes and the quick parts belong to whoever has them. */
void guard_program_clear(GuardProgram *self);

/* A readable listing, freed with g_free(). */
char *guard_program_dump(const GuardProgram *self);
