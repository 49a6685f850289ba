/* SPDX-License-Identifier: MIT */
/* canonical.c - RFC 8785: the canonical form of a canonical form is itself. */
#include <string.h>

#include "cache-canonical-private.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) once = cache_canonical((const char *)data, size, &error);
    FUZZ_REQUIRE((once == NULL) == (error != NULL));
    if (once == NULL)
        return 0;
    g_autoptr(GString) twice = cache_canonical(once->str, once->len, &error);
    FUZZ_REQUIRE(twice != NULL && twice->len == once->len);
    FUZZ_REQUIRE(memcmp(once->str, twice->str, once->len) == 0);
    return 0;
}
