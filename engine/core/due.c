/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/due.h"

/* Whether @a comes before @b. */
static bool is_earlier(const struct due_entry *a, const struct due_entry *b)
{
    return a->moment_ns < b->moment_ns || (a->moment_ns == b->moment_ns && a->id < b->id);
}

static const struct order_moment *moment_of(const struct btx_core *core, const struct order *order)
{
    return &core->order_moment[slot_of_order(core, order)];
}

bool btx_due_is_expiry(const struct btx_core *core, const struct order *order)
{
    const struct order_moment *moment = moment_of(core, order);
    return !order->held || (moment->expires != 0 && moment->expires <= moment->until);
}

static uint64_t next_moment(const struct btx_core *core, const struct order *order)
{
    const struct order_moment *moment = moment_of(core, order);
    return btx_due_is_expiry(core, order) ? moment->expires : moment->until;
}

static void put(struct btx_core *core, uint32_t place, struct due_entry entry)
{
    core->due.entries[place] = entry;
    core->order[entry.slot].due_place = place;
}

/* Put @entry at the free @place or above it. */
static void sift_up(struct btx_core *core, uint32_t place, struct due_entry entry)
{
    while (place > 1 && is_earlier(&entry, &core->due.entries[place / 2])) {
        put(core, place, core->due.entries[place / 2]);
        place /= 2;
    }
    put(core, place, entry);
}

/* Put @entry at the free @place or below it. */
static void sift_down(struct btx_core *core, uint32_t place, struct due_entry entry)
{
    const struct due_queue *due = &core->due;
    for (;;) {
        uint32_t child = 2 * place;
        if (child < due->count && is_earlier(&due->entries[child + 1], &due->entries[child]))
            child++;
        if (child > due->count || !is_earlier(&due->entries[child], &entry))
            break;
        put(core, place, due->entries[child]);
        place = child;
    }
    put(core, place, entry);
}

BTX_NOINLINE void btx_due_add(struct btx_core *core, struct order *order,
                              struct order_moment moment)
{
    CHECK(order->due_place == 0 && core->due.count < core->orders.capacity);
    const uint32_t slot = slot_of_order(core, order);
    core->order_moment[slot] = moment;
    const struct due_entry entry = {
        .moment_ns = next_moment(core, order), .id = order->id, .slot = slot};
    sift_up(core, ++core->due.count, entry);
}

BTX_NOINLINE void btx_due_remove(struct btx_core *core, struct order *order)
{
    const uint32_t place = order->due_place;
    CHECK(place != 0);
    order->due_place = 0;
    const struct due_entry last = core->due.entries[core->due.count--];
    if (place > core->due.count)
        return;
    if (place > 1 && is_earlier(&last, &core->due.entries[place / 2]))
        sift_up(core, place, last);
    else
        sift_down(core, place, last);
}

void btx_due_release(struct btx_core *core, struct order *order)
{
    const struct order_moment moment = {.expires = moment_of(core, order)->expires};
    btx_due_remove(core, order);
    order->held = false;
    if (moment.expires != 0)
        btx_due_add(core, order, moment);
}

bool btx_due_agrees(const struct btx_core *core)
{
    const struct due_queue *due = &core->due;
    for (uint32_t place = 1; place <= due->count; place++) {
        const struct due_entry *entry = &due->entries[place];
        const struct order *order = &core->order[entry->slot];
        if (order->due_place != place || order->id != entry->id ||
            entry->moment_ns != next_moment(core, order) ||
            (place > 1 && is_earlier(entry, &due->entries[place / 2])))
            return false;
    }
    return true;
}
