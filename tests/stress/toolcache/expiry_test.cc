// SPDX-License-Identifier: MIT
// No value is served after its time, in 10^6 operations (FERRULE_STRESS=100: 10^8):
// each value is the moment of its own end, and a fake clock makes ends come often.
#include <random>
#include <thread>
#include <vector>

#include "cache_support.h"
#include "mapping_shim.h"

namespace {

const uint64_t OPERATIONS = 1000000; // times FERRULE_STRESS
const unsigned KEYS = 50000;

class Expiry {
  public:
    Expiry() : store(KEYS / 2)
    {
        store.follow(fake);
        for (unsigned key = 0; key < KEYS; key++) {
            args.push_back("[" + std::to_string(key) + "]");
        }
    }

    // The only one who sets and who moves the clock: ends are exactly known.
    void
    write(uint64_t operations)
    {
        std::mt19937_64 random(1);
        for (uint64_t i = 0; i < operations; i++) {
            if (i % 64 == 0) {
                fake.now +=
                    static_cast<int64_t>(random() % 20 + 1) * BASE_CLOCK_MILLISECOND_NS;
            }
            // From a millisecond to a minute, each magnitude as often.
            int64_t ttl = (INT64_C(1) << (random() % 36)) + BASE_CLOCK_MILLISECOND_NS;
            store.set("t", args[random() % KEYS], std::to_string(fake.now + ttl),
                      static_cast<double>(ttl) / 1e9);
        }
        is_over = true;
    }

    void
    read(uint64_t operations, uint64_t seed)
    {
        std::mt19937_64 random(seed);
        uint64_t done = 0;
        for (; done < operations || !is_over; done++) {
            int64_t before = fake.now;
            auto value = store.get("t", args[random() % KEYS]);
            if (value) {
                hits++;
                // Seconds as a double are exact to the microsecond here.
                expired += std::stoll(*value) + 1000 <= before;
            }
        }
        reads += done;
    }

    FakeClock fake;
    Store store;
    std::vector<std::string> args;
    std::atomic<bool> is_over = false;
    std::atomic<uint64_t> reads = 0, hits = 0, expired = 0;
};

} // namespace

TEST(CacheExpiry, NothingIsServedAfterItsTime)
{
    uint64_t operations = OPERATIONS / 2 * mapping_shim_factor();
    Expiry expiry;
    std::thread reader([&] { expiry.read(operations, 2); });
    expiry.write(operations);
    reader.join();
    EXPECT_EQ(expiry.expired, 0u);
    EXPECT_GE(expiry.reads, operations);
    EXPECT_GT(expiry.hits, expiry.reads / 20);
    EXPECT_GT(expiry.store.stats().misses_expired, expiry.reads / 20);
    std::printf("%llu sets, %llu reads, %llu hits, %llu expired\n",
                static_cast<unsigned long long>(operations),
                static_cast<unsigned long long>(expiry.reads),
                static_cast<unsigned long long>(expiry.hits),
                static_cast<unsigned long long>(expiry.expired));
}
