/* SPDX-License-Identifier: MIT */
/* Times each case of a file - two lengths, schema, payload - with the guard and with
 * yyjson's parse, the control. One line a case: guard ns, yyjson ns, verdict. With two
 * or more cases and "cycle" all are run one after the other, so that none stays cached.
 */
#include "schema-guard.h"

#include <yyjson.h>

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ROUNDS = 11,
    CALLS = 100, /* of one case in a round */
};

typedef struct {
    SchemaGuard *guard;
    char *text;
    size_t length;
    double guard_ns;
    double parse_ns;
} Case;

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static bool
read_case(FILE *file, Case *ret_case)
{
    uint32_t lengths[2];
    if (fread(lengths, sizeof lengths, 1, file) != 1) {
        return false;
    }
    g_autofree char *schema = g_malloc0(lengths[0] + 1);
    char *text = g_malloc0(lengths[1] + YYJSON_PADDING_SIZE);
    bool whole = fread(schema, 1, lengths[0], file) == lengths[0] &&
                 fread(text, 1, lengths[1], file) == lengths[1];
    g_autoptr(GError) error = NULL;
    SchemaGuard *guard =
        whole ? schema_guard_new(schema, lengths[0], NULL, &error) : NULL;
    if (guard == NULL) {
        g_error("no guard: %s", error != NULL ? error->message : "the file ends early");
    }
    *ret_case = (Case){guard, text, lengths[1], 1e18, 1e18};
    return true;
}

static bool
parse(const Case *self, char *pool, size_t room)
{
    yyjson_alc memory;
    yyjson_alc_pool_init(&memory, pool, room);
    yyjson_doc *document =
        yyjson_read_opts(self->text, self->length, YYJSON_READ_NOFLAG, &memory, NULL);
    return document != NULL;
}

/* Runs `count` cases `calls` times with the guard, or else with the parser. */
static double
run(const Case *cases, size_t count, size_t calls, bool is_guard)
{
    static char pool[4 << 20];
    size_t taken = 0;
    double start = now();
    for (size_t k = 0; k < calls; k++) {
        for (size_t i = 0; i < count; i++) {
            taken += is_guard ? schema_guard_is_valid(cases[i].guard, cases[i].text,
                                                      cases[i].length)
                              : parse(&cases[i], pool, sizeof pool);
        }
    }
    double spent = now() - start;
    if (taken > calls * count) {
        abort(); /* so that no call can be left out */
    }
    return spent / (double)(calls * count);
}

int
main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fprintf(stderr, "usage: %s CASES [cycle]\n", argv[0]);
        return 2;
    }
    g_autoptr(GArray) cases = g_array_new(FALSE, TRUE, sizeof(Case));
    for (Case one; read_case(file, &one);) {
        g_array_append_val(cases, one);
    }
    fclose(file);
    bool cycle = argc > 2 && strcmp(argv[2], "cycle") == 0;
    size_t step = cycle ? cases->len : 1;
    size_t calls = cycle ? 1 : CALLS;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < cases->len; i += step) {
            Case *one = &g_array_index(cases, Case, i);
            one->guard_ns = MIN(one->guard_ns, run(one, step, calls, true));
            one->parse_ns = MIN(one->parse_ns, run(one, step, calls, false));
        }
    }
    for (size_t i = 0; i < cases->len; i += step) {
        const Case *one = &g_array_index(cases, Case, i);
        bool valid = schema_guard_is_valid(one->guard, one->text, one->length);
        printf("%.1f %.1f %d\n", one->guard_ns, one->parse_ns, valid);
    }
    return 0;
}
