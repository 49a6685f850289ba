/* SPDX-License-Identifier: MIT */
/* One guard for one schema, whoever compiles it and whoever uses it at the same time.
 */
#include "guard-test-support.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

/* Uses scratch, a pattern's engines, branches and names beyond the schema's. */
const char *const schema = R"({
  "properties": {
    "id": {"type": "string", "pattern": "^(ab|c)+$"},
    "ref": {"pattern": "(?<=^(?:ab)*)(?<=\\p{L}+)c"},
    "list": {"type": "array", "uniqueItems": true},
    "unit": {"anyOf": [{"const": "a"}, {"type": "integer", "multipleOf": 0.5}]}
  },
  "required": ["id"]
})";
const char *const good =
    R"({"other":1,"id":"abc","ref":"abc","list":[1,[2],{"x":3}],"unit":7,"\u006dore":null})";
const char *const bad = R"({"id":"abx","list":[1,1.0],"unit":"b"})";

int
Rounds()
{
    const char *times = std::getenv("FERRULE_STRESS");
    return 500 * (times != nullptr ? std::atoi(times) : 1);
}

template <typename Work>
void
Together(int count, Work work)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++) {
        threads.emplace_back(work);
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
}

TEST(GuardShare, GivesTheSameGuardForTheSameTextAndOptions)
{
    SchemaGuardOptions plain = {};
    SchemaGuardOptions masked = {};
    masked.mask = "x";
    Guard first = MakeGuard(schema, &plain);
    Guard again = MakeGuard(schema, &plain);
    Guard other = MakeGuard(schema, &masked);
    Guard spaced = MakeGuard(std::string(schema) + " ", &plain);
    EXPECT_EQ(first.get(), again.get());
    EXPECT_NE(first.get(), other.get());
    EXPECT_NE(first.get(), spaced.get());
}

TEST(GuardShare, ResourcesAreAPartOfTheKey)
{
    const char *const referring = R"({"$ref": "urn:x"})";
    SchemaGuardOffer one = {"urn:x", "true", 4};
    SchemaGuardOffer two = {"urn:x", "false", 5};
    SchemaGuardOptions options = {};
    options.offer_count = 1;
    options.offers = &one;
    Guard yes = MakeGuard(referring, &options);
    options.offers = &two;
    Guard no = MakeGuard(referring, &options);
    EXPECT_TRUE(IsValid(yes, "1"));
    EXPECT_FALSE(IsValid(no, "1"));
}

TEST(GuardShare, OneGuardIsUsedByManyThreads)
{
    Guard guard = MakeGuard(schema);
    size_t want = schema_guard_report_count(MakeReport(guard, bad).get());
    ASSERT_GE(want, 3u);
    std::atomic<int> wrong{0};
    Together(4, [&] {
        for (int i = 0; i < Rounds(); i++) {
            wrong += !schema_guard_is_valid(guard.get(), good, strlen(good));
            wrong += schema_guard_is_valid(guard.get(), bad, strlen(bad));
            if (i % 16 == 0) {
                Report report(schema_guard_report(guard.get(), bad, strlen(bad)));
                wrong += schema_guard_report_count(report.get()) != want;
            }
        }
    });
    EXPECT_EQ(wrong, 0);
}

/* References come to nothing and back while others look for the guard. */
TEST(GuardShare, GuardsComeAndGo)
{
    std::atomic<int> wrong{0};
    Together(4, [&] {
        for (int i = 0; i < Rounds(); i++) {
            std::string text = i % 3 == 0 ? R"({"type": "object"})" : schema;
            Guard guard = MakeGuard(text);
            Guard again(schema_guard_ref(guard.get()));
            guard.reset();
            wrong += !schema_guard_is_valid(again.get(), good, strlen(good));
        }
    });
    EXPECT_EQ(wrong, 0);
}

TEST(GuardShare, AChildCanCompileWhateverItsParentDid)
{
    std::atomic<bool> done{false};
    std::thread busy([&] {
        while (!done) {
            MakeGuard(R"({"minimum": 1})");
        }
    });
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* a lock that nobody gives back */
            Guard guard = MakeGuard(schema);
            _exit(schema_guard_is_valid(guard.get(), good, strlen(good)) ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    done = true;
    busy.join();
}

} // namespace
