// SPDX-License-Identifier: MIT
// Kept values: what tool_cache_is_same() says of them as the store goes on.
#include "cache_support.h"

namespace {

Store::Kept
Keep(Store &store, const std::string &args)
{
    Store::Kept kept;
    EXPECT_EQ(store.get("t", args, kept), "value of " + args);
    EXPECT_TRUE(store.is_same(kept));
    return kept;
}

class Kept : public testing::Test {
  protected:
    Kept() : store(100, 60)
    {
        store.follow(clock);
        Set("1");
        kept = Keep(store, "1");
    }

    void
    Set(const std::string &args)
    {
        store.set("t", args, "value of " + args);
    }

    FakeClock clock;
    Store store;
    Store::Kept kept;
};

TEST_F(Kept, OutlivesChangesOfOtherEntries)
{
    for (unsigned i = 2; i < 50; i++) {
        Set(std::to_string(i));
        if (store.is_same(kept)) {
            EXPECT_EQ(store.get("t", "1"), kept.value);
        }
        else { // in the same bucket
            kept = Keep(store, "1");
        }
    }
    EXPECT_TRUE(store.is_same(kept));
}

TEST_F(Kept, EndsWhenSetAnew)
{
    Set("1");
    EXPECT_FALSE(store.is_same(kept));
}

TEST_F(Kept, EndsWhenDeleted)
{
    store.del("t", "1");
    EXPECT_FALSE(store.is_same(kept));
}

TEST_F(Kept, EndsWhenItsToolIsInvalidated)
{
    tool_cache_invalidate_tool(store.cache, "t", 1);
    EXPECT_FALSE(store.is_same(kept));
}

TEST_F(Kept, EndsWhenTheStoreIsClearedAndNeverComesBack)
{
    tool_cache_clear(store.cache);
    EXPECT_FALSE(store.is_same(kept));
    for (unsigned round = 0; round < 100; round++) {
        Set("1");
        EXPECT_FALSE(store.is_same(kept));
        tool_cache_clear(store.cache);
    }
}

TEST_F(Kept, EndsWithItsTime)
{
    clock.advance(59);
    EXPECT_TRUE(store.is_same(kept));
    clock.advance(1.1);
    EXPECT_FALSE(store.is_same(kept));
}

TEST_F(Kept, EndsWhenEvicted)
{
    for (unsigned i = 2; i < 5000; i++) {
        Set(std::to_string(i));
        Set(std::to_string(i)); // as often used as the one that is kept
    }
    EXPECT_FALSE(store.is_same(kept));
    EXPECT_FALSE(store.get("t", "1"));
}

TEST_F(Kept, HitsCountAsHits)
{
    uint64_t before = store.stats().hits;
    for (unsigned i = 0; i < 10; i++) {
        EXPECT_TRUE(store.is_same(kept));
    }
    EXPECT_EQ(store.stats().hits, before + 10);
}

// A hot entry is noted once an epoch also when only its kept value is asked for.
TEST_F(Kept, IsNotEvictedWhileItIsHit)
{
    for (unsigned i = 2; i < 5000; i++) {
        Set(std::to_string(i));
        auto value = store.get("t", "1", kept);
        ASSERT_EQ(value, "value of 1") << i;
    }
}

} // namespace
