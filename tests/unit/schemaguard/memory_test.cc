/* SPDX-License-Identifier: MIT */
/* Valid payloads take no memory: every call to the allocator is counted. */
#include "guard-test-support.h"

#include <atomic>
#include <cstdlib>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define ALLOCATOR_IS_TAKEN 1
#elif defined __has_feature
#define ALLOCATOR_IS_TAKEN \
    (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define ALLOCATOR_IS_TAKEN 0
#endif

namespace {
std::atomic<long> calls{0};
}

#if !ALLOCATOR_IS_TAKEN
/* glibc's own, below the names that everybody calls. */
extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *
malloc(size_t size)
{
    calls++;
    return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    calls++;
    return __libc_calloc(count, size);
}

void *
realloc(void *block, size_t size)
{
    calls++;
    return __libc_realloc(block, size);
}

void *
aligned_alloc(size_t alignment, size_t size)
{
    calls++;
    return __libc_memalign(alignment, size);
}
}
#endif

namespace {

struct Row {
    const char *what;
    const char *schema;
    std::string payload;
};

const std::string long_text(20000, 'x');

const Row rows[] = {
    {"a flat call", R"({"type": "object", "properties": {"city": {"type": "string"},
      "days": {"type": "integer", "minimum": 1}, "unit": {"enum": ["c", "f"]}},
      "required": ["city"], "additionalProperties": false})",
     R"({"city": "Riga", "days": 3, "unit": "c"})"},
    {"escapes", R"({"properties": {"a\"b": {"minLength": 2, "maxLength": 9}}})",
     R"({"a\"b": "\u00e9\n\ud83d\ude00"})"},
    {"names that the schema does not know", R"({"minProperties": 2})",
     R"({"one": 1, "two": [1, {"three": 4}], "\u0066our": null})"},
    {"branches", R"({"oneOf": [{"required": ["a"]}, {"required": ["b"]}],
      "anyOf": [{"type": "string"}, {"minProperties": 1}], "not": {"type": "null"}})",
     R"({"b": {"c": 1.5}})"},
    {"references", R"({"$ref": "#/$defs/n", "$defs": {"n": {"properties":
      {"next": {"$ref": "#/$defs/n"}}, "additionalProperties": false}}})",
     R"({"next": {"next": {"next": {}}}})"},
    {"unevaluated", R"({"allOf": [{"properties": {"a": true}}], "properties": {"b": {}},
      "unevaluatedProperties": false})",
     R"({"a": 1, "b": [2, 3]})"},
    {"unique items", R"({"uniqueItems": true, "contains": {"const": {"k": [1]}}})",
     R"([1, "1", [1], {"k": [1]}, {"k": [1.5]}, 2e3])"},
    {"lookbehinds", R"({"pattern": "(?<!foo|b(?:a|ar))x(?<=\\p{L}+)$"})",
     R"("some foo barx bx")"},
    {"patterns", R"({"properties": {"id": {"pattern": "^[a-z]+-\\d{2}$"},
      "re": {"pattern": "(a|b)+c"}}, "patternProperties": {"^x-": {"type": "null"}}})",
     R"({"id": "abc-12", "re": "ababc", "x-y": null})"},
    {"formats", R"({"items": {"format": "date-time"}})", R"(["2024-02-29T10:00:00Z"])"},
    {"exact numbers", R"({"items": {"multipleOf": 0.01, "maximum": 1e30}})",
     R"([19.99, 123456789012345678901234567, -0.0])"},
    {"objects as choices", R"({"enum": [{"a": [1, 2]}, 3]})", R"({"a": [1, 2.0]})"},
    {"long strings", R"({"type": "array", "items": {"type": "string"}})",
     "[\"" + long_text + "\", \"\xC3\xA9" + long_text + "\"]"},
    {"deep nesting", "{}", std::string(200, '[') + std::string(200, ']')},
};

long
CallsOf(const Guard &guard, const std::string &payload)
{
    long before = calls;
    for (int i = 0; i < 20; i++) {
        if (!schema_guard_is_valid(guard.get(), payload.c_str(), payload.size())) {
            return -1;
        }
    }
    return calls - before;
}

TEST(GuardMemory, ValidPayloadsTakeNone)
{
    if (ALLOCATOR_IS_TAKEN) {
        GTEST_SKIP() << "the sanitizer has the allocator";
    }
    ASSERT_GT(calls, 0) << "the counter does not count";
    for (const Row &row : rows) {
        Guard guard = MakeGuard(row.schema);
        ASSERT_GE(CallsOf(guard, row.payload), 0) << row.what << " is not valid";
        EXPECT_EQ(CallsOf(guard, row.payload), 0) << row.what;
    }
}

} // namespace
