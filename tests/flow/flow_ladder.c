/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/flow/flow_ladder.h"

#include "engine/base/limits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct cursor {
    const char *next;
    const char *end;
};

/* Pass over @literal; false when something else is there. */
static bool take_literal(struct cursor *cursor, const char *literal)
{
    const size_t length = strlen(literal);

    if ((size_t)(cursor->end - cursor->next) < length || memcmp(cursor->next, literal, length) != 0)
        return false;
    cursor->next += length;
    return true;
}

static bool next_is_digit(const struct cursor *cursor)
{
    return cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9';
}

/* Up to @digits_max digits; returns how many there were. */
static unsigned take_digits(struct cursor *cursor, unsigned digits_max, uint64_t *ret_value)
{
    unsigned digits = 0;

    *ret_value = 0;
    for (; digits < digits_max && next_is_digit(cursor); digits++)
        *ret_value = 10 * *ret_value + (uint64_t)(*cursor->next++ - '0');
    return digits;
}

/* An integer of at most 18 digits, which fit. */
static bool take_integer(struct cursor *cursor, uint64_t *ret_value)
{
    const char *first = cursor->next;
    const unsigned digits = take_digits(cursor, 18, ret_value);

    return digits > 0 && !next_is_digit(cursor) && (digits == 1 || *first != '0');
}

/* A decimal with at most four places, in 1/10 000. */
static bool take_decimal(struct cursor *cursor, uint64_t *ret_value)
{
    uint64_t places = 0;
    unsigned place_count = 0;

    if (!take_integer(cursor, ret_value) || *ret_value > (uint64_t)BTX_MONEY_MAX / BTX_DECIMAL_ONE)
        return false;
    if (take_literal(cursor, ".")) {
        place_count = take_digits(cursor, 4, &places);
        if (place_count == 0 || next_is_digit(cursor))
            return false;
    }
    for (; place_count < 4; place_count++)
        places *= 10;
    *ret_value = *ret_value * BTX_DECIMAL_ONE + places;
    return true;
}

/* [[price,size],...] */
static bool take_levels(struct cursor *cursor, struct btx_level_view *levels, size_t *ret_count)
{
    uint64_t price_before = 0;
    size_t count = 0;

    if (!take_literal(cursor, "["))
        return false;
    while (!take_literal(cursor, "]")) {
        uint64_t price;
        uint64_t size;

        if (count == BTX_FLOW_LEVELS_MAX || (count > 0 && !take_literal(cursor, ",")) ||
            !take_literal(cursor, "[") || !take_decimal(cursor, &price) ||
            !take_literal(cursor, ",") || !take_decimal(cursor, &size) ||
            !take_literal(cursor, "]"))
            return false;
        if (price <= price_before || price > BTX_ODDS_MAX || size == 0)
            return false;
        price_before = price;
        levels[count++] = (struct btx_level_view){.price = (uint32_t)price, .size = (int64_t)size};
    }
    *ret_count = count;
    return true;
}

const char *btx_flow_ladder_parse(const char *line, size_t length_bytes,
                                  struct btx_flow_ladder *ret_ladder)
{
    struct cursor cursor = {.next = line, .end = line + length_bytes};

    if (!take_literal(&cursor, "{\"after\":") || !take_integer(&cursor, &ret_ladder->after))
        return "want {\"after\":N";
    if (!take_literal(&cursor, ",\"runner\":") || !take_integer(&cursor, &ret_ladder->runner))
        return "want \"runner\":ID behind after";
    if (!take_literal(&cursor, ",\"back\":") ||
        !take_levels(&cursor, ret_ladder->levels[BTX_SIDE_BACK],
                     &ret_ladder->level_count[BTX_SIDE_BACK]))
        return "want \"back\":[[price,size],...] behind runner, prices ascending";
    if (!take_literal(&cursor, ",\"lay\":") ||
        !take_levels(&cursor, ret_ladder->levels[BTX_SIDE_LAY],
                     &ret_ladder->level_count[BTX_SIDE_LAY]))
        return "want \"lay\":[[price,size],...] behind back, prices ascending";
    if (!take_literal(&cursor, "}") || cursor.next != cursor.end)
        return "want nothing behind lay";
    return NULL;
}

static const char *compare_side(const struct btx_flow_ladder *ladder, const struct btx_core *core,
                                uint64_t market, enum btx_side side)
{
    static char text[256];
    struct btx_level_view levels[BTX_FLOW_LEVELS_MAX];
    const size_t count =
        btx_core_view_book(core, market, ladder->runner, side, levels, BTX_FLOW_LEVELS_MAX);
    const size_t wanted_count = ladder->level_count[side];
    const char *name = side == BTX_SIDE_BACK ? "BACK" : "LAY";

    if (count != wanted_count) {
        snprintf(text, sizeof text, "runner %" PRIu64 ": %zu %s levels, want %zu", ladder->runner,
                 count, name, wanted_count);
        return text;
    }
    for (size_t i = 0; i < count; i++) {
        /* Best first is lowest first for resting BACKs and highest first for resting LAYs. */
        const struct btx_level_view *level = &levels[side == BTX_SIDE_BACK ? i : count - 1 - i];
        const struct btx_level_view *wanted = &ladder->levels[side][i];

        if (level->price != wanted->price || level->size != wanted->size) {
            snprintf(text, sizeof text,
                     "runner %" PRIu64 ": %s level %zu is %" PRId64 " at %" PRIu32 ", want %" PRId64
                     " at %" PRIu32 " (in 1/10 000)",
                     ladder->runner, name, i, level->size, level->price, wanted->size,
                     wanted->price);
            return text;
        }
    }
    return NULL;
}

const char *btx_flow_ladder_compare(const struct btx_flow_ladder *ladder,
                                    const struct btx_core *core, uint64_t market)
{
    const char *why = compare_side(ladder, core, market, BTX_SIDE_BACK);

    return why != NULL ? why : compare_side(ladder, core, market, BTX_SIDE_LAY);
}
