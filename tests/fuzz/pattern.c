/* SPDX-License-Identifier: MIT */
/* pattern.c - any pattern, any text: the first line of the input is the pattern, the
 * rest the text. What is remembered of the first search must not change the second. */
#include "schema-guard.h"

#include <string.h>

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *source = (const char *)data;
    const char *line_end = memchr(source, '\n', size);
    if (line_end == NULL || !g_utf8_validate_len(source, size, NULL))
        return 0;
    size_t source_size = (size_t)(line_end - source);
    g_autoptr(GError) error = NULL;
    g_autoptr(SchemaGuardPattern) pattern =
        schema_guard_pattern_new(source, source_size, &error);
    FUZZ_REQUIRE((pattern == NULL) == (error != NULL));
    if (pattern == NULL)
        return 0;
    const char *text = line_end + 1;
    size_t length = size - source_size - 1;
    bool found = schema_guard_pattern_search(pattern, text, length);
    /* Short and nothing counted: no budget runs out, so the answer is yes or no. */
    if (length <= 8 && memchr(source, '{', source_size) == NULL)
        FUZZ_REQUIRE(schema_guard_pattern_search(pattern, text, length) == found);
    return 0;
}
