/* SPDX-License-Identifier: MIT */
/* elf-sections.h - sizes of the sections of an executable, for the size ledger. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

G_BEGIN_DECLS

/* Called for every section that takes bytes in the file. */
typedef void (*ElfSectionVisitor)(const char *name, uint64_t bytes, void *data);

/* Visit the sections of the 64-bit ELF file `path`; *ret_total is the file's size. */
bool elf_sections_visit(const char *path, ElfSectionVisitor visit, void *data,
                        uint64_t *ret_total, GError **error);

G_END_DECLS
