/* SPDX-License-Identifier: MIT */
/* json_scan.c - the pull scanner: tokens lie inside the text, in order, and open and
 * close; strings it accepted can be unescaped. */
#include "json-scan.h"

#include "fuzz.h"

enum {
    DEPTH = 64
};

static void
check_string(const char *text, const JsonToken *token)
{
    char *out = malloc(token->length);
    bool has_lone;
    size_t length = json_string_unescape(text + token->offset + 1, token->length - 2,
                                         out, &has_lone);
    FUZZ_REQUIRE(length <= token->length - 2);
    FUZZ_REQUIRE(token->is_escaped || length == token->length - 2);
    free(out);
}

static int
depth_change(JsonTokenKind kind)
{
    if (kind == JSON_TOKEN_OBJECT_BEGIN || kind == JSON_TOKEN_ARRAY_BEGIN)
        return 1;
    return kind == JSON_TOKEN_OBJECT_END || kind == JSON_TOKEN_ARRAY_END ? -1 : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    JsonScan scan;
    JsonToken token;
    size_t behind = 0;
    int depth = 0;
    json_scan_init(&scan, text, size, DEPTH);
    for (;;) {
        JsonTokenKind kind = json_scan_next(&scan, &token);
        if (kind == JSON_TOKEN_ERROR) {
            FUZZ_REQUIRE(scan.error != JSON_ERROR_NONE && scan.error_offset <= size);
            return 0;
        }
        if (kind == JSON_TOKEN_END)
            break;
        FUZZ_REQUIRE(token.offset >= behind && token.offset + token.length <= size);
        behind = token.offset;
        depth += depth_change(kind);
        FUZZ_REQUIRE(depth >= 0 && depth <= DEPTH);
        if (kind == JSON_TOKEN_STRING || kind == JSON_TOKEN_NAME)
            check_string(text, &token);
    }
    FUZZ_REQUIRE(depth == 0);
    return 0;
}
