/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include <random>
#include <vector>

extern "C" {
#include "stdlib-unfold.h"
}

namespace {

using Bytes = std::vector<uint8_t>;

/* One code with every instruction once, between "ab" and "cd". */
Bytes
sample()
{
    Bytes folded = {1, 2, 0x80, 4, 'a', 'b'}; /* 512 bytes of code */
    for (int op = 0; op < 256; op++) {
        folded.push_back((uint8_t)op);
        folded.push_back(7);
    }
    folded.insert(folded.end(), {'c', 'd'});
    return folded;
}

/* The one size that `folded` unfolds to, with the bytes; empty: none. */
Bytes
unfolded(const Bytes &folded)
{
    for (size_t size = 0; size < 8 * folded.size(); size++) {
        Bytes out(size);
        if (stdlib_unfold(folded.data(), folded.size(), out.data(), size))
            return out;
    }
    return {};
}

} // namespace

TEST(StdlibUnfold, CachesAreZeroBehindTheirInstruction)
{
    Bytes out = unfolded(sample());
    ASSERT_GT(out.size(), 2u + 4 + 512 + 2) << "some instructions have caches";
    EXPECT_EQ(out[0], 'a');
    EXPECT_EQ(out.back(), 'd');
    size_t length = out[2] | out[3] << 8;
    EXPECT_EQ(out.size(), 2 + 4 + length + 2);
    size_t at = 6;
    for (int op = 0; op < 256; op++) {
        ASSERT_EQ(out[at], op);
        ASSERT_EQ(out[at + 1], 7);
        at += 2;
        while (op < 255 && at < out.size() && out[at] == 0 && out[at + 1] == 0)
            at += 2;
    }
}

TEST(StdlibUnfold, NoCodeIsACopy)
{
    EXPECT_EQ(unfolded({0, 'x', 'y'}), (Bytes{'x', 'y'}));
}

TEST(StdlibUnfold, DamageIsRefusedOrStaysInside)
{
    Bytes whole = sample();
    size_t size = unfolded(whole).size();
    for (size_t cut = 0; cut < whole.size(); cut++) {
        Bytes out(size);
        EXPECT_FALSE(stdlib_unfold(whole.data(), cut, out.data(), size)) << cut;
    }
    std::mt19937 random(1);
    for (int round = 0; round < 20000; round++) {
        Bytes damaged = whole, out(size + 1, 0xa5);
        for (int i = 0; i < 3; i++)
            damaged[random() % (round % 2 ? 8 : damaged.size())] = (uint8_t)random();
        stdlib_unfold(damaged.data(), damaged.size(), out.data(), size);
        ASSERT_EQ(out[size], 0xa5) << "wrote past the end";
    }
}
