// SPDX-License-Identifier: MIT
// Four processes under a mixed load, one of them killed again and again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <random>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "cache_support.h"
#include "mapping_shim.h"

namespace {

const unsigned PROCESSES = 4;
const unsigned KILLS = 150;

struct Shared {
    std::atomic<uint64_t> steps[PROCESSES];
    std::atomic<uint64_t> wrong;
    std::atomic<uint64_t> hits;
};

char
Letter(uint64_t key)
{
    return static_cast<char>('a' + key % 26);
}

[[noreturn]] void
Work(Store &store, Shared *shared, unsigned number, uint64_t seed)
{
    std::mt19937_64 random(seed);
    for (;;) {
        uint64_t key = random() % 2000;
        std::string args = std::to_string(key);
        switch (random() % 10) {
        case 0:
        case 1:
        case 2:
            store.set("t", args, std::string(random() % 1500, Letter(key)));
            break;
        case 3:
            store.del("t", args);
            break;
        default:
            auto value = store.get("t", args);
            if (value) {
                shared->hits++;
                if (value->find_first_not_of(Letter(key)) != std::string::npos) {
                    shared->wrong++;
                }
            }
        }
        shared->steps[number]++;
    }
}

pid_t
Start(Store &store, Shared *shared, unsigned number, uint64_t seed)
{
    pid_t child = fork();
    if (child == 0) {
        Work(store, shared, number, seed);
    }
    return child;
}

// All go on: each makes a step after the moment of the call.
bool
AllMove(Shared *shared)
{
    for (unsigned i = 0; i < PROCESSES; i++) {
        uint64_t before = shared->steps[i];
        for (int wait = 0; shared->steps[i] == before; wait++) {
            if (wait > 20000) {
                return false;
            }
            usleep(1000);
        }
    }
    return true;
}

// Microseconds until all but `victim` made a step, at most a second.
double
Pause(Shared *shared, unsigned victim)
{
    auto began = std::chrono::steady_clock::now();
    std::chrono::duration<double, std::micro> passed{0};
    for (unsigned i = 0; i < PROCESSES; i++) {
        uint64_t before = shared->steps[i];
        while (i != victim && shared->steps[i] == before && passed.count() < 1e6) {
            usleep(20);
            passed = std::chrono::steady_clock::now() - began;
        }
    }
    return passed.count();
}

void
Print(const char *when, std::vector<double> &pauses)
{
    std::sort(pauses.begin(), pauses.end());
    auto late = pauses.end() - std::upper_bound(pauses.begin(), pauses.end(), 10e3);
    printf("  the others' next steps %s: half of them within %.0f us, 99%% within "
           "%.0f us, all within %.0f us, %ld later than 10 ms\n",
           when, pauses[pauses.size() / 2],
           pauses[pauses.size() - 1 - pauses.size() / 100], pauses.back(),
           static_cast<long>(late));
}

void
Rage(uint64_t max_entries, uint64_t max_bytes)
{
    Store store(max_entries, 60, max_bytes);
    auto *shared =
        static_cast<Shared *>(mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    std::mt19937_64 random(99);
    pid_t children[PROCESSES];
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = Start(store, shared, i, i);
    }
    unsigned kills = KILLS * mapping_shim_factor();
    std::vector<double> pauses, controls;
    for (unsigned kill_number = 0; kill_number < kills; kill_number++) {
        usleep(static_cast<useconds_t>(random() % 3000));
        unsigned victim = static_cast<unsigned>(random() % PROCESSES);
        controls.push_back(Pause(shared, victim));
        uint64_t lost = store.stats().shards_lost;
        kill(children[victim], SIGKILL);
        waitpid(children[victim], nullptr, 0);
        pauses.push_back(Pause(shared, victim));
        // Asking takes every lock, so whatever was lost is noticed by then.
        EXPECT_LE(store.stats().shards_lost - lost, 1u) << kill_number;
        children[victim] = Start(store, shared, victim, random());
        EXPECT_LE(store.stats().entries, max_entries);
        if (max_bytes != 0) {
            EXPECT_LE(store.stats().bytes, max_bytes);
        }
    }
    EXPECT_TRUE(AllMove(shared)) << "a process hangs";
    EXPECT_EQ(shared->wrong, 0u);
    EXPECT_GT(shared->hits, 0u);
    for (pid_t child : children) {
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
    }
    printf("%u kills, %lu shards lost, %lu hits\n", kills,
           static_cast<unsigned long>(store.stats().shards_lost),
           static_cast<unsigned long>(shared->hits));
    Print("after a kill", pauses);
    Print("without one", controls);
    tool_cache_clear(store.cache);
    EXPECT_EQ(store.stats().entries, 0u);
    EXPECT_EQ(store.stats().bytes, 0u);
    munmap(shared, sizeof(Shared));
}

class Death : public ::testing::Test {
  protected:
    void
    SetUp() override
    {
#if defined(__SANITIZE_THREAD__)
        GTEST_SKIP()
            << "ThreadSanitizer knows the holder of a mutex in its own process "
               "only, not that another one died with it";
#endif
    }
};

TEST_F(Death, OfWritersOfOneShard)
{
    Rage(1000, 1 << 20);
}

TEST_F(Death, OfWritersOfManyShards)
{
    Rage(40000, 0);
}

} // namespace
