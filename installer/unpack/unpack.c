/* SPDX-License-Identifier: MIT */
/* unpack.c - what a .run file brings along to unpack itself: xz and tar in one.
 *
 *     unpack FILE OFFSET FOLDER [TITLE]
 *
 * Purpose    write the tar archives that follow each other, as .xz streams, in FILE
 * from OFFSET to its end, below FOLDER, which is there and empty. Errors     what was
 * wrong on stderr, exit code 1; what was written stays, for the caller to remove. Every
 * byte is covered by the SHA-256 of its stream. Limits     plain files and folders
 * only: a link, a device or a path that leads out ends it. 255 bytes of path,
 * MEMORY_MAX of memory. Cost       linear; progress is printed when TITLE is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK = 512, /* of a tar archive */
    CHUNK = 1 << 16,
    PATH_SIZE = 257,
};
#define MEMORY_MAX (256u << 20)

typedef struct {
    int fd;
    lzma_stream xz;
    bool is_end;
    uint8_t input[CHUNK];
    const char *title; /* NULL: no progress */
    uint64_t size, done;
    int percent;
} Source;

typedef struct {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type,
        link[100], magic[8], user[32], group[32], major[8], minor[8], prefix[155],
        rest[12];
} Header;
_Static_assert(sizeof(Header) == BLOCK, "a header is one block");

static void __attribute__((noreturn, format(printf, 1, 2)))
refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("ferrule: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

/* ---- xz --------------------------------------------------------------------- */

static void
say_progress(Source *self)
{
    int percent = self->size == 0 ? 100 : (int)(self->done * 100 / self->size);
    if (self->title == NULL || percent == self->percent)
        return;
    self->percent = percent;
    fprintf(stderr, "\r%s %3d %%", self->title, percent);
}

static void
fill(Source *self)
{
    ssize_t got = read(self->fd, self->input, CHUNK);
    if (got < 0)
        refuse("cannot read the package: %s", strerror(errno));
    self->xz.next_in = self->input;
    self->xz.avail_in = (size_t)got;
    self->done += (uint64_t)got;
    say_progress(self);
}

/* Up to `size` bytes; fewer only at the end of all streams. */
static size_t
source_read(Source *self, uint8_t *out, size_t size)
{
    self->xz.next_out = out;
    self->xz.avail_out = size;
    while (self->xz.avail_out > 0 && !self->is_end) {
        if (self->xz.avail_in == 0)
            fill(self);
        lzma_action action = self->xz.avail_in == 0 ? LZMA_FINISH : LZMA_RUN;
        lzma_ret result = lzma_code(&self->xz, action);
        if (result == LZMA_STREAM_END)
            self->is_end = true;
        else if (result != LZMA_OK)
            refuse("the package is damaged (xz error %d): fetch it again", result);
    }
    return size - self->xz.avail_out;
}

static void
source_open(Source *self, const char *path, const char *offset)
{
    struct stat seen;
    char *end;
    long long at = strtoll(offset, &end, 10);
    self->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (self->fd < 0 || fstat(self->fd, &seen) != 0 || *end != '\0' || at < 0 ||
        lseek(self->fd, at, SEEK_SET) != at)
        refuse("cannot read %s from %s on: %s", path, offset, strerror(errno));
    self->size = (uint64_t)(seen.st_size - at);
    self->percent = -1;
    self->xz = (lzma_stream)LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&self->xz, MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
        refuse("no memory to unpack");
}

/* ---- tar -------------------------------------------------------------------- */

static uint64_t
octal(const char *digits, size_t length)
{
    uint64_t value = 0;
    for (size_t i = 0; i < length && digits[i] >= '0' && digits[i] <= '7'; i++)
        value = value * 8 + (uint64_t)(digits[i] - '0');
    return value;
}

static bool
is_zero(const Header *header)
{
    const char *bytes = (const char *)header;
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, BLOCK - 1) == 0;
}

static void
check_header(const Header *header)
{
    unsigned sum = 0;
    const uint8_t *bytes = (const uint8_t *)header;
    for (size_t i = 0; i < BLOCK; i++) {
        bool is_sum = i >= offsetof(Header, checksum) && i < offsetof(Header, type);
        sum += is_sum ? ' ' : bytes[i];
    }
    if (sum != octal(header->checksum, sizeof header->checksum))
        refuse("the package is damaged (tar header): fetch it again");
}

static void
path_of(const Header *header, char *out)
{
    int prefix = (int)strnlen(header->prefix, sizeof header->prefix);
    int name = (int)strnlen(header->name, sizeof header->name);
    snprintf(out, PATH_SIZE, "%.*s%s%.*s", prefix, header->prefix,
             prefix > 0 ? "/" : "", name, header->name);
    size_t length = strlen(out);
    if (length > 0 && out[length - 1] == '/')
        out[length - 1] = '\0';
}

/* Every part is a name: neither empty nor "." nor "..". */
static bool
leads_out(const char *path)
{
    for (const char *part = path;; part++) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.') ||
            (length == 2 && memcmp(part, "..", 2) == 0))
            return true;
        part += length;
        if (*part == '\0')
            return false;
    }
}

/* The folders above `path`, for archives that do not name them. */
static void
make_parents(int folder, char *path)
{
    for (char *slash = strchr(path, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdirat(folder, path, 0755) != 0 && errno != EEXIST)
            refuse("cannot make the folder %s: %s", path, strerror(errno));
        *slash = '/';
    }
}

static void
write_all(int fd, const uint8_t *data, size_t size, const char *path)
{
    while (size > 0) {
        ssize_t put = write(fd, data, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            refuse("cannot write %s: %s", path, strerror(errno));
        data += put;
        size -= (size_t)put;
    }
}

static void
write_file(Source *source, int folder, const char *path, uint64_t size, mode_t mode)
{
    uint8_t block[CHUNK];
    int fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    mode);
    if (fd < 0)
        refuse("cannot write %s: %s", path, strerror(errno));
    for (uint64_t left = size; left > 0;) {
        size_t part = left < CHUNK ? (size_t)left : CHUNK;
        if (source_read(source, block, part) != part)
            refuse("the package ends in %s: fetch it again", path);
        write_all(fd, block, part, path);
        left -= part;
    }
    size_t padding = (size_t)((BLOCK - size % BLOCK) % BLOCK);
    if (source_read(source, block, padding) != padding)
        refuse("the package ends behind %s: fetch it again", path);
    if (fchmod(fd, mode) != 0 || close(fd) != 0)
        refuse("cannot write %s: %s", path, strerror(errno));
}

static void
unpack_entry(Source *source, int folder, const Header *header)
{
    char path[PATH_SIZE];
    check_header(header);
    path_of(header, path);
    if (leads_out(path))
        refuse("the path %s in the package leads out of its folder", path);
    make_parents(folder, path);
    mode_t mode = octal(header->mode, sizeof header->mode) & 0100 ? 0755 : 0644;
    if (header->type == '0' || header->type == '\0')
        write_file(source, folder, path, octal(header->size, sizeof header->size),
                   mode);
    else if (header->type != '5')
        refuse("%s in the package is neither a file nor a folder", path);
    else if (mkdirat(folder, path, 0755) != 0 && errno != EEXIST)
        refuse("cannot make the folder %s: %s", path, strerror(errno));
}

int
main(int argc, char **argv)
{
    static Source source; /* 64 KiB: not on the stack */
    Header header;
    if (argc < 4)
        refuse("usage: unpack FILE OFFSET FOLDER [TITLE]");
    source_open(&source, argv[1], argv[2]);
    source.title = argv[4];
    umask(022);
    int folder = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        refuse("cannot open %s: %s", argv[3], strerror(errno));
    size_t got;
    while ((got = source_read(&source, (uint8_t *)&header, BLOCK)) == BLOCK)
        if (!is_zero(&header))
            unpack_entry(&source, folder, &header);
    if (got != 0)
        refuse("the package ends in the middle: fetch it again");
    if (source.title != NULL)
        fputc('\n', stderr);
    /* On disk before the caller switches to it. */
    if (syncfs(folder) != 0)
        refuse("cannot write %s: %s", argv[3], strerror(errno));
    return 0;
}
