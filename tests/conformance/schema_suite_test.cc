/* SPDX-License-Identifier: MIT */
/* The public JSON-Schema-Test-Suite: every case of every draft, and for each the same
 * verdict from is_valid, from the report and from streams split everywhere (payloads of
 * more than 64 bytes: at 100 random places). FERRULE_TEST_DATA names the data folder.
 */
#include "schema-guard.h"

#include <json-scan.h>

extern "C" {
#include "guard-json.h"
}

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

std::string
ReadFile(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), {});
}

struct Remote {
    std::string uri;
    std::string text;
};

std::vector<Remote>
LoadRemotes(const fs::path &root)
{
    std::vector<Remote> remotes;
    for (const auto &entry : fs::recursive_directory_iterator(root)) {
        std::string name = fs::relative(entry.path(), root).string();
        if (entry.is_regular_file()) {
            remotes.push_back(
                {"http://localhost:1234/" + name, ReadFile(entry.path())});
        }
    }
    return remotes;
}

/* Cases that fail for a reason we can name; every other failure fails the test, and so
 * does an exception that has become right. */
struct Exception {
    const char *file;
    const char *test;
    const char *reason;
};

const Exception exceptions[] = {
    {"content.json", "an invalid JSON document",
     "contentMediaType is an annotation here, as every later draft has it"},
    {"content.json", "an invalid base64 string (% is not a valid character)",
     "contentEncoding is an annotation"},
    {"content.json", "a validly-encoded invalid JSON document",
     "contentMediaType is an annotation"},
    {"content.json", "an invalid base64 string that is valid JSON",
     "contentEncoding is an annotation"},
};

bool
IsException(const std::string &where)
{
    for (const Exception &exception : exceptions) {
        if (where.find(exception.file) == 0 &&
            where.find(exception.test) != std::string::npos) {
            std::cout << "exception: " << where << ": " << exception.reason << "\n";
            return true;
        }
    }
    return false;
}

struct Counts {
    int passed = 0;
    int failed = 0;
};

std::string
Slice(const GuardValue *value)
{
    const char *text = value->document->text + value->offset;
    if (value->kind != JSON_TOKEN_STRING) {
        return std::string(text, value->length);
    }
    JsonStringInfo info;
    const char *bad;
    const char *close = json_string_check(
        text + 1, value->document->text + value->document->length, &info, &bad);
    return std::string(text, close + 1);
}

bool
StreamIsValid(SchemaGuard *guard, const std::string &data, size_t split)
{
    SchemaGuardStream *stream = schema_guard_stream_new(guard);
    schema_guard_stream_feed(stream, data.data(), split);
    schema_guard_stream_feed(stream, data.data() + split, data.size() - split);
    bool valid = schema_guard_stream_finish(stream) == SCHEMA_GUARD_STREAM_COMPLETE;
    schema_guard_stream_free(stream);
    return valid;
}

const size_t every_split_max = 64;
const int random_splits = 100;

/* Returns a split at which the stream says otherwise, data.size() + 1 if none does. */
size_t
FindOddSplit(SchemaGuard *guard, const std::string &data, bool want)
{
    static std::mt19937 random(5);
    bool every = data.size() <= every_split_max;
    size_t count = every ? data.size() + 1 : random_splits;
    for (size_t i = 0; i < count; i++) {
        size_t split = every ? i : random() % (data.size() + 1);
        if (StreamIsValid(guard, data, split) != want) {
            return split;
        }
    }
    return data.size() + 1;
}

void
RunCase(SchemaGuard *guard, const GuardValue *test, const std::string &where,
        Counts *counts)
{
    std::string data = Slice(guard_json_member(test, "data"));
    bool want = guard_json_member(test, "valid")->kind == JSON_TOKEN_TRUE;
    bool valid = schema_guard_is_valid(guard, data.c_str(), data.size());
    g_autoptr(SchemaGuardReport) report =
        schema_guard_report(guard, data.c_str(), data.size());
    bool clean = schema_guard_report_count(report) == 0;
    const GuardValue *name = guard_json_member(test, "description");
    std::string full = where + " / " + std::string(name->text, name->length);
    size_t odd = FindOddSplit(guard, data, valid);
    EXPECT_EQ(odd, data.size() + 1) << full << ": the stream differs at this split";
    bool ok = valid == want && clean == want;
    (ok ? counts->passed : counts->failed)++;
    EXPECT_TRUE(ok || IsException(full))
        << full << ": is_valid " << valid << ", clean report " << clean << ", want "
        << want;
}

void
RunFile(const fs::path &path, const SchemaGuardOptions &options, Counts *counts)
{
    std::string text = ReadFile(path);
    GuardArena arena = GUARD_ARENA_INIT;
    GuardJsonFailure failure;
    GuardDocument *document =
        guard_json_parse(&arena, text.data(), text.size(), &failure);
    ASSERT_NE(document, nullptr) << path;
    for (const GuardValue *group = document->root->first; group; group = group->next) {
        std::string schema = Slice(guard_json_member(group, "schema"));
        const GuardValue *name = guard_json_member(group, "description");
        std::string where =
            path.filename().string() + ": " + std::string(name->text, name->length);
        g_autoptr(GError) error = nullptr;
        g_autoptr(SchemaGuard) guard =
            schema_guard_new(schema.data(), schema.size(), &options, &error);
        const GuardValue *tests = guard_json_member(group, "tests");
        if (guard == nullptr) {
            counts->failed += static_cast<int>(tests->count);
            ADD_FAILURE() << where << ": " << error->message;
            continue;
        }
        for (const GuardValue *test = tests->first; test; test = test->next) {
            RunCase(guard, test, where, counts);
        }
    }
    guard_arena_clear(&arena);
}

struct Draft {
    const char *folder;
    SchemaGuardDraft draft;
};

class SchemaSuite : public testing::TestWithParam<Draft> {};

TEST_P(SchemaSuite, EveryCaseHasTheWantedVerdict)
{
    const char *data = std::getenv("FERRULE_TEST_DATA");
    if (data == nullptr) {
        GTEST_SKIP() << "FERRULE_TEST_DATA is not set";
    }
    fs::path root = fs::path(data) / "json-schema-test-suite";
    std::vector<Remote> remotes = LoadRemotes(root / "remotes");
    std::vector<SchemaGuardOffer> offers;
    for (const Remote &remote : remotes) {
        offers.push_back({remote.uri.c_str(), remote.text.data(), remote.text.size()});
    }
    SchemaGuardOptions options = {};
    options.draft = GetParam().draft;
    options.offers = offers.data();
    options.offer_count = offers.size();
    Counts required, optional, format;
    fs::path tests = root / "tests" / GetParam().folder;
    for (const auto &entry : fs::recursive_directory_iterator(tests)) {
        std::string name = fs::relative(entry.path(), tests).string();
        if (!entry.is_regular_file()) {
            continue;
        }
        bool is_format = name.rfind("optional/format/", 0) == 0;
        bool is_optional = name.rfind("optional/", 0) == 0;
        options.ignores_formats = !is_format;
        RunFile(entry.path(), options,
                is_format     ? &format
                : is_optional ? &optional
                              : &required);
    }
    std::cout << GetParam().folder << ": required " << required.passed << " of "
              << required.passed + required.failed << ", optional " << optional.passed
              << " of " << optional.passed + optional.failed << ", format "
              << format.passed << " of " << format.passed + format.failed << "\n";
    EXPECT_GE(required.passed, 500);
}

INSTANTIATE_TEST_SUITE_P(Drafts, SchemaSuite,
                         testing::Values(Draft{"draft2020-12", SCHEMA_GUARD_DRAFT_2020},
                                         Draft{"draft2019-09", SCHEMA_GUARD_DRAFT_2019},
                                         Draft{"draft7", SCHEMA_GUARD_DRAFT_7},
                                         Draft{"draft6", SCHEMA_GUARD_DRAFT_6},
                                         Draft{"draft4", SCHEMA_GUARD_DRAFT_4}),
                         [](const testing::TestParamInfo<Draft> &info) {
                             std::string name = info.param.folder;
                             name.erase(std::remove(name.begin(), name.end(), '-'),
                                        name.end());
                             return name;
                         });

} // namespace
