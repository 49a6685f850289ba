// SPDX-License-Identifier: MIT
// Stores of several processes.
#include <csignal>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

#include "cache_support.h"

namespace {

// Runs `body` in a forked process; returns its exit status.
template <typename Body>
int
InChild(Body body)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(body() ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

ToolCache *
Open(const char *name, uint64_t max_entries = 0)
{
    ToolCacheLimits limits = {max_entries, 0, 0};
    return tool_cache_open(name, &limits, nullptr, nullptr);
}

TEST(ToolCacheRun, OneNameIsOneStore)
{
    Store one(Open("one")), same(Open("one")), other(Open("other"));
    one.set("t", "1", "v");
    EXPECT_EQ(same.get("t", "1"), "v");
    EXPECT_EQ(other.get("t", "1"), std::nullopt);
    EXPECT_STREQ(tool_cache_name(one.cache), "one");
}

TEST(ToolCacheRun, ForkedProcessesShareAStoreOfBefore)
{
    Store named(Open("before")), unnamed(100);
    EXPECT_EQ(InChild([&] {
                  named.set("t", "1", "named");
                  unnamed.set("t", "1", "unnamed");
                  return true;
              }),
              0);
    EXPECT_EQ(named.get("t", "1"), "named");
    EXPECT_EQ(unnamed.get("t", "1"), "unnamed");
}

TEST(ToolCacheRun, ForkedProcessesShareAStoreThatOneOfThemMade)
{
    ASSERT_TRUE(tool_cache_run_begin(nullptr));
    EXPECT_EQ(InChild([] {
                  Store store(Open("after", 77));
                  return store.set("t", "1", "from a child") == TOOL_CACHE_STORED;
              }),
              0);
    EXPECT_EQ(InChild([] {
                  Store store(Open("after"));
                  return store.get("t", "1") == "from a child";
              }),
              0);
    Store store(Open("after"));
    EXPECT_EQ(store.get("t", "1"), "from a child");
    ToolCacheLimits limits;
    tool_cache_limits(store.cache, &limits);
    EXPECT_EQ(limits.max_entries, 77u);
}

TEST(ToolCacheRun, SaysWhenTheBoundsAreOthers)
{
    Store store(Open("bounds", 50));
    bool is_same = true;
    ToolCacheLimits other = {51, 0, 0};
    Store again(tool_cache_open("bounds", &other, &is_same, nullptr));
    EXPECT_FALSE(is_same);
    other.max_entries = 0;
    Store any(tool_cache_open("bounds", &other, &is_same, nullptr));
    EXPECT_TRUE(is_same);
}

TEST(ToolCacheRun, RefusesNamesThatCannotBe)
{
    for (std::string name : {std::string(), std::string(65, 'n')}) {
        g_autoptr(GError) error = nullptr;
        ToolCacheLimits limits = {1, 0, 0};
        EXPECT_EQ(tool_cache_open(name.c_str(), &limits, nullptr, &error), nullptr);
        ASSERT_NE(error, nullptr);
        EXPECT_EQ(error->code, TOOL_CACHE_ERROR_NAME);
    }
}

TEST(ToolCacheRun, SaysWhenTheProgramClosedTheDescriptor)
{
    ASSERT_TRUE(tool_cache_run_begin(nullptr));
    EXPECT_EQ(InChild([] {
                  for (int i = 3; i < 300; i++) {
                      close(i);
                  }
                  g_autoptr(GError) error = nullptr;
                  ToolCacheLimits limits = {1, 0, 0};
                  ToolCache *cache =
                      tool_cache_open("unreachable", &limits, nullptr, &error);
                  return cache == nullptr && error->code == TOOL_CACHE_ERROR_RUN;
              }),
              0);
}

// Writers die by SIGKILL at any instruction; the store goes on and never lies.
TEST(ToolCacheRun, SurvivesTheDeathOfWriters)
{
    Store store(500, 0, 1 << 19);
    uint64_t hits = 0;
    for (unsigned round = 0; round < 60; round++) {
        pid_t child = fork();
        if (child == 0) {
            for (uint64_t i = round;; i = i * 6364136223846793005u + 1) {
                uint64_t key = i >> 40 & 1023;
                store.set(
                    "t", std::to_string(key),
                    std::string(i >> 33 & 2047, static_cast<char>('a' + key % 26)));
            }
        }
        usleep(1000 + round * 97 % 3000);
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        for (uint64_t key = 0; key < 1024; key++) {
            auto value = store.get("t", std::to_string(key));
            if (value) {
                hits++;
                ASSERT_EQ(value->find_first_not_of(static_cast<char>('a' + key % 26)),
                          std::string::npos);
            }
        }
        ASSERT_EQ(store.set("t", "\"own\"", "value"), TOOL_CACHE_STORED);
        ASSERT_EQ(store.get("t", "\"own\""), "value");
        ASSERT_LE(store.stats().entries, 500u);
        ASSERT_LE(store.stats().bytes, uint64_t{1} << 19);
        ASSERT_LE(store.stats().shards_lost, round + 1);
    }
    EXPECT_GT(hits, 0u);
    tool_cache_clear(store.cache);
    EXPECT_EQ(store.stats().entries, 0u);
    EXPECT_EQ(store.stats().bytes, 0u);
}

} // namespace
