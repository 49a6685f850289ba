/* SPDX-License-Identifier: MIT */
/* The format is described in folding.py. */
#include "stdlib-unfold.h"

#include <string.h>

#include "inline-caches.h"

enum {
    UNIT = 2, /* bytes of an instruction, and of a cache entry */
    LENGTH_BYTES = 4,
    ZEROS_MAX = UNIT * INLINE_CACHES_MAX
};

typedef struct {
    const uint8_t *at, *end;
} Input;

typedef struct {
    uint8_t *at, *end;
} Output;

/* Zero units behind each instruction. */
static const uint8_t caches[256] = {INLINE_CACHES};

static bool
read_number(Input *input, size_t *ret_number)
{
    size_t number = 0;
    for (unsigned shift = 0; shift < 32 && input->at < input->end; shift += 7) {
        uint8_t byte = *input->at++;
        number |= (size_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_number = number;
            return true;
        }
    }
    return false;
}

static bool
copy(Input *input, size_t size, Output *output)
{
    if ((size_t)(input->end - input->at) < size ||
        (size_t)(output->end - output->at) < size)
        return false;
    memcpy(output->at, input->at, size);
    input->at += size;
    output->at += size;
    return true;
}

static void
write_length(uint8_t *at, size_t length)
{
    for (int i = 0; i < LENGTH_BYTES; i++)
        at[i] = (uint8_t)(length >> (8 * i));
}

/* Instructions with their caches behind them, from `unit` to `end` into what is between
 * `at` and `limit`; gives where that ended, NULL: it does not fit. Where there is room,
 * as everywhere but at the end of the output, a fixed number of zeros is written: what
 * follows overwrites the excess. */
static uint8_t *
unfold_units(const uint8_t *unit, const uint8_t *end, uint8_t *at, const uint8_t *limit)
{
    for (; unit < end; unit += UNIT) {
        size_t zeros = (size_t)UNIT * caches[unit[0]], room = (size_t)(limit - at);
        if (room < UNIT + zeros)
            return NULL;
        memcpy(at, unit, UNIT);
        if (room >= UNIT + ZEROS_MAX)
            memset(at + UNIT, 0, ZEROS_MAX);
        else
            memset(at + UNIT, 0, zeros);
        at += UNIT + zeros;
    }
    return at;
}

/* `size` bytes of instructions, and the length they come to before them. */
static bool
unfold_code(Input *input, size_t size, Output *output)
{
    if ((size_t)(input->end - input->at) < size || size % UNIT != 0 ||
        output->end - output->at < LENGTH_BYTES)
        return false;
    uint8_t *length = output->at, *code = length + LENGTH_BYTES;
    uint8_t *end = unfold_units(input->at, input->at + size, code, output->end);
    if (end == NULL)
        return false;
    write_length(length, (size_t)(end - code));
    input->at += size;
    output->at = end;
    return true;
}

/* Where the bytes begin, behind the spans. */
static bool
skip_spans(Input input, size_t count, const uint8_t **ret_bytes)
{
    size_t ignored;
    for (size_t i = 0; i < 2 * count; i++)
        if (!read_number(&input, &ignored))
            return false;
    *ret_bytes = input.at;
    return true;
}

bool
stdlib_unfold(const uint8_t *folded, size_t folded_size, uint8_t *out, size_t out_size)
{
    Input spans = {folded, folded + folded_size}, bytes = spans;
    Output output = {out, out + out_size};
    size_t count, before, size;
    if (!read_number(&spans, &count) || !skip_spans(spans, count, &bytes.at))
        return false;
    for (; count > 0; count--)
        if (!read_number(&spans, &before) || !read_number(&spans, &size) ||
            !copy(&bytes, before, &output) || !unfold_code(&bytes, size, &output))
            return false;
    return copy(&bytes, (size_t)(bytes.end - bytes.at), &output) &&
           output.at == output.end;
}
