// SPDX-License-Identifier: MIT
// A store with short words for the tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>

#include "tool-cache.h"

class FakeClock {
  public:
    // Read by the keeper's thread, too. Later than the system's, which stores begin
    // with.
    std::atomic<int64_t> now = INT64_C(100000000) * BASE_CLOCK_SECOND_NS;

    BaseClock
    clock()
    {
        BaseClock clock;
        base_clock_init_fake(&clock, Read, this);
        return clock;
    }

    void
    advance(double seconds)
    {
        now += static_cast<int64_t>(seconds * 1e9);
    }

  private:
    static int64_t
    Read(void *self)
    {
        return static_cast<FakeClock *>(self)->now;
    }
};

class Store {
  public:
    explicit Store(uint64_t max_entries, double ttl = 0, uint64_t max_bytes = 0)
    {
        ToolCacheLimits limits = {max_entries, max_bytes,
                                  static_cast<uint64_t>(ttl * 1e9)};
        cache = tool_cache_new(&limits, nullptr);
    }

    explicit Store(ToolCache *taken) : cache(taken)
    {
    }

    ~Store()
    {
        tool_cache_unref(cache);
    }

    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;

    void
    follow(FakeClock &fake)
    {
        BaseClock clock = fake.clock();
        tool_cache_set_clock(cache, &clock);
    }

    static ToolCacheKey
    Key(const std::string &tool, const std::string &args)
    {
        return {tool.data(), tool.size(), args.data(), args.size(), 0};
    }

    ToolCacheSetResult
    set(const std::string &tool, const std::string &args, const std::string &value,
        double ttl = 0)
    {
        ToolCacheKey key = Key(tool, args);
        ToolCacheValue stored = {TOOL_CACHE_BYTES, value.data(), value.size()};
        ToolCacheSetOptions options = {};
        options.ttl_ns = static_cast<uint64_t>(ttl * 1e9);
        return tool_cache_set(cache, &key, &stored, &options, nullptr);
    }

    std::optional<std::string>
    get(const std::string &tool, const std::string &args)
    {
        ToolCacheKey key = Key(tool, args);
        ToolCacheHit hit;
        while (tool_cache_find(cache, &key, &hit, nullptr) == TOOL_CACHE_FOUND) {
            std::string value(hit.size, '\0');
            if (tool_cache_read(cache, &hit, value.data())) {
                return value;
            }
        }
        return std::nullopt;
    }

    // A value with the place it was copied from, as a binding keeps what it built.
    struct Kept {
        std::string value;
        ToolCachePlace place = {};
        uint64_t version = 0;
        bool is_kept = false;
    };

    bool
    is_same(Kept &kept)
    {
        return kept.is_kept && tool_cache_is_same(cache, &kept.place, &kept.version);
    }

    std::optional<std::string>
    get(const std::string &tool, const std::string &args, Kept &kept)
    {
        ToolCacheKey key = Key(tool, args);
        ToolCacheHit hit;
        if (is_same(kept)) {
            return kept.value;
        }
        while (tool_cache_find(cache, &key, &hit, nullptr) == TOOL_CACHE_FOUND) {
            kept.value.resize(hit.size);
            if (tool_cache_read(cache, &hit, kept.value.data())) {
                kept.place = hit.place;
                kept.version = hit.version;
                kept.is_kept = hit.is_plain;
                return kept.value;
            }
        }
        return std::nullopt;
    }

    bool
    del(const std::string &tool, const std::string &args)
    {
        ToolCacheKey key = Key(tool, args);
        return tool_cache_delete(cache, &key, nullptr) == TOOL_CACHE_FOUND;
    }

    ToolCacheStats
    stats()
    {
        ToolCacheStats stats;
        tool_cache_stats(cache, &stats);
        return stats;
    }

    uint64_t
    count()
    {
        return tool_cache_count(cache);
    }

    ToolCache *cache;
};
