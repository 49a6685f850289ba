/* SPDX-License-Identifier: MIT */
/* corpus_test.cc - every file of a target's corpus is a test of it. */
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz.h"

static std::vector<std::filesystem::path>
corpus()
{
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::directory_iterator(FUZZ_CORPUS))
        files.push_back(entry.path());
    return files;
}

class Corpus : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Corpus, KeepsItsPromises)
{
    std::ifstream file(GetParam(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()),
                           bytes.size());
}

INSTANTIATE_TEST_SUITE_P(Files, Corpus, ::testing::ValuesIn(corpus()),
                         [](const auto &info) {
                             std::string name = info.param.stem().string();
                             for (char &letter : name)
                                 letter = isalnum(letter) ? letter : '_';
                             return name;
                         });
