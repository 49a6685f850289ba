// SPDX-License-Identifier: MIT
// Random bytes over the mapping: no reader and no writer crashes or hangs.
#include <random>
#include <sys/wait.h>
#include <unistd.h>

#include "cache_support.h"
#include "mapping_shim.h"

namespace {

const unsigned TRIALS = 400; // of one process

std::string
Args(uint64_t n)
{
    return "{\"n\": " + std::to_string(n) + "}";
}

void
Overwrite(ToolCache *cache, std::mt19937_64 &random, unsigned part)
{
    unsigned char *at;
    size_t size;
    if (mapping_shim_part(cache, part, &at, &size) && size > 0) {
        size_t start = random() % size;
        size_t count = std::min<size_t>(size - start, random() % 40 + 1);
        for (size_t i = 0; i < count; i++) {
            at[start + i] = static_cast<unsigned char>(random());
        }
    }
}

// In a process of its own, so that a crash is a failure and not the end of the tests.
// An alarm ends one that hangs.
void
Survive(uint64_t seed, unsigned part, bool writes)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(300);
        std::mt19937_64 random(seed);
        Store store(300, 60, 1 << 18);
        for (unsigned trial = 0; trial < TRIALS; trial++) {
            for (uint64_t n = 0; n < 50; n++) {
                store.set("t", Args(random() % 600), std::string(random() % 400, 'v'));
            }
            Overwrite(store.cache, random, part);
            for (uint64_t n = 0; n < 100; n++) {
                auto value = store.get("t", Args(random() % 600));
                if (writes && random() % 8 == 0) {
                    store.del("t", Args(random() % 600));
                }
            }
            if (!writes) {
                tool_cache_clear(store.cache);
            }
        }
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "part " << part << ", seed " << seed
                         << (WIFSIGNALED(status) ? ", by signal" : "");
}

class Damage : public testing::TestWithParam<unsigned> {};

TEST_P(Damage, OfAPartStopsNobody)
{
    for (uint64_t seed = 1; seed <= 4u * mapping_shim_factor(); seed++) {
        Survive(seed, GetParam(), false);
        Survive(seed, GetParam(), true);
    }
}

// Names, index, ghosts, miniatures, entries. The shard's own page holds the lock of the
// C library, which cannot be told damaged from held; it is left out.
INSTANTIATE_TEST_SUITE_P(Parts, Damage, testing::Values(0, 2, 3, 4, 5));

} // namespace
