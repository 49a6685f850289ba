/* SPDX-License-Identifier: MIT */
/* fuzz.h - what every fuzz target is: one function over bytes, that aborts when a
 * promise of the code under test does not hold.
 *
 * libFuzzer calls it with inputs of its own (./dev fuzz); corpus_test.cc with the files
 * of corpus/TARGET/, so that every input that ever found something stays a test.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif

/* A promise, checked in every build. */
#define FUZZ_REQUIRE(promise)                                                     \
    do {                                                                          \
        if (!(promise)) {                                                         \
            fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise); \
            abort();                                                              \
        }                                                                         \
    } while (0)
