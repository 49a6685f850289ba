/* SPDX-License-Identifier: MIT */
/* Fuzzing the guard: any schema, any payload. The input is a schema, a NUL and a
 * payload (both are cut at the NUL). No crash, no sanitizer report, and one verdict
 * from the one pass, the report, and the stream in pieces; a schema is refused with a
 * message.
 *
 * clang -fsanitize=fuzzer,address,undefined ... guard-fuzz.c; without a fuzzing engine
 * -DGUARD_FUZZ_DRIVER makes a program that runs the files it is given.
 */
#include "schema-guard.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "guard-fuzz: %s\n", what);
        abort();
    }
}

static SchemaGuardStreamState
in_pieces(SchemaGuard *guard, const char *text, size_t length, size_t piece)
{
    SchemaGuardStream *stream = schema_guard_stream_new(guard);
    for (size_t at = 0; at < length; at += piece) {
        size_t rest = length - at;
        schema_guard_stream_feed(stream, text + at, rest < piece ? rest : piece);
    }
    SchemaGuardStreamState state = schema_guard_stream_finish(stream);
    schema_guard_report_free(schema_guard_stream_report(stream));
    schema_guard_stream_free(stream);
    return state;
}

static void
check_payload(SchemaGuard *guard, const char *text, size_t length)
{
    bool valid = schema_guard_is_valid(guard, text, length);
    SchemaGuardReport *report = schema_guard_report(guard, text, length);
    require(valid == (schema_guard_report_count(report) == 0),
            "the report disagrees with the verdict");
    require(valid == (schema_guard_report_explain(report)[0] == '\0'),
            "the explanation disagrees with the verdict");
    schema_guard_report_free(report);
    for (size_t piece = 1; piece <= 7; piece += 3) {
        bool complete =
            in_pieces(guard, text, length, piece) == SCHEMA_GUARD_STREAM_COMPLETE;
        require(complete == valid, "the stream disagrees with the verdict");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    if (nul == NULL) {
        return 0;
    }
    size_t schema_length = (size_t)(nul - data);
    size_t length = size - schema_length - 1;
    char *text = malloc(length + 1);
    memcpy(text, nul + 1, length);
    text[length] = '\0';
    GError *error = NULL;
    SchemaGuard *guard =
        schema_guard_new((const char *)data, schema_length, NULL, &error);
    require((guard == NULL) == (error != NULL), "a refusal without a reason");
    g_clear_error(&error);
    if (guard != NULL) {
        check_payload(guard, text, length);
    }
    schema_guard_check_free(
        schema_guard_check((const char *)data, schema_length, NULL));
    schema_guard_unref(guard);
    free(text);
    return 0;
}

#ifdef GUARD_FUZZ_DRIVER
int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        g_autofree char *bytes = NULL;
        gsize length;
        if (g_file_get_contents(argv[i], &bytes, &length, NULL)) {
            LLVMFuzzerTestOneInput((const uint8_t *)bytes, length);
        }
    }
    return 0;
}
#endif
