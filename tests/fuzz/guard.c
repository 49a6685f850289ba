/* SPDX-License-Identifier: MIT */
/* guard.c - any schema, any payload: the first line of the input is the schema, the
 * rest the payload. The verdict, the report and the stream have to agree. */
#include "schema-guard.h"

#include <string.h>

#include "fuzz.h"

/* The verdict of a stream that is fed `piece` bytes at a time. */
static bool
stream_verdict(SchemaGuard *guard, const char *payload, size_t length, size_t piece)
{
    g_autoptr(SchemaGuardStream) stream = schema_guard_stream_new(guard);
    for (size_t at = 0; at < length; at += piece)
        schema_guard_stream_feed(stream, payload + at, MIN(piece, length - at));
    bool valid = schema_guard_stream_finish(stream) == SCHEMA_GUARD_STREAM_COMPLETE;
    schema_guard_report_unref(schema_guard_stream_report(stream));
    return valid;
}

static void
check_report(SchemaGuard *guard, const char *payload, size_t length, bool valid)
{
    g_autoptr(SchemaGuardReport) report = schema_guard_report(guard, payload, length);
    size_t count = schema_guard_report_count(report);
    FUZZ_REQUIRE(valid == (count == 0));
    FUZZ_REQUIRE((schema_guard_report_explain(report)[0] == '\0') == valid);
    for (size_t i = 0; i < count; i++) {
        const SchemaGuardIssue *issue = schema_guard_report_at(report, i);
        FUZZ_REQUIRE(issue->offset <= length && issue->line >= 1 && issue->column >= 1);
        FUZZ_REQUIRE(g_utf8_validate(issue->message, -1, NULL));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line_end = memchr(text, '\n', size);
    if (size == 0 || line_end == NULL)
        return 0;
    size_t schema_size = (size_t)(line_end - text), length = size - schema_size - 1;
    schema_guard_check_free(schema_guard_check(text, schema_size, NULL));
    g_autoptr(GError) error = NULL;
    g_autoptr(SchemaGuard) guard = schema_guard_new(text, schema_size, NULL, &error);
    FUZZ_REQUIRE((guard == NULL) == (error != NULL));
    if (guard == NULL)
        return 0;
    /* A byte behind the payload has to be readable and 0. */
    g_autofree char *payload = g_malloc(length + 1);
    memcpy(payload, line_end + 1, length);
    payload[length] = '\0';
    bool valid = schema_guard_is_valid(guard, payload, length);
    check_report(guard, payload, length, valid);
    for (size_t piece = 1; piece <= 7; piece += 3)
        FUZZ_REQUIRE(stream_verdict(guard, payload, length, piece) == valid);
    return 0;
}
