// SPDX-License-Identifier: MIT
#include <atomic>
#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "cache_support.h"

namespace {

std::string
Number(uint64_t n)
{
    return std::to_string(n);
}

TEST(ToolCacheStore, ReturnsWhatWasSet)
{
    Store store(100);
    EXPECT_EQ(store.set("web", "{\"q\":1}", "answer"), TOOL_CACHE_STORED);
    EXPECT_EQ(store.get("web", "{\"q\":1}"), "answer");
    EXPECT_EQ(store.get("web", "{\"q\":2}"), std::nullopt);
    EXPECT_EQ(store.get("wen", "{\"q\":1}"), std::nullopt);
}

TEST(ToolCacheStore, ToolAndArgumentsDoNotRunIntoEachOther)
{
    Store store(100);
    store.set("a1", "1", "x");
    store.set("a", "11", "y");
    EXPECT_EQ(store.get("a1", "1"), "x");
    EXPECT_EQ(store.get("a", "11"), "y");
    EXPECT_EQ(store.count(), 2u);
}

TEST(ToolCacheStore, KeepsNulBytesAndEmptyValues)
{
    Store store(100);
    std::string tool("t\0u", 3);
    std::string value("\0\xff\0", 3);
    store.set(tool, "[]", value);
    store.set("t", "[]", "");
    EXPECT_EQ(store.get(tool, "[]"), value);
    EXPECT_EQ(store.get("t", "[]"), "");
}

TEST(ToolCacheStore, SpellingOfArgumentsDoesNotMatter)
{
    for (uint64_t entries : {100u, 200000u}) {
        Store store(entries);
        store.set("t", "{\"b\": 1.0, \"a\": [1, 2]}", "v");
        EXPECT_EQ(store.get("t", "{\"a\":[1,2],\"b\":1}"), "v");
        EXPECT_EQ(store.get("t", "{\"b\": 1.0, \"a\": [1, 2]}"), "v");
        EXPECT_EQ(store.get("t", " { \"a\" : [ 1e0 , 2 ] , \"b\" : 1 } "), "v");
        EXPECT_EQ(store.get("t", "{\"a\":[2,1],\"b\":1}"), std::nullopt);
        EXPECT_EQ(store.set("t", "{\"a\":[1,2],\"b\":1}", "w"), TOOL_CACHE_STORED);
        EXPECT_EQ(store.get("t", "{\"b\": 1.0, \"a\": [1, 2]}"), "w");
        EXPECT_EQ(store.count(), 1u);
        EXPECT_TRUE(store.del("t", "{\"a\": [1,2], \"b\":1}"));
        EXPECT_EQ(store.get("t", "{\"b\": 1.0, \"a\": [1, 2]}"), std::nullopt);
    }
}

TEST(ToolCacheStore, RefusesArgumentsThatAreNotJson)
{
    Store store(100);
    g_autoptr(GError) error = nullptr;
    ToolCacheKey key = {"t", 1, "{\"a\":1,\"a\":2}", 13, 0};
    ToolCacheHit hit;
    EXPECT_EQ(tool_cache_find(store.cache, &key, &hit, &error), TOOL_CACHE_INVALID);
    ASSERT_NE(error, nullptr);
    EXPECT_EQ(error->code, TOOL_CACHE_ERROR_JSON);
    EXPECT_EQ(store.set("t", "{", "v"), TOOL_CACHE_NOT_SET);
    EXPECT_EQ(store.set("t", "NaN", "v"), TOOL_CACHE_NOT_SET);
}

TEST(ToolCacheStore, RefusesBoundsThatCannotBe)
{
    for (ToolCacheLimits limits :
         {ToolCacheLimits{0, 0, 0}, ToolCacheLimits{UINT64_MAX, 0, 0},
          ToolCacheLimits{1, 1, 0}, ToolCacheLimits{1, UINT64_MAX, 0}}) {
        g_autoptr(GError) error = nullptr;
        EXPECT_EQ(tool_cache_new(&limits, &error), nullptr);
        ASSERT_NE(error, nullptr);
        EXPECT_EQ(error->code, TOOL_CACHE_ERROR_LIMITS);
    }
}

TEST(ToolCacheStore, HoldsExactlyAsManyEntriesAsItMay)
{
    for (uint64_t most : {1u, 2u, 10u, 1000u, 100000u}) {
        Store store(most);
        for (uint64_t i = 0; i < most; i++) {
            store.set("t", Number(i), "v");
        }
        EXPECT_EQ(store.count(), most);
        EXPECT_EQ(store.stats().evictions, 0u);
        for (uint64_t i = most; i < most + 50; i++) {
            store.set("t", Number(i), "v");
            EXPECT_EQ(store.stats().entries, most);
        }
    }
}

TEST(ToolCacheStore, StaysBelowItsBytesWithAnySizes)
{
    const uint64_t most = 1 << 20;
    Store store(1000000, 0, most);
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; i++) {
        size_t size = random() % (i % 100 == 0 ? 200000 : 2000);
        store.set("t", Number(random() % 3000), std::string(size, 'x'));
        ASSERT_LE(store.stats().bytes, most);
    }
    EXPECT_GT(store.stats().bytes, most / 2);
}

TEST(ToolCacheStore, RefusesValuesOverItsBytesAndForgetsTheOldOne)
{
    Store store(100, 0, 1 << 20);
    store.set("t", "1", "old");
    store.set("t", "2", "other");
    EXPECT_EQ(store.set("t", "1", std::string(2 << 20, 'x')), TOOL_CACHE_REFUSED);
    EXPECT_EQ(store.get("t", "1"), std::nullopt);
    EXPECT_EQ(store.get("t", "2"), "other");
    EXPECT_EQ(store.stats().refused, 1u);
}

TEST(ToolCacheStore, ReplacesValuesOfAnySize)
{
    Store store(100, 0, 1 << 20);
    for (size_t size : {0, 10, 100000, 600000, 900000, 10, 0, 900000}) {
        std::string value(size, 'y');
        ASSERT_EQ(store.set("t", "1", value), TOOL_CACHE_STORED);
        ASSERT_EQ(store.get("t", "1"), value);
        ASSERT_EQ(store.count(), 1u);
    }
}

TEST(ToolCacheStore, ExpiresAtTheDeadline)
{
    FakeClock fake;
    Store store(100, 10);
    store.follow(fake);
    store.set("t", "1", "v");
    store.set("t", "2", "v", 100);
    fake.advance(9.99);
    EXPECT_EQ(store.get("t", "1"), "v");
    fake.advance(0.01);
    EXPECT_EQ(store.get("t", "1"), std::nullopt);
    EXPECT_EQ(store.get("t", "2"), "v");
    EXPECT_EQ(store.count(), 1u);
    EXPECT_EQ(store.stats().misses_expired, 1u);
    EXPECT_EQ(store.get("t", "1"), std::nullopt);
    EXPECT_EQ(store.stats().misses_expired, 2u) << "remembered after it was freed";
}

TEST(ToolCacheStore, FreesExpiredEntriesOfAnyLife)
{
    FakeClock fake;
    Store store(100000);
    store.follow(fake);
    std::mt19937_64 random(2);
    for (int i = 0; i < 20000; i++) {
        double ttl = std::exp2(static_cast<double>(random() % 2800) / 100.0) / 100.0;
        store.set("t", Number(i), "v", ttl);
    }
    EXPECT_EQ(store.count(), 20000u);
    uint64_t before = 20000;
    for (int step = 0; step < 400; step++) {
        fake.advance(std::exp2(step / 15.0) / 100.0);
        uint64_t now = store.count();
        EXPECT_LE(now, before);
        before = now;
    }
    EXPECT_EQ(store.count(), 0u);
    EXPECT_EQ(store.stats().bytes, 0u);
}

TEST(ToolCacheStore, InvalidatesOneTool)
{
    Store store(1000);
    for (int i = 0; i < 100; i++) {
        store.set("a", Number(i), "v");
        store.set("b", Number(i), "v");
    }
    tool_cache_invalidate_tool(store.cache, "a", 1);
    EXPECT_EQ(store.get("a", "1"), std::nullopt);
    EXPECT_EQ(store.get("b", "1"), "v");
    EXPECT_EQ(store.stats().misses_invalidated, 1u);
    EXPECT_EQ(store.count(), 100u);
    store.set("a", "1", "new");
    EXPECT_EQ(store.get("a", "1"), "new");
}

TEST(ToolCacheStore, InvalidatesMoreOftenThanGenerationsCanCount)
{
    Store store(1000);
    store.set("a", "1", "v");
    for (int i = 0; i < 4096; i++) {
        tool_cache_invalidate_tool(store.cache, "a", 1);
    }
    EXPECT_EQ(store.get("a", "1"), std::nullopt);
}

TEST(ToolCacheStore, ClearsEverything)
{
    Store store(100000);
    for (int i = 0; i < 50000; i++) {
        store.set("a", Number(i), "v");
    }
    tool_cache_clear(store.cache);
    EXPECT_EQ(store.count(), 0u);
    EXPECT_EQ(store.stats().bytes, 0u);
    EXPECT_EQ(store.get("a", "1"), std::nullopt);
    store.set("a", "1", "v");
    EXPECT_EQ(store.get("a", "1"), "v");
}

TEST(ToolCacheStore, ListsEveryEntryOnce)
{
    Store store(100000);
    std::map<std::string, std::string> expected;
    for (int i = 0; i < 40000; i++) {
        expected["{\"n\": " + Number(i) + "}"] = Number(i * 7);
        store.set("tool", "{\"n\": " + Number(i) + "}", Number(i * 7));
    }
    std::map<std::string, std::string> seen;
    ToolCacheIter *iter = tool_cache_iter_new(store.cache);
    ToolCacheItem item;
    while (tool_cache_iter_next(iter, &item)) {
        EXPECT_EQ(std::string(item.tool, item.tool_size), "tool");
        EXPECT_EQ(item.expires_in_ns, -1);
        EXPECT_TRUE(
            seen.emplace(std::string(item.args, item.args_size),
                         std::string(static_cast<const char *>(item.value.bytes),
                                     item.value.size))
                .second);
    }
    tool_cache_iter_free(iter);
    EXPECT_EQ(seen, expected);
}

TEST(ToolCacheStore, CountsPerTool)
{
    Store store(100);
    store.set("a", "1", "v");
    store.get("a", "1");
    store.get("a", "2");
    store.get("never set", "2");
    std::map<std::string, ToolCacheStats> tools;
    tool_cache_stats_by_tool(
        store.cache,
        [](const ToolCacheToolStats *tool, void *user) {
            auto &map = *static_cast<std::map<std::string, ToolCacheStats> *>(user);
            map[std::string(tool->name, tool->name_size)] = tool->stats;
        },
        &tools);
    EXPECT_EQ(tools["a"].hits, 1u);
    EXPECT_EQ(tools["a"].misses, 1u);
    EXPECT_EQ(tools["a"].sets, 1u);
    EXPECT_EQ(tools[""].misses, 1u);
    EXPECT_EQ(store.stats().hits, 1u);
    EXPECT_EQ(store.stats().misses, 2u);
}

// Pages of shared memory that the process has touched.
uint64_t
SharedPages()
{
    unsigned long size = 0, resident = 0, shared = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    EXPECT_EQ(fscanf(file, "%lu %lu %lu", &size, &resident, &shared), 3);
    fclose(file);
    return shared;
}

TEST(ToolCacheStore, GivesMemoryBackAfterExpiryWithoutBeingTouched)
{
    FakeClock fake;
    Store store(100000, 10);
    store.follow(fake);
    store.set("t", "0", "v");
    uint64_t before = SharedPages();
    for (int i = 0; i < 100000; i++) {
        store.set("t", Number(i), std::string(200, 'v'));
    }
    EXPECT_GT(SharedPages(), before + 5000);
    fake.advance(11);
    for (int wait = 0; wait < 3000 && SharedPages() > before + 300; wait++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_LT(SharedPages(), before + 300);
    store.set("t", "1", "v", 60);
    EXPECT_EQ(store.get("t", "1"), "v");
}

TEST(ToolCacheStore, ForksWithOneThreadThoughTheKeeperRan)
{
    Store store(100, 60);
    store.set("t", "1", "v");
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) {
            store.set("t", "2", "child's");
            _exit(store.get("t", "1") == "v" ? 0 : 1);
        }
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(store.get("t", "2"), "child's");
}

// Against a plain map, with a clock that the test moves: what the store returns is what
// was set last, and is not expired. It may only forget.
class Model {
  public:
    Model(uint64_t seed, uint64_t most, uint64_t max_bytes)
        : random(seed), store(most, 50, max_bytes), must_keep(most > 900 && !max_bytes)
    {
        store.follow(fake);
    }

    void
    step()
    {
        std::string id = Number(random() % 900);
        std::string args = random() % 2 ? "{\"a\": " + id + ", \"b\": 0}"
                                        : "{\"b\":0,\"a\":" + id + ".0}";
        switch (random() % 8) {
        case 0:
        case 1:
            set(id, args);
            break;
        case 2:
            store.del("t", args);
            known.erase(id);
            break;
        case 3:
            fake.advance(static_cast<double>(random() % 100) / 500.0);
            break;
        default:
            get(id, args);
        }
    }

    uint64_t hits = 0;

  private:
    struct Known {
        std::string value;
        int64_t deadline;
    };

    void
    set(const std::string &id, const std::string &args)
    {
        std::string value(random() % 900, static_cast<char>(random()));
        double ttl = static_cast<double>(random() % 100 + 1);
        ASSERT_EQ(store.set("t", args, value, ttl), TOOL_CACHE_STORED);
        known[id] = {value, fake.now + static_cast<int64_t>(ttl * 1e9)};
    }

    void
    get(const std::string &id, const std::string &args)
    {
        auto got = store.get("t", args);
        auto found = known.find(id);
        bool is_alive = found != known.end() && fake.now < found->second.deadline;
        if (got) {
            hits++;
            ASSERT_TRUE(is_alive);
            ASSERT_EQ(*got, found->second.value);
        }
        else if (must_keep) {
            ASSERT_FALSE(is_alive) << "nothing had to be evicted";
        }
    }

    std::mt19937_64 random;
    FakeClock fake;

  public:
    Store store;

  private:
    bool must_keep;
    std::map<std::string, Known> known;
};

TEST(ToolCacheModel, NeverReturnsAnythingButTheLastValue)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        uint64_t most = seed % 2 == 0 ? 300 : 40000;
        Model model(seed, most, seed % 3 == 0 ? 1 << 18 : 0);
        for (int step = 0; step < 60000 && !testing::Test::HasFailure(); step++) {
            model.step();
            ASSERT_LE(tool_cache_count(model.store.cache), most);
        }
        EXPECT_GT(model.hits, 5000u);
    }
}

TEST(ToolCacheThreads, ReadersSeeWholeValuesWhileWritersReplaceThem)
{
    Store store(200, 0, 1 << 19);
    std::atomic<bool> is_over = false;
    std::atomic<uint64_t> hits = 0;
    auto write = [&](uint64_t seed) {
        std::mt19937_64 random(seed);
        for (int i = 0; i < 30000; i++) {
            uint64_t key = random() % 400;
            std::string value(random() % 3000, static_cast<char>('a' + key % 26));
            store.set("t", Number(key), value);
        }
    };
    auto read = [&](uint64_t seed) {
        std::mt19937_64 random(seed);
        while (!is_over) {
            uint64_t key = random() % 400;
            auto value = store.get("t", Number(key));
            if (value) {
                hits++;
                char expected = static_cast<char>('a' + key % 26);
                EXPECT_EQ(value->find_first_not_of(expected), std::string::npos);
            }
        }
    };
    std::vector<std::thread> readers;
    readers.emplace_back(read, 1);
    readers.emplace_back(read, 2);
    std::thread first(write, 3), second(write, 4);
    first.join();
    second.join();
    is_over = true;
    for (auto &reader : readers) {
        reader.join();
    }
    EXPECT_GT(hits.load(), 0u);
    EXPECT_EQ(store.stats().shards_lost, 0u);
}

} // namespace
