/* SPDX-License-Identifier: MIT */
#include "elf-sections.h"

#include <elf.h>
#include <string.h>

/* True when `count` records of `size` bytes at `offset` lie inside the file. */
static bool
inside(size_t file, uint64_t offset, uint64_t count, uint64_t size)
{
    return offset <= file && count <= (file - offset) / size;
}

/* The section name table's bytes, or NULL when the file is not what it says. */
static const char *
name_table(const char *bytes, size_t size, const Elf64_Ehdr *header, size_t *ret_size)
{
    const Elf64_Shdr *sections = (const void *)(bytes + header->e_shoff);
    if (header->e_shstrndx >= header->e_shnum)
        return NULL;
    const Elf64_Shdr *names = &sections[header->e_shstrndx];
    if (!inside(size, names->sh_offset, names->sh_size, 1) || names->sh_size == 0 ||
        bytes[names->sh_offset + names->sh_size - 1] != '\0')
        return NULL;
    *ret_size = names->sh_size;
    return bytes + names->sh_offset;
}

bool
elf_sections_visit(const char *path, ElfSectionVisitor visit, void *data,
                   uint64_t *ret_total, GError **error)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, error);
    if (file == NULL)
        return false;
    const char *bytes = g_mapped_file_get_contents(file);
    size_t size = g_mapped_file_get_length(file), names_size = 0;
    *ret_total = size;
    const Elf64_Ehdr *header = (const void *)bytes;
    if (size < sizeof *header || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        !inside(size, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr)))
        return true; /* no section table: the total is all there is to say */
    const char *names = name_table(bytes, size, header, &names_size);
    const Elf64_Shdr *sections = (const void *)(bytes + header->e_shoff);
    for (size_t i = 1; names != NULL && i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_NOBITS || sections[i].sh_name >= names_size)
            continue;
        visit(names + sections[i].sh_name, sections[i].sh_size, data);
    }
    return true;
}
