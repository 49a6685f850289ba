// SPDX-License-Identifier: MIT
// Journal and user's store as C sees them, for the sanitizers above all: what they mean
// to an agent is tested in tests/python/test_cache_journal.py and test_cache_user.py.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "cache_support.h"
#include "temp-folder.h"

namespace {

const unsigned ENTRIES = 20000;

std::string
Value(unsigned number)
{
    return "value " + std::to_string(number);
}

TEST(ToolCacheFiles, AJournalIsReadWhileOthersSetAndGet)
{
    TempFolder folder;
    std::string path = folder.path("journal");
    {
        Store store(ENTRIES * 2, 600);
        ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
        for (unsigned i = 0; i < ENTRIES; i++) {
            store.set("t", std::to_string(i), Value(i));
        }
    }
    Store store(ENTRIES * 2, 600);
    ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
    std::vector<std::thread> threads;
    for (unsigned part = 0; part < 3; part++) {
        threads.emplace_back([&store, part] {
            for (unsigned i = part; i < ENTRIES / 10; i += 3) {
                store.set("t", std::to_string(i), "mine");
                store.del("t", std::to_string(ENTRIES / 2 + i));
                auto value = store.get("t", std::to_string(ENTRIES - 1 - i));
                EXPECT_TRUE(!value || *value == Value(ENTRIES - 1 - i));
            }
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    EXPECT_TRUE(tool_cache_wait_loaded(store.cache, INT64_MAX));
    EXPECT_EQ(store.count(), ENTRIES - ENTRIES / 10);
    for (unsigned i = 0; i < ENTRIES; i++) {
        auto value = store.get("t", std::to_string(i));
        bool is_deleted = i >= ENTRIES / 2 && i < ENTRIES / 2 + ENTRIES / 10;
        std::string expected = i < ENTRIES / 10 ? "mine" : Value(i);
        EXPECT_EQ(value.value_or("none"), is_deleted ? "none" : expected) << i;
    }
}

// Sets ten keys of its own again and again, with pauses that let the keeper at the
// file.
void
SetAgainAndAgain(Store &store, unsigned part)
{
    for (unsigned i = 0; i < 6000; i++) {
        store.set("t", std::to_string(i % 10 * 3 + part), Value(i));
        if (i % 2000 == 0) {
            usleep(300000);
        }
    }
}

TEST(ToolCacheFiles, AJournalIsWrittenAnewWhileThreadsSet)
{
    TempFolder folder;
    std::string path = folder.path("journal");
    {
        Store store(1000, 600);
        ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
        std::vector<std::thread> threads;
        for (unsigned part = 0; part < 3; part++) {
            threads.emplace_back([&store, part] { SetAgainAndAgain(store, part); });
        }
        for (auto &thread : threads) {
            thread.join();
        }
    }
    EXPECT_LT(std::filesystem::file_size(path), 64u << 10);
    Store store(1000, 600);
    ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
    EXPECT_EQ(store.count(), 30u);
    for (unsigned key = 0; key < 30; key++) {
        EXPECT_EQ(store.get("t", std::to_string(key)), Value(5990 + key / 3));
    }
}

// The names of this process's threads.
std::vector<std::string>
ThreadNames()
{
    std::vector<std::string> names;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream file(task.path() / "comm");
        std::string &name = names.emplace_back();
        std::getline(file, name);
    }
    return names;
}

// At once, see cache-thread.c; and the thread that starts it keeps its own.
void
NameTheKeeperWithoutAFile()
{
    Store store(10, 600);
    struct rlimit old, none;
    getrlimit(RLIMIT_NOFILE, &old);
    none = {0, old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    store.set("t", "1", "value", 600); // begins to watch what expires
    setrlimit(RLIMIT_NOFILE, &old);
    std::vector<std::string> names = ThreadNames();
    _exit(std::count(names.begin(), names.end(), "ferrule-keeper") == 1 ? 0 : 1);
}

TEST(ToolCacheFiles, AThreadOfAStoreIsNamedWithoutAFile)
{
    GTEST_FLAG_SET(death_test_style, "threadsafe"); // a process of its own
    EXPECT_EXIT(NameTheKeeperWithoutAFile(), testing::ExitedWithCode(0), "");
}

TEST(ToolCacheFiles, TheOldestOfAJournalGoFirst)
{
    TempFolder folder;
    std::string path = folder.path("journal");
    {
        Store store(1000, 600);
        ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
        for (unsigned i = 0; i < 1000; i++) {
            store.set("t", std::to_string(i), Value(i));
        }
    }
    Store store(1000, 600);
    ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
    ASSERT_EQ(store.count(), 1000u);
    for (unsigned i = 0; i < 5; i++) {
        store.set("new", std::to_string(i), Value(i));
    }
    for (unsigned i = 0; i < 1000; i++) {
        EXPECT_EQ(store.get("t", std::to_string(i)).has_value(), i >= 5) << i;
    }
}

// 300,000 entries of 60 bytes are some 30 MB, most of which has not been read yet.
TEST(ToolCacheFiles, AnyKeyOfALargeJournalIsThereAtOnce)
{
    TempFolder folder;
    std::string path = folder.path("journal");
    const unsigned many = 300000;
    {
        Store store(many, 600);
        ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
        for (unsigned i = 0; i < many; i++) {
            store.set(i % 2 ? "odd" : "even", std::to_string(i), Value(i));
        }
        store.del("odd", "1");
        store.set("even", "2.0", "newer");
        tool_cache_invalidate_tool(store.cache, "odd", 3);
        store.set("odd", "3", "after that");
    }
    Store store(many, 600);
    ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
    unsigned early = 0;
    for (unsigned i : {1u, 2u, 3u, 4u, 5u, 1000u, 1001u, 90000u, 150001u}) {
        std::string args = std::to_string(i);
        std::string tool = i % 2 ? "odd" : "even";
        ToolCacheKey key = Store::Key(tool, args);
        EXPECT_TRUE(tool_cache_fetch(store.cache, &key, 10 * BASE_CLOCK_SECOND_NS));
        early += tool_cache_is_loading(store.cache);
        std::string expected = i == 2   ? "newer"
                               : i == 3 ? "after that"
                               : i % 2  ? "none"
                                        : Value(i);
        EXPECT_EQ(store.get(tool, args).value_or("none"), expected) << i;
    }
    printf("%u of 9 keys fetched while the file was being read\n", early);
    EXPECT_EQ(store.count(), many / 2 + 1);
    EXPECT_EQ(store.get("even", "2"), "newer");
}

TEST(ToolCacheFiles, AJournalWhoseIndexIsDamagedIsReadAllTheSame)
{
    TempFolder folder;
    std::string path = folder.path("journal");
    const unsigned many = 30000;
    {
        Store store(many, 600);
        ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
        for (unsigned i = 0; i < many; i++) {
            store.set("t", std::to_string(i), Value(i));
        }
    }
    auto size = std::filesystem::file_size(path);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(
        static_cast<std::streamoff>(size - 5000)); // the index is the last record
    file.write("damage", 6);
    file.close();
    Store store(many, 600);
    ASSERT_TRUE(tool_cache_journal(store.cache, path.c_str(), nullptr));
    std::string args = "17";
    ToolCacheKey key = Store::Key("t", args);
    while (!tool_cache_fetch(store.cache, &key, BASE_CLOCK_MILLISECOND_NS)) {
    }
    EXPECT_EQ(store.get("t", "17"), Value(17));
    EXPECT_EQ(store.count(), many);
}

TEST(ToolCacheFiles, AStoreOfTheUserIsOneForAllWhoOpenIt)
{
    TempFolder folder;
    setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
    ToolCacheLimits limits = {1000, 1 << 20, 0};
    Store one(tool_cache_open_user("u", &limits, nullptr));
    Store two(tool_cache_open_user("u", &limits, nullptr));
    ASSERT_NE(one.cache, nullptr);
    ASSERT_NE(two.cache, nullptr);
    std::thread writer([&one] {
        for (unsigned i = 0; i < 3000; i++) {
            one.set("t", std::to_string(i % 100), Value(i % 100));
        }
    });
    for (unsigned i = 0; i < 3000; i++) {
        auto value = two.get("t", std::to_string(i % 100));
        EXPECT_TRUE(!value || *value == Value(i % 100));
    }
    writer.join();
    EXPECT_EQ(two.count(), 100u);
}

} // namespace
