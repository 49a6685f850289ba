/* SPDX-License-Identifier: MIT */
/* guard-compile.h - from a schema to a program.
 *
 * Purpose    reads the schema's tree once and writes the flat program; each schema is
 *            compiled once however often it is referred to. A work list takes the place
 *            of recursion.
 * Ownership  the program belongs to the caller; the tree and the problems live in the
 *            arena.
 * Errors     NULL and at least one error among the problems.
 * Limits     GUARD_COMPILE_NODES_MAX schemas, GUARD_COMPILE_BYTES_MAX bytes of program.
 */
#pragma once

#include "guard-program.h"
#include "guard-resource.h"

enum {
    GUARD_COMPILE_NODES_MAX = 1 << 20,
    GUARD_COMPILE_BYTES_MAX = 256 << 20,
};

typedef struct {
    GuardRegistry registry;
    GuardProblems *problems;
    GuardArena *arena;
    GByteArray *blob;
    GByteArray *texts;         /* GuardText; becomes the end of the program */
    GPtrArray *queue;          /* GuardValue: schemas to compile */
    GPtrArray *patterns;       /* GuardPattern */
    GHashTable *pattern_index; /* source -> index + 1 */
    GPtrArray *anchors;        /* names of dynamic anchors in use */
    GArray *dynamics;          /* GuardDynamic */
    GArray *nodes;             /* GuardRef of each node, in order of making */
    const GuardDocument *main; /* pointers into it are written without a URI */
    GuardRef any;
    bool asserts_formats;
    bool gives_advice; /* about what would be ignored silently */
} GuardCompiler;

/* One schema while it is compiled. */
typedef struct {
    GuardCompiler *compiler;
    GuardValue *schema;
    const GuardResource *resource;
    GuardValue *members[GUARD_KEYWORD_COUNT];
    GuardNode node;
    GArray *ops;          /* GuardOp */
    GArray *names;        /* GuardName, filled by the object part */
    uint32_t *name_table; /* index + 1 by hash */
    uint32_t name_mask;
} GuardScope;

GuardProgram *guard_compile(GuardCompiler *self, GuardDocument *document,
                            const char *uri);

/* What the parts share. */

/* Appends zeroed space, aligned to 8; returns its reference. Pointers into the blob are
 * only good until the next call. */
GuardRef guard_compile_take(GuardCompiler *self, size_t size);
GuardRef guard_compile_bytes(GuardCompiler *self, const void *bytes, size_t size);
GuardRef guard_compile_text(GuardCompiler *self, const char *text, size_t length);
/* The node of a schema, compiled now or later. */
GuardRef guard_compile_schema(GuardCompiler *self, GuardValue *schema);
/* The nodes of an array of schemas, as an array of references. */
GuardRef guard_compile_schemas(GuardCompiler *self, const GuardValue *array);
/* Returns GUARD_NO_PATTERN after reporting the error at `at` (the source's value). */
uint32_t guard_compile_pattern(GuardCompiler *self, const GuardValue *at,
                               const char *source, size_t length, size_t offset);
/* A non-negative integer below 2^32 - 1, else an error; false if the keyword is absent
 * or broken. */
bool guard_compile_count(GuardScope *scope, GuardKeyword keyword, uint32_t *ret_count);
/* Returns the member if it is there and its kind is right, else NULL; reports. */
GuardValue *guard_compile_member(GuardScope *scope, GuardKeyword keyword,
                                 JsonTokenKind kind);
bool guard_compile_is_schema(GuardScope *scope, const GuardValue *value);

void guard_compile_type(GuardScope *scope);
void guard_compile_choices(GuardScope *scope);
void guard_compile_number(GuardScope *scope);
void guard_compile_string(GuardScope *scope);
void guard_compile_object(GuardScope *scope);
void guard_compile_array(GuardScope *scope);
void guard_compile_inplace(GuardScope *scope);
/* The index of a name of the object part, which is made known if need be. */
uint32_t guard_compile_name(GuardScope *scope, const char *name, size_t length);

/* Ids, anchors and definitions. */
void guard_compile_identity(GuardScope *scope);
/* Advice, given only when it is wanted (gives_advice). */
void guard_compile_advise_keyword(GuardScope *scope, const GuardValue *member);
void guard_compile_advise_required(GuardScope *scope);
/* guard-compile-takes.c, when all nodes are there: makes plain references of the
 * dynamic ones that can only lead to one place ... */
void guard_compile_settle(GuardCompiler *self, GuardRef root);
/* ... and fills `takes` and `dispatch`. */
void guard_compile_takes(GuardCompiler *self);
/* Compiles what nobody refers to. */
void guard_compile_idle(GuardScope *scope);
