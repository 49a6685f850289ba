/* SPDX-License-Identifier: MIT */
/* The sets of an open container: names that the schema does not know, items that must
 * differ. They lie in scratch above those of the containers around. */
#include "guard-run.h"

#include "guard-canon.h"
#include "guard-hash.h"

#include <json-number.h>

enum {
    FIRST_SLOTS = 16,
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

/* Two strangers with one hash are compared in full; the seed makes it hard to choose
 * names that collide. */
static uint64_t
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
take_slots(GuardRun *run, uint32_t count)
{
    GuardBuffer *keys = &guard_run_scratch(run)->keys;
    keys->length = (keys->length + 7) & ~(size_t)7;
    size_t at = keys->length;
    memset(guard_buffer_reserve(keys, count * sizeof(Slot)), 0, count * sizeof(Slot));
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

/* Keeps the table at most half full. The old one is given back with the frame. */
static void
grow(GuardRun *run, size_t *table, uint32_t *mask, uint32_t count)
{
    if (*mask != 0 && count * 2 < *mask) {
        return;
    }
    uint32_t size = *mask == 0 ? FIRST_SLOTS : (*mask + 1) * GROWTH;
    size_t fresh = take_slots(run, size);
    for (uint32_t i = 0; *mask != 0 && i <= *mask; i++) {
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

bool
guard_names_add(GuardRun *run, GuardFrame *frame, const char *name, size_t length,
                bool is_escaped)
{
    grow(run, &frame->object.table, &frame->object.table_mask,
         frame->object.table_count);
    size_t value_length;
    const char *value =
        guard_string_value(run, name, name + length, is_escaped, &value_length);
    Slot slot = {hash_bytes(value, value_length), (size_t)(name - run->text),
                 (uint32_t)length, is_escaped, 0};
    Slot *slots = slots_at(run, frame->object.table);
    uint32_t mask = frame->object.table_mask;
    uint32_t at = (uint32_t)(slot.hash >> 8) & mask;
    for (; slots[at].hash != 0; at = (at + 1) & mask) {
        if (slots[at].hash == slot.hash &&
            same_name(run, &slots[at], value, value_length)) {
            return false;
        }
    }
    slots[at] = slot;
    frame->object.table_count++;
    return true;
}

bool
guard_items_add(GuardRun *run, GuardFrame *frame, const char *item,
                const char *item_end)
{
    grow(run, &frame->array.table, &frame->array.table_mask, frame->array.table_count);
    GuardBuffer *texts = &run->scratch->texts;
    size_t canon = texts->length;
    guard_canon_value(texts, item, item_end);
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
