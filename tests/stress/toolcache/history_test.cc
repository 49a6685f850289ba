// SPDX-License-Identifier: MIT
// Histories of registers with one writer each: a read must return a value that was set
// last at some moment between the read's begin and end, and no reader may see time go
// back. That is linearizability for such registers.
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "cache_support.h"
#include "mapping_shim.h"

namespace {

const unsigned KEYS = 64;
const unsigned ROUNDS = 20000;

struct Register {
    alignas(64) std::atomic<uint64_t> begun = 0; // values whose set was called
    std::atomic<uint64_t> done = 0;              // values whose set returned
};

class History {
  public:
    explicit History(uint64_t max_entries) : store(max_entries)
    {
        for (unsigned key = 0; key < KEYS; key++) {
            write(key, 1);
        }
    }

    void
    write(unsigned key, uint64_t number)
    {
        registers[key].begun = number;
        // Two spellings in turn, and sizes that make the block move.
        std::string args = number % 2 ? "[" + std::to_string(key) + "]"
                                      : "[ " + std::to_string(key) + ".0 ]";
        std::string value = std::to_string(number) + " ";
        store.set("t", args, value + std::string(number * 37 % 700, 'x'));
        registers[key].done = number;
    }

    // What one reader saw of a register last, and what it keeps of it.
    struct Seen {
        uint64_t number = 0;
        Store::Kept kept;
    };

    void
    read(unsigned key, std::vector<Seen> &seen, bool keeps)
    {
        uint64_t least = registers[key].done;
        std::string args = "[" + std::to_string(key) + "]";
        auto value =
            keeps ? store.get("t", args, seen[key].kept) : store.get("t", args);
        uint64_t most = registers[key].begun;
        if (!value) {
            missed++;
            return;
        }
        uint64_t number = std::stoull(*value);
        stale += number < least;
        early += number > most;
        backward += number < seen[key].number;
        seen[key].number = number;
        reads++;
    }

    Store store;
    Register registers[KEYS];
    // A reader that finds a bucket busy too often gives up: it may miss, not lie.
    std::atomic<uint64_t> reads = 0, missed = 0;
    std::atomic<uint64_t> stale = 0, early = 0, backward = 0;
};

void
Check(uint64_t max_entries, uint64_t seed)
{
    // Not on the stack: ASan's own stacks are aligned to 32 bytes.
    auto whole = std::make_unique<History>(max_entries);
    History &history = *whole;
    std::atomic<bool> is_over = false;
    std::vector<std::thread> threads;
    for (unsigned reader = 0; reader < 2; reader++) {
        threads.emplace_back([&, reader] {
            std::mt19937_64 random(seed + reader);
            std::vector<History::Seen> seen(KEYS);
            while (!is_over) {
                history.read(static_cast<unsigned>(random() % KEYS), seen, reader == 1);
            }
        });
    }
    std::vector<std::thread> writers;
    for (unsigned writer = 0; writer < 2; writer++) {
        writers.emplace_back([&, writer] {
            std::mt19937_64 random(seed * 31 + writer);
            uint64_t next[KEYS] = {};
            for (unsigned i = 0; i < ROUNDS; i++) {
                unsigned key =
                    static_cast<unsigned>(random() % (KEYS / 2)) * 2 + writer;
                history.write(key, ++next[key] + 1);
            }
        });
    }
    for (auto &thread : writers) {
        thread.join();
    }
    is_over = true;
    for (auto &thread : threads) {
        thread.join();
    }
    EXPECT_LE(history.missed, history.reads / 1000);
    EXPECT_EQ(history.stale, 0u);
    EXPECT_EQ(history.early, 0u);
    EXPECT_EQ(history.backward, 0u);
    EXPECT_GT(history.reads, 0u);
}

TEST(History, IsLinearizable)
{
    for (uint64_t seed = 1; seed <= 3u * mapping_shim_factor(); seed++) {
        Check(1000, seed);
        Check(100000, seed);
    }
}

// What an attacker would need the seed for: the keys crowd into two buckets, evict each
// other there, and never answer for each other.
TEST(History, EqualHashesNeverMixKeysUp)
{
    Store store(100000);
    mapping_shim_blind(store.cache);
    for (unsigned i = 0; i < 10000; i++) {
        std::string args = std::to_string(i);
        store.set("t", args, args);
        EXPECT_EQ(store.get("t", args), args);
        for (unsigned back = 1; back < 20 && back < i; back++) {
            std::string other = std::to_string(i - back);
            EXPECT_EQ(store.get("t", other).value_or(other), other);
        }
    }
    // One shard may be chosen differently from another, but each has its two buckets.
    EXPECT_LE(store.count(), 16u * 16u);
    EXPECT_GE(store.count(), 16u);
}

} // namespace
