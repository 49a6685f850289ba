/* SPDX-License-Identifier: MIT */
/* stdlib-table.h - the standard library inside the executable.
 *
 * Purpose    find and decode modules and data files that pack.py put into the
 *            read-only section `.ferrule.stdlib`.
 * Ownership  entries and names live as long as the process; decoded bytes go into a
 *            buffer of the caller.
 * Threads    any thread at any time; nothing blocks.
 * Errors     STDLIB_ERROR_CORRUPT: the section does not decode (a damaged file).
 * Limits     none of its own: sizes are those of the packed library.
 * Cost       find: O(log n), no allocation. read: one zstd frame, and a pass that
 *            puts inline caches back.
 * Example    StdlibEntry entry;
 *            if (stdlib_table_find("json.decoder", &entry)) {
 *                void *code = malloc(entry.size);
 *                stdlib_table_read(&entry, code, &error);
 *            }
 *
 * Format of the section (32-bit little-endian words):
 *   "FSTD" | count | names at | dictionary at | its bytes | data at
 *   count x { name offset, name bytes, flags, data offset, stored bytes, bytes,
 *             bytes when folded (folding.py), 0: it is not }
 *   names (NUL-terminated, sorted bytewise) | dictionary | data
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

G_BEGIN_DECLS

typedef struct {
    const char *name; /* dotted module name, or a path with '/' for a data file */
    size_t size;      /* bytes when decoded */
    size_t stored;    /* bytes in the section */
    bool is_package;
    bool is_data;
    uint32_t index; /* position in the sorted table */
} StdlibEntry;

#define STDLIB_ERROR (stdlib_error_quark())
GQuark stdlib_error_quark(void);
typedef enum {
    STDLIB_ERROR_CORRUPT = 1
} StdlibError;

/* Number of entries; entry `index` in name order. */
size_t stdlib_table_count(void);
StdlibEntry stdlib_table_at(size_t index);

/* Bytes of the whole section, for the size ledger. */
size_t stdlib_table_bytes(void);

/* True and *ret_entry when there is an entry of exactly this name. */
bool stdlib_table_find(const char *name, StdlibEntry *ret_entry);

/* Index of the first entry whose name is not below `prefix`: start of a scan over
 * the entries that begin with it. */
size_t stdlib_table_lower_bound(const char *prefix);

/* Decode into `buffer`, which holds entry->size bytes. */
bool stdlib_table_read(const StdlibEntry *entry, void *buffer, GError **error);

/* Decode the modules that CPython needs before the importer exists (the section
 * `.ferrule.frozen`) into `buffer` of just their size. */
bool stdlib_frozen_read(void *buffer, size_t size, GError **error);

/* What to add to the error for a module that is left out, or NULL: "; Ferrule leaves
 * it out (reason): what to do instead". A name below a left-out package counts. */
const char *stdlib_table_left_out(const char *name);

G_END_DECLS
