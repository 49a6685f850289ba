/* SPDX-License-Identifier: MIT */
/* The format is described in folding.py. */
#include "stdlib-unfold.h"

#include <string.h>

#include "inline-caches.h"

enum {
    UNIT = 2, /* bytes of an instruction, and of a cache entry */
    LENGTH_BYTES = 4
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

/* `size` bytes of instructions, each with its caches behind it. */
static bool
unfold_code(Input *input, size_t size, Output *output)
{
    if ((size_t)(input->end - input->at) < size || size % UNIT != 0 ||
        output->end - output->at < LENGTH_BYTES)
        return false;
    uint8_t *length = output->at, *code = length + LENGTH_BYTES, *at = code;
    for (const uint8_t *end = input->at + size; input->at < end; input->at += UNIT) {
        size_t zeros = (size_t)UNIT * caches[input->at[0]];
        if ((size_t)(output->end - at) < UNIT + zeros)
            return false;
        memcpy(at, input->at, UNIT);
        memset(at + UNIT, 0, zeros);
        at += UNIT + zeros;
    }
    write_length(length, (size_t)(at - code));
    output->at = at;
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
