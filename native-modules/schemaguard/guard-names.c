/* SPDX-License-Identifier: MIT */
/* The sets of an open container: names that the schema does not know, items that must
 * differ. They lie in scratch above those of the containers around. */
#include "guard-run.h"

#include "guard-canon.h"
#include "guard-hash.h"

#include <json-number.h>

enum {
    LIST_SLOTS = 8, /* names compared one by one before there is a table */
    FIRST_SLOTS = 32,
    GROWTH = 4,
};

/* One member of a set; hash 0 marks a free slot. */
typedef struct {
    uint64_t hash;
    size_t text; /* offset in the payload */
    uint32_t length;
    uint32_t extra; /* names: has escapes; items: length of the canonical form */
    size_t canon;   /* items: offset in texts */
} Slot;

/* Two strangers with one hash are compared in full; the seed, an address, makes it hard
 * to choose names that collide. */
static inline uint64_t
hash_bytes(const void *bytes, size_t length)
{
    static const char anchor;
    return XXH3_64bits_withSeed(bytes, length, (uint64_t)(uintptr_t)&anchor) | 1;
}

static Slot *
slots_at(GuardRun *run, size_t table)
{
    return (Slot *)(run->scratch->keys.bytes + table);
}

static size_t
take_slots(GuardRun *run, uint32_t count, bool cleared)
{
    GuardBuffer *keys = &guard_run_scratch(run)->keys;
    keys->length = (keys->length + 7) & ~(size_t)7;
    size_t at = keys->length;
    char *slots = guard_buffer_reserve(keys, count * sizeof(Slot));
    if (cleared) {
        memset(slots, 0, count * sizeof(Slot));
    }
    keys->length += count * sizeof(Slot);
    return at;
}

static void
put(Slot *slots, uint32_t mask, Slot slot)
{
    uint32_t at = (uint32_t)(slot.hash >> 8) & mask;
    while (slots[at].hash != 0) {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

/* Makes a table of `old_count` slots of the old one, at most half full. The old one is
 * given back with the frame. */
static void
grow(GuardRun *run, size_t *table, uint32_t *mask, uint32_t old_count)
{
    uint32_t size = *mask == 0 ? FIRST_SLOTS : (*mask + 1) * GROWTH;
    size_t fresh = take_slots(run, size, true);
    for (uint32_t i = 0; i < old_count; i++) {
        Slot slot = slots_at(run, *table)[i];
        if (slot.hash != 0) {
            put(slots_at(run, fresh), size - 1, slot);
        }
    }
    *table = fresh;
    *mask = size - 1;
}

static bool
same_name(GuardRun *run, const Slot *slot, const char *name, size_t length)
{
    size_t other;
    const char *raw = run->text + slot->text;
    if (slot->extra == 0) {
        return slot->length == length && memcmp(raw, name, length) == 0;
    }
    g_autofree char *copy = g_memdup2(name, length); /* `name` may be in scratch, too */
    const char *text = guard_string_value(run, raw, raw + slot->length, true, &other);
    return other == length && memcmp(text, copy, length) == 0;
}

/* The first names are a list. Returns the equal one's or the next free slot's index. */
static uint32_t
find_in_list(GuardRun *run, const GuardFrame *frame, uint64_t hash, const char *value,
             size_t length)
{
    const Slot *slots = slots_at(run, frame->object.table);
    for (uint32_t i = 0; i < frame->object.table_count; i++) {
        if (slots[i].hash == hash && same_name(run, &slots[i], value, length)) {
            return i;
        }
    }
    return frame->object.table_count;
}

static uint32_t
find_in_table(GuardRun *run, const GuardFrame *frame, uint64_t hash, const char *value,
              size_t length)
{
    const Slot *slots = slots_at(run, frame->object.table);
    uint32_t mask = frame->object.table_mask;
    uint32_t at = (uint32_t)(hash >> 8) & mask;
    for (; slots[at].hash != 0; at = (at + 1) & mask) {
        if (slots[at].hash == hash && same_name(run, &slots[at], value, length)) {
            break;
        }
    }
    return at;
}

bool
guard_names_add(GuardRun *run, GuardFrame *frame, const char *name, size_t length,
                bool is_escaped)
{
    uint32_t count = frame->object.table_count;
    uint32_t mask = frame->object.table_mask;
    if (count == 0) {
        frame->object.table = take_slots(run, LIST_SLOTS, false);
    }
    else if (mask == 0 ? count == LIST_SLOTS : count * 2 >= mask) {
        grow(run, &frame->object.table, &frame->object.table_mask,
             mask == 0 ? LIST_SLOTS : mask + 1);
    }
    size_t value_length;
    const char *value =
        guard_string_value(run, name, name + length, is_escaped, &value_length);
    uint64_t hash = hash_bytes(value, value_length);
    uint32_t at = frame->object.table_mask == 0
                      ? find_in_list(run, frame, hash, value, value_length)
                      : find_in_table(run, frame, hash, value, value_length);
    Slot *slot = &slots_at(run, frame->object.table)[at];
    bool is_fresh = frame->object.table_mask == 0 ? at == count : slot->hash == 0;
    if (is_fresh) {
        *slot =
            (Slot){hash, (size_t)(name - run->text), (uint32_t)length, is_escaped, 0};
        frame->object.table_count++;
    }
    return is_fresh;
}

bool
guard_items_add(GuardRun *run, GuardFrame *frame, const char *item,
                const char *item_end)
{
    uint32_t old = frame->array.table_mask;
    if (old == 0 || frame->array.table_count * 2 >= old) {
        grow(run, &frame->array.table, &frame->array.table_mask,
             old == 0 ? 0 : old + 1);
    }
    GuardBuffer *texts = &run->scratch->texts;
    size_t canon = texts->length;
    guard_canon_value(texts, &run->scratch->members, item, item_end);
    size_t length = texts->length - canon;
    Slot slot = {hash_bytes(texts->bytes + canon, length), (size_t)(item - run->text),
                 0, (uint32_t)length, canon};
    Slot *slots = slots_at(run, frame->array.table);
    uint32_t mask = frame->array.table_mask;
    uint32_t at = (uint32_t)(slot.hash >> 8) & mask;
    for (; slots[at].hash != 0; at = (at + 1) & mask) {
        if (slots[at].hash == slot.hash && slots[at].extra == length &&
            memcmp(texts->bytes + slots[at].canon, texts->bytes + canon, length) == 0) {
            texts->length = canon;
            return false;
        }
    }
    slots[at] = slot;
    frame->array.table_count++;
    return true;
}
