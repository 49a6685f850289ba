/* SPDX-License-Identifier: MIT */
/* One change as bytes of a journal: a head with mark, size and checksum, the body, and
 * the size once more, by which a record is found from its end. */
#include "cache-journal-private.h"

#include <string.h>
#include <time.h>

#define JOURNAL_MARK UINT32_C(0x8E5DC1A7) /* begins every record */

typedef struct {
    uint32_t mark;
    uint32_t size; /* of everything behind this head; the last 4 bytes repeat it */
    uint64_t checksum;
} RecordHead;

typedef uint32_t RecordTail;

typedef struct {
    uint8_t op, kind;
    uint16_t tag_count;
    uint32_t tool_size, args_size;
    uint64_t value_size;
    int64_t deadline_ns; /* wall clock; 0: never */
    int64_t stale_ns;    /* for how long it is kept after that */
    /* follow: tag_count times (uint32_t size, text); tool; args; value */
} RecordBody;

int64_t
cache_journal_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * BASE_CLOCK_SECOND_NS + now.tv_nsec;
}

/* Takes `size` bytes off the front of what is left; NULL if there are fewer. */
static const unsigned char *
record_take(const unsigned char **at, const unsigned char *end, uint64_t size)
{
    const unsigned char *taken = *at;
    if (size > (uint64_t)(end - taken)) {
        return NULL;
    }
    *at += size;
    return taken;
}

static bool
record_take_tags(const unsigned char **at, const unsigned char *end, size_t count,
                 ToolCacheTag *tags)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t size;
        const unsigned char *length = record_take(at, end, sizeof(size));
        if (length == NULL) {
            return false;
        }
        memcpy(&size, length, sizeof(size));
        tags[i].text = (const char *)record_take(at, end, size);
        tags[i].size = size;
        if (tags[i].text == NULL) {
            return false;
        }
    }
    return true;
}

/* Returns false if the record does not hold together. */
static bool
record_parse_body(const unsigned char *at, size_t size, int64_t now_ns,
                  CacheJournalRecord *record, ToolCacheTag *tags)
{
    const unsigned char *end = at + size;
    RecordBody body;
    const unsigned char *start = record_take(&at, end, sizeof(body));
    if (start == NULL) {
        return false;
    }
    memcpy(&body, start, sizeof(body));
    if (body.op < CACHE_JOURNAL_SET || body.op > CACHE_JOURNAL_INDEX ||
        body.kind > TOOL_CACHE_UCS4 || body.tag_count > TOOL_CACHE_TAGS_MAX ||
        !record_take_tags(&at, end, body.tag_count, tags)) {
        return false;
    }
    *record = (CacheJournalRecord){
        .op = (CacheJournalOp)body.op, .tags = tags, .tag_count = body.tag_count};
    record->stale_ns = MAX(body.stale_ns, 0);
    record->key.tool = (const char *)record_take(&at, end, body.tool_size);
    record->key.tool_size = body.tool_size;
    record->key.args = (const char *)record_take(&at, end, body.args_size);
    record->key.args_size = body.args_size;
    record->value.kind = (ToolCacheKind)body.kind;
    record->value.bytes = record_take(&at, end, body.value_size);
    record->value.size = body.value_size;
    record->ttl_ns = body.deadline_ns != 0 ? body.deadline_ns - now_ns : 0;
    bool is_expired = body.deadline_ns != 0 && record->ttl_ns <= 0;
    record->op = is_expired && record->op == CACHE_JOURNAL_SET ? CACHE_JOURNAL_DELETE
                                                               : record->op;
    return record->key.tool != NULL && record->key.args != NULL &&
           record->value.bytes != NULL;
}

size_t
cache_journal_claimed(const unsigned char *at)
{
    RecordHead head;
    memcpy(&head, at, sizeof(head));
    return head.mark == JOURNAL_MARK ? sizeof(head) + head.size : 0;
}

size_t
cache_journal_claimed_before(const unsigned char *end)
{
    RecordTail size;
    memcpy(&size, end - sizeof(size), sizeof(size));
    return sizeof(RecordHead) + size;
}

size_t
cache_journal_sound(const unsigned char *at, const unsigned char *end)
{
    RecordHead head;
    RecordTail tail;
    if ((size_t)(end - at) < CACHE_JOURNAL_RECORD_MIN) {
        return 0;
    }
    memcpy(&head, at, sizeof(head));
    if (head.mark != JOURNAL_MARK || head.size > (size_t)(end - at) - sizeof(head) ||
        head.size < sizeof(tail)) {
        return 0;
    }
    memcpy(&tail, at + sizeof(head) + head.size - sizeof(tail), sizeof(tail));
    bool is_sound =
        tail == head.size && XXH3_64bits(at + sizeof(head), head.size) == head.checksum;
    return is_sound ? sizeof(head) + head.size : 0;
}

bool
cache_journal_parse(const unsigned char *at, size_t size, int64_t now_ns,
                    CacheJournalRecord *ret_record, ToolCacheTag *tags)
{
    return record_parse_body(at + sizeof(RecordHead),
                             size - sizeof(RecordHead) - sizeof(RecordTail), now_ns,
                             ret_record, tags);
}

void
cache_journal_encode(GByteArray *out, const CacheJournalRecord *record)
{
    RecordBody body = {
        .op = (uint8_t)record->op,
        .kind = (uint8_t)record->value.kind,
        .tag_count = (uint16_t)record->tag_count,
        .tool_size = (uint32_t)record->key.tool_size,
        .args_size = (uint32_t)record->key.args_size,
        .value_size = record->value.size,
        .deadline_ns =
            record->ttl_ns != 0 ? cache_journal_wall_clock() + record->ttl_ns : 0,
        .stale_ns = record->stale_ns,
    };
    RecordHead head = {.mark = JOURNAL_MARK};
    guint start = out->len;
    g_byte_array_append(out, (const guint8 *)&head, sizeof(head));
    g_byte_array_append(out, (const guint8 *)&body, sizeof(body));
    for (size_t i = 0; i < record->tag_count; i++) {
        uint32_t size = (uint32_t)record->tags[i].size;
        g_byte_array_append(out, (const guint8 *)&size, sizeof(size));
        g_byte_array_append(out, (const guint8 *)record->tags[i].text, size);
    }
    g_byte_array_append(out, (const guint8 *)record->key.tool, body.tool_size);
    g_byte_array_append(out, (const guint8 *)record->key.args, body.args_size);
    g_byte_array_append(out, record->value.bytes, (guint)record->value.size);
    RecordTail tail = (RecordTail)(out->len - start - sizeof(head) + sizeof(tail));
    g_byte_array_append(out, (const guint8 *)&tail, sizeof(tail));
    head.size = tail;
    head.checksum = XXH3_64bits(out->data + start + sizeof(head), head.size);
    memcpy(out->data + start, &head, sizeof(head));
}
