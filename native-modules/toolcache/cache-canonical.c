/* SPDX-License-Identifier: MIT */
#include "cache-canonical-private.h"

#include <stdbool.h>
#include <string.h>

#include "json-scan.h"
#include "tool-cache.h"

/* One member of an open object: where its text is in the output. */
typedef struct {
    size_t start, end;   /* with name, without comma */
    size_t name, length; /* the name itself, unescaped, in `names` */
} Member;

typedef struct {
    size_t start;        /* behind the opening bracket */
    guint members_start; /* index of its first member */
    bool is_object;
    bool has_items;
} Frame;

typedef struct {
    JsonScan scan;
    const char *text;
    GString *out;
    GString *names;
    GArray *members;
    GArray *frames;
} Canonical;

static void
canonical_clear(Canonical *self)
{
    if (self->out != NULL) {
        g_string_free(self->out, TRUE);
    }
    g_string_free(self->names, TRUE);
    g_array_unref(self->members);
    g_array_unref(self->frames);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Canonical, canonical_clear)

/* UTF-16 puts what needs surrogates (lead bytes F0-F4) before U+E000 (lead EE). */
static unsigned
canonical_order(unsigned char byte)
{
    return byte >= 0xF0 ? byte - 2u : byte >= 0xEE ? byte + 8u : byte;
}

static int
canonical_compare_names(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t common = MIN(a_size, b_size);
    for (size_t i = 0; i < common; i++) {
        if (a[i] != b[i]) {
            return canonical_order((unsigned char)a[i]) <
                           canonical_order((unsigned char)b[i])
                       ? -1
                       : 1;
        }
    }
    return a_size < b_size ? -1 : a_size > b_size;
}

static gint
canonical_compare_members(gconstpointer a, gconstpointer b, gpointer names)
{
    const Member *x = a;
    const Member *y = b;
    return canonical_compare_names((const char *)names + x->name, x->length,
                                   (const char *)names + y->name, y->length);
}

static void
canonical_append_control(GString *out, unsigned char byte)
{
    static const char letters[] = "btn\0fr"; /* from U+0008 */
    if (byte >= 8 && byte <= 13 && byte != 11) {
        g_string_append_c(out, '\\');
        g_string_append_c(out, letters[byte - 8]);
    }
    else {
        g_string_append_printf(out, "\\u%04x", byte);
    }
}

/* `value` is unescaped. */
static void
canonical_append_string(GString *out, const char *value, size_t size)
{
    g_string_append_c(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)value[i];
        if (byte < 0x20) {
            canonical_append_control(out, byte);
        }
        else {
            if (byte == '"' || byte == '\\') {
                g_string_append_c(out, '\\');
            }
            g_string_append_c(out, (char)byte);
        }
    }
    g_string_append_c(out, '"');
}

/* Writes the string token to the output and returns its value's place in `names`. False
 * if half of a surrogate pair is in it, which is no text and has no canonical form. */
static bool
canonical_string(Canonical *self, const JsonToken *token, bool keep, Member *ret_member)
{
    const char *raw = self->text + token->offset + 1;
    size_t size = token->length - 2;
    if (!token->is_escaped && !keep) {
        g_string_append_len(self->out, raw - 1, (gssize)token->length);
        return true;
    }
    bool has_lone = false;
    size_t at = self->names->len;
    g_string_set_size(self->names, at + size);
    size_t length =
        token->is_escaped
            ? json_string_unescape(raw, size, self->names->str + at, &has_lone)
            : (memcpy(self->names->str + at, raw, size), size);
    g_string_truncate(self->names, at + length);
    canonical_append_string(self->out, self->names->str + at, length);
    if (!keep) {
        g_string_truncate(self->names, at);
        return !has_lone;
    }
    ret_member->name = at;
    ret_member->length = length;
    return !has_lone;
}

static Frame *
canonical_top(Canonical *self)
{
    return self->frames->len == 0
               ? NULL
               : &g_array_index(self->frames, Frame, self->frames->len - 1);
}

/* A comma, where the value or name that follows needs one. */
static void
canonical_separate(Canonical *self)
{
    Frame *frame = canonical_top(self);
    if (frame != NULL && !frame->is_object) {
        if (frame->has_items) {
            g_string_append_c(self->out, ',');
        }
        frame->has_items = true;
    }
}

static void
canonical_open(Canonical *self, bool is_object)
{
    canonical_separate(self);
    g_string_append_c(self->out, is_object ? '{' : '[');
    Frame frame = {.start = self->out->len,
                   .members_start = self->members->len,
                   .is_object = is_object};
    g_array_append_val(self->frames, frame);
}

static bool
canonical_name(Canonical *self, const JsonToken *token)
{
    Frame *frame = canonical_top(self);
    Member *members = &g_array_index(self->members, Member, 0);
    if (frame->has_items) {
        members[self->members->len - 1].end = self->out->len;
        g_string_append_c(self->out, ',');
    }
    frame->has_items = true;
    Member member = {.start = self->out->len};
    bool is_text = canonical_string(self, token, true, &member);
    g_string_append_c(self->out, ':');
    g_array_append_val(self->members, member);
    return is_text;
}

/* Puts the members in order; returns false if a name is there twice. */
static bool
canonical_sort(Canonical *self, const Frame *frame)
{
    guint count = self->members->len - frame->members_start;
    Member *members = &g_array_index(self->members, Member, frame->members_start);
    bool is_sorted = true;
    for (guint i = 1; i < count && is_sorted; i++) {
        is_sorted = canonical_compare_members(&members[i - 1], &members[i],
                                              self->names->str) < 0;
    }
    if (is_sorted) {
        return true;
    }
    g_qsort_with_data(members, (gint)count, sizeof(Member), canonical_compare_members,
                      self->names->str);
    g_autoptr(GString) sorted = g_string_sized_new(self->out->len - frame->start + 1);
    for (guint i = 0; i < count; i++) {
        if (i > 0) {
            if (canonical_compare_members(&members[i - 1], &members[i],
                                          self->names->str) == 0) {
                return false;
            }
            g_string_append_c(sorted, ',');
        }
        g_string_append_len(sorted, self->out->str + members[i].start,
                            (gssize)(members[i].end - members[i].start));
    }
    g_string_truncate(self->out, frame->start);
    g_string_append_len(self->out, sorted->str, (gssize)sorted->len);
    return true;
}

static bool
canonical_close(Canonical *self, bool is_object)
{
    Frame frame = *canonical_top(self);
    if (is_object && frame.has_items) {
        Member *last = &g_array_index(self->members, Member, self->members->len - 1);
        last->end = self->out->len;
        if (!canonical_sort(self, &frame)) {
            return false;
        }
        Member *first = &g_array_index(self->members, Member, frame.members_start);
        size_t names = first->name;
        for (guint i = frame.members_start; i < self->members->len; i++) {
            names = MIN(names, g_array_index(self->members, Member, i).name);
        }
        g_string_truncate(self->names, names);
        g_array_set_size(self->members, frame.members_start);
    }
    g_array_set_size(self->frames, self->frames->len - 1);
    g_string_append_c(self->out, is_object ? '}' : ']');
    return true;
}

static bool
canonical_token(Canonical *self, const JsonToken *token)
{
    switch (token->kind) {
    case JSON_TOKEN_OBJECT_BEGIN:
    case JSON_TOKEN_ARRAY_BEGIN:
        canonical_open(self, token->kind == JSON_TOKEN_OBJECT_BEGIN);
        return true;
    case JSON_TOKEN_OBJECT_END:
    case JSON_TOKEN_ARRAY_END:
        return canonical_close(self, token->kind == JSON_TOKEN_OBJECT_END);
    case JSON_TOKEN_NAME:
        return canonical_name(self, token);
    case JSON_TOKEN_STRING:
        canonical_separate(self);
        return canonical_string(self, token, false, NULL);
    case JSON_TOKEN_NUMBER:
        canonical_separate(self);
        cache_canonical_number(self->out, self->text + token->offset, token->length);
        return true;
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
    case JSON_TOKEN_NULL:
        canonical_separate(self);
        g_string_append_len(self->out, self->text + token->offset,
                            (gssize)token->length);
        return true;
    case JSON_TOKEN_ERROR:
    case JSON_TOKEN_END:
        break;
    }
    return true;
}

GString *
cache_canonical(const char *text, size_t size, GError **error)
{
    if (cache_canonical_is_already(text, size)) {
        return g_string_new_len(text, (gssize)size);
    }
    g_auto(Canonical) self = {
        .text = text,
        .out = g_string_sized_new(size + 16),
        .names = g_string_new(NULL),
        .members = g_array_new(FALSE, FALSE, sizeof(Member)),
        .frames = g_array_new(FALSE, FALSE, sizeof(Frame)),
    };
    json_scan_init(&self.scan, text, size, CACHE_CANONICAL_DEPTH);
    JsonToken token;
    while (json_scan_next(&self.scan, &token) > JSON_TOKEN_END) {
        if (!canonical_token(&self, &token)) {
            g_set_error(error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_JSON,
                        token.kind == JSON_TOKEN_OBJECT_END
                            ? "arguments: a name twice in the object that ends at "
                              "byte %zu"
                            : "arguments: half of a surrogate pair in the string at "
                              "byte %zu; write both halves, or U+FFFD",
                        token.offset);
            return NULL;
        }
    }
    if (token.kind == JSON_TOKEN_ERROR) {
        g_set_error(
            error, TOOL_CACHE_ERROR, TOOL_CACHE_ERROR_JSON,
            "arguments are not JSON: %s at byte %zu",
            json_error_message(self.scan.error, text, size, self.scan.error_offset),
            self.scan.error_offset);
        return NULL;
    }
    return g_steal_pointer(&self.out);
}
