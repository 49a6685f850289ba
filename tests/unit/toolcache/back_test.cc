// SPDX-License-Identifier: MIT
#include <cstdio>
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "cache-back-private.h"
}

namespace {

// Reads a file of `size` bytes that are no records as if it had `claimed`; whether
// something was found missing.
bool
Read(size_t size, size_t claimed)
{
    FILE *file = tmpfile();
    std::string bytes(size, 'x');
    EXPECT_EQ(fwrite(bytes.data(), 1, size, file), size);
    EXPECT_EQ(fflush(file), 0);
    CacheBack back;
    const unsigned char *record;
    size_t record_size;
    CacheBackState state;
    cache_back_init(&back, fileno(file), 16, claimed);
    while ((state = cache_back_next(&back, &record, &record_size)) != CACHE_BACK_END) {
        EXPECT_EQ(state, CACHE_BACK_REFILL);
        cache_back_refill(&back);
    }
    cache_back_clear(&back);
    fclose(file);
    return back.is_unread;
}

} // namespace

TEST(CacheBack, SaysWhetherAllCouldBeRead)
{
    EXPECT_FALSE(Read(2000000, 2000000));
    EXPECT_TRUE(Read(2000000, 2000001));
    EXPECT_TRUE(Read(1000, 2000000));
    EXPECT_FALSE(Read(10, 10));
}
