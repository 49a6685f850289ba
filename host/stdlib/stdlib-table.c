/* SPDX-License-Identifier: MIT */
#include "stdlib-table.h"

#include <pthread.h>
#include <string.h>
#include <threads.h>

/* For the dictionary by reference: we link libzstd statically. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "left-out.h"
#include "stdlib-unfold.h"

enum {
    WORD_COUNT = 1,
    WORD_NAMES,
    WORD_DICTIONARY,
    WORD_DICTIONARY_BYTES,
    WORD_DATA
};
enum {
    HEADER_WORDS = 6,
    ENTRY_WORDS = 7
};
enum {
    ROW_NAME,
    ROW_NAME_BYTES,
    ROW_FLAGS,
    ROW_DATA,
    ROW_STORED,
    ROW_SIZE,
    ROW_FOLDED /* bytes without inline caches; 0: it is not folded */
};
enum {
    FLAG_PACKAGE = 1,
    FLAG_DATA = 2,
    FLAG_RAW = 4
};

extern const uint8_t ferrule_stdlib_begin[], ferrule_stdlib_end[];
extern const uint8_t ferrule_frozen_begin[], ferrule_frozen_end[];

/* Made at the first compressed read; NULL: the section is damaged. */
static once_flag dictionary_once = ONCE_FLAG_INIT;
static ZSTD_DDict *dictionary;

/* 160 KB that are worth keeping: a context of its own costs each module 40 page faults.
 * Order: nothing is locked or waited for under it. A child forked while it is held
 * finds it busy and goes on with contexts of its own. */
static pthread_mutex_t context_lock = PTHREAD_MUTEX_INITIALIZER;
static ZSTD_DCtx *context; /* guarded by context_lock */

G_DEFINE_QUARK(ferrule - stdlib - error, stdlib_error)

static const uint32_t *
words(void)
{
    return (const uint32_t *)(const void *)ferrule_stdlib_begin;
}

static const uint32_t *
row_at(size_t index)
{
    return words() + HEADER_WORDS + ENTRY_WORDS * index;
}

static const char *
name_at(size_t index)
{
    return (const char *)ferrule_stdlib_begin + words()[WORD_NAMES] +
           row_at(index)[ROW_NAME];
}

static void
make_dictionary(void)
{
    dictionary =
        ZSTD_createDDict_byReference(ferrule_stdlib_begin + words()[WORD_DICTIONARY],
                                     words()[WORD_DICTIONARY_BYTES]);
}

size_t
stdlib_table_count(void)
{
    return words()[WORD_COUNT];
}

size_t
stdlib_table_bytes(void)
{
    return (size_t)(ferrule_stdlib_end - ferrule_stdlib_begin);
}

StdlibEntry
stdlib_table_at(size_t index)
{
    const uint32_t *row = row_at(index);
    return (StdlibEntry){
        .name = name_at(index),
        .size = row[ROW_SIZE],
        .stored = row[ROW_STORED],
        .is_package = (row[ROW_FLAGS] & FLAG_PACKAGE) != 0,
        .is_data = (row[ROW_FLAGS] & FLAG_DATA) != 0,
        .index = (uint32_t)index,
    };
}

size_t
stdlib_table_lower_bound(const char *prefix)
{
    size_t low = 0, high = stdlib_table_count();
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(name_at(middle), prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool
stdlib_table_find(const char *name, StdlibEntry *ret_entry)
{
    size_t index = stdlib_table_lower_bound(name);
    if (index == stdlib_table_count() || strcmp(name_at(index), name) != 0)
        return false;
    *ret_entry = stdlib_table_at(index);
    return true;
}

/* Decode one frame of `size` bytes, with the common context unless another thread has
 * it. */
static bool
decode(const uint32_t *row, const uint8_t *stored, void *buffer, size_t size)
{
    bool is_ours = pthread_mutex_trylock(&context_lock) == 0;
    if (is_ours && context == NULL)
        context = ZSTD_createDCtx();
    ZSTD_DCtx *used = is_ours ? context : ZSTD_createDCtx();
    size_t got = ZSTD_decompress_usingDDict(used, buffer, size, stored, row[ROW_STORED],
                                            dictionary);
    if (is_ours)
        pthread_mutex_unlock(&context_lock);
    else
        ZSTD_freeDCtx(used);
    return got == size;
}

static bool
decode_folded(const uint32_t *row, const uint8_t *stored, void *buffer)
{
    size_t size = row[ROW_FOLDED];
    g_autofree uint8_t *folded = g_malloc(size);
    return decode(row, stored, folded, size) &&
           stdlib_unfold(folded, size, buffer, row[ROW_SIZE]);
}

static bool
read_compressed(const uint32_t *row, const uint8_t *stored, void *buffer)
{
    call_once(&dictionary_once, make_dictionary);
    if (dictionary == NULL)
        return false;
    return row[ROW_FOLDED] == 0 ? decode(row, stored, buffer, row[ROW_SIZE])
                                : decode_folded(row, stored, buffer);
}

bool
stdlib_table_read(const StdlibEntry *entry, void *buffer, GError **error)
{
    const uint32_t *row = row_at(entry->index);
    const uint8_t *stored = ferrule_stdlib_begin + words()[WORD_DATA] + row[ROW_DATA];
    if (row[ROW_FLAGS] & FLAG_RAW) {
        memcpy(buffer, stored, entry->size);
        return true;
    }
    if (read_compressed(row, stored, buffer))
        return true;
    g_set_error(error, STDLIB_ERROR, STDLIB_ERROR_CORRUPT,
                "the built-in module %s does not decode: the executable is damaged, "
                "install it again",
                entry->name);
    return false;
}

bool
stdlib_frozen_read(void *buffer, size_t size, GError **error)
{
    size_t stored = (size_t)(ferrule_frozen_end - ferrule_frozen_begin);
    if (ZSTD_decompress(buffer, size, ferrule_frozen_begin, stored) == size)
        return true;
    g_set_error(error, STDLIB_ERROR, STDLIB_ERROR_CORRUPT,
                "the start-up modules do not decode: the executable is damaged, "
                "install it again");
    return false;
}

const char *
stdlib_table_left_out(const char *name)
{
    static const struct {
        const char *name, *text;
    } rows[] = {LEFT_OUT};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t length = strlen(rows[i].name);
        if (strncmp(name, rows[i].name, length) == 0 &&
            (name[length] == '\0' || name[length] == '.'))
            return rows[i].text;
    }
    return NULL;
}
