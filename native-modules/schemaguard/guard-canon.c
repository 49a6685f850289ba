/* SPDX-License-Identifier: MIT */
#include "guard-canon.h"

#include <json-number.h>
#include <json-scan.h>

#include <stdlib.h>

typedef struct {
    size_t start; /* in the output */
    size_t length;
} Member;

typedef struct {
    GuardBuffer *out;
    GuardBuffer *members;               /* Member: of all open objects */
    size_t first[JSON_SCAN_DEPTH_CAP];  /* members of the level start here */
    size_t starts[JSON_SCAN_DEPTH_CAP]; /* output position behind the bracket */
    unsigned depth;
} Canon;

static void
put_string(Canon *self, const char *text, const JsonToken *token)
{
    char head[24];
    const char *raw = text + token->offset + 1;
    size_t length = token->length - 2;
    GuardBuffer *out = self->out;
    /* The length is known after unescaping: unescape behind a gap of the head's size.
     */
    char *room = guard_buffer_reserve(out, length + sizeof head);
    size_t value = length;
    if (token->is_escaped) {
        value = json_string_unescape(raw, length, room + sizeof head, NULL);
    }
    char *at = head + sizeof head;
    *--at = ':';
    for (size_t left = value; left > 0 || *at == ':'; left /= 10) {
        *--at = (char)('0' + left % 10);
    }
    *--at = 's';
    size_t n = (size_t)(head + sizeof head - at);
    memmove(room + n, token->is_escaped ? room + sizeof head : raw, value);
    memcpy(room, at, n);
    out->length += n + value;
}

static void
put_number(Canon *self, const char *text, const JsonToken *token)
{
    JsonDecimal decimal;
    json_decimal_parse(&decimal, text + token->offset, token->length);
    size_t room = decimal.count + 32;
    char *out = guard_buffer_reserve(self->out, room);
    out[0] = '#';
    self->out->length += 1 + json_decimal_canonical(&decimal, out + 1, room - 1);
}

static void
open_level(Canon *self, char bracket)
{
    guard_buffer_append(self->out, &bracket, 1);
    self->first[self->depth] = self->members->length / sizeof(Member);
    self->starts[self->depth] = self->out->length;
    self->depth++;
}

static void
begin_member(Canon *self)
{
    Member member = {.start = self->out->length};
    guard_buffer_append(self->members, &member, sizeof member);
}

static int
compare_members(const void *a, const void *b, void *bytes)
{
    const Member *x = a;
    const Member *y = b;
    size_t common = x->length < y->length ? x->length : y->length;
    int order =
        memcmp((const char *)bytes + x->start, (const char *)bytes + y->start, common);
    return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

/* Rewrites the members of the object that just ended in order. */
static void
sort_members(Canon *self, size_t first, size_t start)
{
    GuardBuffer *out = self->out;
    size_t count = self->members->length / sizeof(Member) - first;
    if (count == 0) {
        return;
    }
    Member *members = (Member *)self->members->bytes + first;
    size_t size = out->length - start;
    for (size_t i = 0; i < count; i++) {
        size_t stop = i + 1 < count ? members[i + 1].start : out->length;
        members[i].length = stop - members[i].start;
    }
    if (count > 1) {
        qsort_r(members, count, sizeof *members, compare_members, out->bytes);
        guard_buffer_reserve(out, size);
        char *sorted = out->bytes + out->length;
        for (size_t i = 0; i < count; i++) {
            memcpy(sorted, out->bytes + members[i].start, members[i].length);
            sorted += members[i].length;
        }
        memmove(out->bytes + start, out->bytes + out->length, size);
    }
    self->members->length = first * sizeof(Member);
}

static void
close_level(Canon *self, bool object)
{
    self->depth--;
    if (object) {
        sort_members(self, self->first[self->depth], self->starts[self->depth]);
    }
    guard_buffer_append(self->out, object ? "}" : "]", 1);
}

static void
put_token(Canon *self, const char *text, const JsonToken *token)
{
    switch (token->kind) {
    case JSON_TOKEN_OBJECT_BEGIN:
        open_level(self, '{');
        break;
    case JSON_TOKEN_ARRAY_BEGIN:
        open_level(self, '[');
        break;
    case JSON_TOKEN_OBJECT_END:
    case JSON_TOKEN_ARRAY_END:
        close_level(self, token->kind == JSON_TOKEN_OBJECT_END);
        break;
    case JSON_TOKEN_NAME:
        begin_member(self);
        put_string(self, text, token);
        break;
    case JSON_TOKEN_STRING:
        put_string(self, text, token);
        break;
    case JSON_TOKEN_NUMBER:
        put_number(self, text, token);
        break;
    case JSON_TOKEN_TRUE:
    case JSON_TOKEN_FALSE:
    case JSON_TOKEN_NULL:
        guard_buffer_append(self->out, text + token->offset, 1);
        break;
    case JSON_TOKEN_ERROR:
    case JSON_TOKEN_END:
        break;
    }
}

const char *
guard_canon_value(GuardBuffer *out, GuardBuffer *members, const char *p,
                  const char *end)
{
    Canon canon;
    canon.out = out;
    canon.members = members;
    members->length = 0;
    canon.depth = 0;
    JsonScan scan;
    JsonToken token;
    json_scan_init(&scan, p, (size_t)(end - p), JSON_SCAN_DEPTH_CAP);
    do {
        json_scan_next(&scan, &token);
        put_token(&canon, p, &token);
    } while (canon.depth > 0 && token.kind > JSON_TOKEN_END);
    return p + token.offset + token.length;
}
