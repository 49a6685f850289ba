// SPDX-License-Identifier: MIT
// Hit ratios of the engine itself, on traffic whose best answer is known.
#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "cache_support.h"

namespace {

double
HitPercent(const std::vector<uint64_t> &keys, uint64_t max_entries)
{
    Store store(max_entries);
    uint64_t hits = 0;
    for (uint64_t key : keys) {
        std::string args = std::to_string(key);
        if (store.get("t", args)) {
            hits++;
        }
        else {
            store.set("t", args, "v");
        }
    }
    EXPECT_LE(store.count(), max_entries);
    return 100.0 * static_cast<double>(hits) / static_cast<double>(keys.size());
}

std::vector<uint64_t>
Zipf(double alpha, uint64_t keys, uint64_t count)
{
    std::vector<double> sums;
    double sum = 0;
    for (uint64_t i = 1; i <= keys; i++) {
        sums.push_back(sum += 1.0 / std::pow(static_cast<double>(i), alpha));
    }
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> point(0, sum);
    std::vector<uint64_t> trace;
    for (uint64_t i = 0; i < count; i++) {
        trace.push_back(static_cast<uint64_t>(
            std::lower_bound(sums.begin(), sums.end(), point(random)) - sums.begin()));
    }
    return trace;
}

TEST(ToolCachePolicy, KeepsHalfOfALoopTwiceItsSize)
{
    std::vector<uint64_t> trace;
    for (uint64_t i = 0; i < 100000; i++) {
        trace.push_back(i % 1000);
    }
    EXPECT_GT(HitPercent(trace, 500), 47.0); // LRU: 0
    EXPECT_GT(HitPercent(trace, 990), 94.0);
}

TEST(ToolCachePolicy, KeepsTheHotKeysOfSkewedTraffic)
{
    auto trace = Zipf(1.0, 20000, 200000);
    EXPECT_GT(HitPercent(trace, 1000), 66.0); // LRU: 59, the 1,000 hottest: 70
}

// Where all keys are asked for rather seldom, one interval between two uses says
// little.
TEST(ToolCachePolicy, KeepsTheHotKeysOfMildlySkewedTraffic)
{
    auto trace = Zipf(0.8, 10000, 200000);
    EXPECT_GT(HitPercent(trace, 300), 37.5); // LRU: 27, LIRS: 37, S3-FIFO: 38
    trace = Zipf(0.6, 10000, 200000);
    EXPECT_GT(HitPercent(trace, 1000), 32.5); // LRU: 24, LIRS: 31, S3-FIFO: 33
}

TEST(ToolCachePolicy, KeepsHotKeysWhileOthersPassThrough)
{
    auto trace = Zipf(1.0, 500, 100000);
    std::vector<uint64_t> mixed;
    for (uint64_t i = 0; i < trace.size(); i++) {
        mixed.push_back(trace[i]);
        mixed.push_back(1000000 + i); // never seen again
    }
    EXPECT_GT(HitPercent(mixed, 500), 45.0); // 50 is all there is
}

TEST(ToolCachePolicy, FollowsTrafficThatMoves)
{
    std::mt19937_64 random(3);
    std::vector<uint64_t> trace;
    for (uint64_t i = 0; i < 200000; i++) {
        uint64_t back = static_cast<uint64_t>(std::exponential_distribution<>(
            1.0 / 150)(random)); // what is recent is asked for
        trace.push_back(i / 5 + 1000 - std::min<uint64_t>(back, 900));
    }
    EXPECT_GT(HitPercent(trace, 500), 75.0); // LRU: 79
}

TEST(ToolCachePolicy, HoldsOverShards)
{
    std::vector<uint64_t> trace;
    for (uint64_t i = 0; i < 400000; i++) {
        trace.push_back(i % 40000);
    }
    EXPECT_GT(HitPercent(trace, 20000), 36.0);
}

// Public traces (FERRULE_TEST_DATA/traces): above the best single policy on average,
// and close to the best one for each.
TEST(ToolCachePolicy, MatchesTheBestPolicyOfEachTrace)
{
    const char *data = std::getenv("FERRULE_TEST_DATA");
    if (data == nullptr) {
        GTEST_SKIP() << "FERRULE_TEST_DATA is not set: no traces";
    }
    struct Cell {
        const char *trace;
        uint64_t max_entries;
        double best; // hit % of the best of 18 policies of libcachesim
    };
    const Cell cells[] = {
        {"loop", 512, 50.0},    {"loop", 1000, 98.6},   {"multi1", 1000, 68.6},
        {"multi1", 2000, 83.4}, {"2_pools", 100, 48.3}, {"2_pools", 450, 51.7},
        {"cs", 500, 29.4},      {"cs", 1000, 58.7},     {"sprite", 500, 78.7},
        {"sprite", 1000, 90.6}, {"web07", 1000, 54.1},  {"web07", 2000, 58.1},
    };
    double sum = 0;
    for (const Cell &cell : cells) {
        std::string command =
            "gzip -dc '" + std::string(data) + "/traces/" + cell.trace + ".txt.gz'";
        std::unique_ptr<FILE, int (*)(FILE *)> file(popen(command.c_str(), "r"),
                                                    pclose);
        std::vector<uint64_t> trace;
        unsigned long key;
        while (fscanf(file.get(), "%lu", &key) == 1) {
            trace.push_back(key);
        }
        ASSERT_FALSE(trace.empty()) << command;
        double hits = HitPercent(trace, cell.max_entries);
        EXPECT_GT(hits, cell.best - 2.0) << cell.trace << " " << cell.max_entries;
        printf("%-8s %5lu %5.1f (best %.1f)\n", cell.trace,
               static_cast<unsigned long>(cell.max_entries), hits, cell.best);
        sum += hits;
    }
    EXPECT_GT(sum / 12, 63.2) << "the mean of LIRS, the best single policy";
    printf("mean %.2f\n", sum / 12);
}

} // namespace
