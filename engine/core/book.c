/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/book.h"

static uint64_t bit(uint32_t index)
{
    return UINT64_C(1) << (index % 64);
}

/* The bits of @word beyond position @index in the direction of matching: bids go down. */
static uint64_t bits_beyond(uint64_t word, uint32_t index, bool down)
{
    const uint64_t below = bit(index) - 1;
    return word & (down ? below : ~below << 1);
}

/* The bit of @word, which has one, that is matched first. */
static uint32_t first_bit(uint64_t word, bool down)
{
    return (uint32_t)(down ? 63 - __builtin_clzll(word) : __builtin_ctzll(word));
}

static void mark_leaf(struct runner *runner, uint8_t side, uint32_t leaf_index)
{
    struct book_side *tree = &runner->sides[side];
    tree->summary[leaf_index / 64] |= bit(leaf_index);
    tree->top |= bit(leaf_index / 64);
}

static void unmark_leaf(struct runner *runner, uint8_t side, uint32_t leaf_index)
{
    struct book_side *tree = &runner->sides[side];
    tree->summary[leaf_index / 64] &= ~bit(leaf_index);
    if (tree->summary[leaf_index / 64] == 0)
        tree->top &= ~bit(leaf_index / 64);
}

void btx_book_add(struct btx_core *core, struct order *order)
{
    struct runner *runner = &core->runner[order->runner];
    const uint32_t leaf_index = order->price_index / BOOK_LEAF_PRICES;
    if (runner->leaves[leaf_index] == NO_SLOT)
        runner->leaves[leaf_index] = pool_take(&core->leaves);
    struct leaf *leaf = &core->leaf[runner->leaves[leaf_index]];
    struct level *level = &leaf->levels[order->price_index % BOOK_LEAF_PRICES];
    const uint32_t slot = slot_of_order(core, order);

    order->resting = true;
    order->level_prev = level->tail;
    order->level_next = NO_SLOT;
    if (level->tail != NO_SLOT) {
        core->order[level->tail].level_next = slot;
    } else {
        level->head = slot;
        if (leaf->bits[order->side] == 0)
            mark_leaf(runner, order->side, leaf_index);
        leaf->bits[order->side] |= bit(order->price_index);
    }
    level->tail = slot;
    level->size += order->remaining;
}

static void level_emptied(struct btx_core *core, struct runner *runner, const struct order *order)
{
    const uint32_t leaf_index = order->price_index / BOOK_LEAF_PRICES;
    const uint32_t leaf_slot = runner->leaves[leaf_index];
    struct leaf *leaf = &core->leaf[leaf_slot];
    leaf->bits[order->side] &= ~bit(order->price_index);
    if (leaf->bits[order->side] != 0)
        return;
    unmark_leaf(runner, order->side, leaf_index);
    if (leaf->bits[opposite_side(order->side)] == 0) {
        /* All its levels are empty, so it is as good as new for the next user. */
        runner->leaves[leaf_index] = NO_SLOT;
        pool_give(&core->leaves, leaf_slot);
    }
}

void btx_book_remove(struct btx_core *core, struct order *order)
{
    struct runner *runner = &core->runner[order->runner];
    struct level *level = book_level(core, runner, order->price_index);
    level->size -= order->remaining;
    if (order->level_prev != NO_SLOT)
        core->order[order->level_prev].level_next = order->level_next;
    else
        level->head = order->level_next;
    if (order->level_next != NO_SLOT)
        core->order[order->level_next].level_prev = order->level_prev;
    else
        level->tail = order->level_prev;
    order->resting = false;
    if (level->head == NO_SLOT)
        level_emptied(core, runner, order);
}

void btx_book_reduce(struct btx_core *core, struct order *order, int64_t size)
{
    struct runner *runner = &core->runner[order->runner];
    book_level(core, runner, order->price_index)->size -= size;
    order->remaining -= size;
}

static uint64_t leaf_bits(const struct btx_core *core, const struct runner *runner, uint8_t side,
                          uint32_t leaf_index)
{
    return core->leaf[runner->leaves[leaf_index]].bits[side];
}

/* The first price of the leaves that word @word of the summary names in @summary. */
static uint32_t first_price(const struct btx_core *core, const struct runner *runner, uint8_t side,
                            uint32_t word, uint64_t summary, bool down)
{
    const uint32_t leaf_index = word * 64 + first_bit(summary, down);
    return leaf_index * 64 + first_bit(leaf_bits(core, runner, side, leaf_index), down);
}

uint32_t btx_book_best(const struct btx_core *core, const struct runner *runner, uint8_t kind,
                       uint8_t side)
{
    const struct book_side *tree = &runner->sides[side];
    if (tree->top == 0)
        return NO_PRICE;
    const bool down = side_is_bid(kind, side);
    const uint32_t word = first_bit(tree->top, down);
    return first_price(core, runner, side, word, tree->summary[word], down);
}

uint32_t btx_book_next(const struct btx_core *core, const struct runner *runner, uint8_t kind,
                       uint8_t side, uint32_t index)
{
    const struct book_side *tree = &runner->sides[side];
    const bool down = side_is_bid(kind, side);
    const uint32_t leaf_index = index / 64;
    if (runner->leaves[leaf_index] != NO_SLOT) {
        const uint64_t here = bits_beyond(leaf_bits(core, runner, side, leaf_index), index, down);
        if (here != 0)
            return leaf_index * 64 + first_bit(here, down);
    }
    uint32_t word = leaf_index / 64;
    uint64_t summary = bits_beyond(tree->summary[word], leaf_index, down);
    if (summary == 0) {
        const uint64_t top = bits_beyond(tree->top, word, down);
        if (top == 0)
            return NO_PRICE;
        word = first_bit(top, down);
        summary = tree->summary[word];
    }
    return first_price(core, runner, side, word, summary, down);
}
