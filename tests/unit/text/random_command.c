/* SPDX-License-Identifier: Apache-2.0 */
#include "random_command.h"

#include "engine/base/check.h"

#include <stdio.h>
#include <string.h>

enum { MEMBERS_MAX = 32 };

/* splitmix64 */
uint64_t btx_random_below(struct random_source *random, uint64_t bound)
{
    uint64_t value = random->state += UINT64_C(0x9e3779b97f4a7c15);

    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return (value ^ value >> 31) % bound;
}

/* Any number of 64 bits: of any bit length, or with few digits, or at an edge. */
static uint64_t random_u64(struct random_source *random)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     9,
                                     10,
                                     9999,
                                     10000,
                                     99999999,
                                     100000000,
                                     INT64_MAX,
                                     UINT64_MAX,
                                     UINT64_MAX - 1,
                                     UINT32_MAX,
                                     9999999999999999,
                                     10000000000000000};

    switch (btx_random_below(random, 3)) {
    case 0:
        return edges[btx_random_below(random, sizeof edges / sizeof edges[0])];
    case 1:
        return btx_random_below(random, 1000);
    default: /* lint: default: the bound above */
        return btx_random_below(random, UINT64_MAX) >> btx_random_below(random, 64);
    }
}

static int64_t random_decimal(struct random_source *random)
{
    const uint64_t value = random_u64(random);

    if (btx_random_below(random, 10) == 0)
        return INT64_MIN;
    return btx_random_below(random, 4) == 0 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* Code points of one to four bytes, controls and what JSON escapes among them; sometimes as many as
 * a description may have.  Returns the bytes. */
static size_t random_utf8(struct random_source *random, char *text)
{
    /* The empty one stands for U+0000. */
    static const char *const points[] = {"a",
                                         "\"",
                                         "\\",
                                         "/",
                                         "\n",
                                         "",
                                         "\x01",
                                         "\x1f",
                                         "\x7f",
                                         "\xc2\x80",
                                         "\xc3\xa9",
                                         "\xe0\xa0\x80",
                                         "\xef\xbf\xbf",
                                         "\xf0\x9f\x90\x8e",
                                         "\xf4\x8f\xbf\xbf"};
    const bool is_long = btx_random_below(random, 40) == 0;
    const size_t most = is_long ? BTX_DESCRIPTION_BYTES_MAX : btx_random_below(random, 40);
    size_t length_bytes = 0;

    for (;;) {
        const char *point = points[btx_random_below(random, sizeof points / sizeof points[0])];
        const size_t point_bytes = *point == '\0' ? 1 : strlen(point);

        if (length_bytes + point_bytes > most)
            return length_bytes;
        memcpy(text + length_bytes, point, point_bytes);
        length_bytes += point_bytes;
    }
}

/* SET_<KIND>(what, field): any valid value. */
#define SET_ID(what, field) (what)->field = random_u64(random)
#define SET_COUNT(what, field) SET_ID(what, field)
#define SET_SEQUENCE(what, field) (what)->field = random_u64(random) | 1
#define SET_PRICE(what, field)                                                                     \
    (what)->field = btx_random_below(random, 8) == 0                                               \
                        ? BTX_PRICE_WIRE_MAX                                                       \
                        : random_u64(random) % (BTX_PRICE_WIRE_MAX + 1)
#define SET_TIME(what, field) (what)->field = random_u64(random) >> 1
#define SET_LADDER(what, field) SET_BYTE(what, field, BTX_LADDER_COUNT)
#define SET_DECIMAL(what, field) (what)->field = random_decimal(random)
#define SET_BYTE(what, field, bound) (what)->field = (uint8_t)btx_random_below(random, bound)
#define SET_BOOL(what, field) SET_BYTE(what, field, 2)
#define SET_SIDE(what, field) SET_BYTE(what, field, BTX_SIDE_COUNT)
#define SET_ORDER_SIDE(what, field) SET_BYTE(what, field, BTX_ORDER_SIDE_COUNT)
#define SET_OUTCOME(what, field) SET_BYTE(what, field, BTX_OUTCOME_COUNT)
#define SET_MARKET_KIND(what, field) SET_BYTE(what, field, BTX_MARKET_KIND_COUNT)
#define SET_TIF(what, field) SET_BYTE(what, field, BTX_TIF_COUNT)
#define SET_PERSISTENCE(what, field) SET_BYTE(what, field, BTX_PERSISTENCE_COUNT)
#define SET_STP(what, field) SET_BYTE(what, field, BTX_STP_COUNT)
#define SET_REF(what, field)                                                                       \
    {                                                                                              \
        SET_BYTE(what, field##_length, BTX_REF_BYTES_MAX + 1);                                     \
        tail_bytes = (what)->field##_length;                                                       \
        for (size_t i = 0; i < tail_bytes; i++)                                                    \
            ((char *)((what) + 1))[i] = (char)(' ' + btx_random_below(random, 0x7f - ' '));        \
    }
#define SET_TEXT(what, field)                                                                      \
    {                                                                                              \
        tail_bytes = random_utf8(random, (char *)((what) + 1));                                    \
        (what)->field##_length = (uint16_t)tail_bytes;                                             \
    }
#define SET_IDS(what, field)                                                                       \
    {                                                                                              \
        (what)->field##_count = (uint16_t)btx_random_below(                                        \
            random, btx_random_below(random, 50) == 0 ? BTX_LIST_IDS_MAX + 1 : 6);                 \
        tail_bytes = sizeof(uint64_t) * (what)->field##_count;                                     \
        for (size_t i = 0; i < (what)->field##_count; i++)                                         \
            ((uint64_t *)((what) + 1))[i] = random_u64(random);                                    \
    }

/* Whether an optional field is given: by chance, and then its bit of `present` says so. */
#define GIVEN_REQUIRED(what) true
#define GIVEN_DEFAULT(what) (btx_random_below(random, 2) == 0)
#define GIVEN_BIT(what, bit) (btx_random_below(random, 2) == 0 && ((what)->present |= (bit)) != 0)
#define GIVEN_HAS_0(what) GIVEN_BIT(what, 0x01)
#define GIVEN_HAS_1(what) GIVEN_BIT(what, 0x02)
#define GIVEN_HAS_2(what) GIVEN_BIT(what, 0x04)
#define GIVEN_HAS_3(what) GIVEN_BIT(what, 0x08)
#define GIVEN_HAS_4(what) GIVEN_BIT(what, 0x10)
#define GIVEN_HAS_5(what) GIVEN_BIT(what, 0x20)
#define GIVEN_HAS_6(what) GIVEN_BIT(what, 0x40)

/* A command of @type, well in each field for itself. */
static void fill(struct random_source *random, enum btx_command_type type,
                 union btx_command_space *space)
{
    size_t tail_bytes = 0;

    (void)btx_command_begin(space, type);
    space->command.record.time_ns = random_u64(random) >> 1;
#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    if (type == BTX_COMMAND_##COMMAND) {                                                           \
        struct btx_##body *what = (void *)space;                                                   \
                                                                                                   \
        if (GIVEN_##NEED(what))                                                                    \
            SET_##KIND(what, field);                                                               \
    }
#include "engine/wire/command_fields.def"
    btx_command_set_length(space, tail_bytes);
}

void btx_random_command(struct random_source *random, union btx_command_space *space)
{
    const enum btx_command_type type =
        (enum btx_command_type)(1 + btx_random_below(random, BTX_COMMAND_COUNT));

    /* What fields say about each other holds by chance, often enough. */
    do {
        fill(random, type, space);
    } while (btx_command_check(&space->command) != NULL);
}

/* What is being written. */
struct spelling {
    struct random_source *random;
    char *out;
    size_t size_bytes;
    size_t length;
};

static void put(struct spelling *spelling, char byte)
{
    CHECK(spelling->length < spelling->size_bytes);
    spelling->out[spelling->length++] = byte;
}

static void put_space(struct spelling *spelling)
{
    for (uint64_t i = btx_random_below(spelling->random, 3); i > 0; i--)
        put(spelling, " \t\r\n"[btx_random_below(spelling->random, 4)]);
}

/* One character of a string, sometimes as \uXXXX.  What is escaped already stays. */
static const char *put_character(struct spelling *spelling, const char *p)
{
    char escape[8];

    if (*p == '\\') {
        const size_t length = p[1] == 'u' ? 6 : 2;

        for (size_t i = 0; i < length; i++)
            put(spelling, p[i]);
        return p + length;
    }
    if ((unsigned char)*p < 0x80 && btx_random_below(spelling->random, 8) == 0) {
        snprintf(escape, sizeof escape,
                 btx_random_below(spelling->random, 2) ? "\\u%04x" : "\\u%04X", (unsigned)*p);
        for (size_t i = 0; escape[i] != '\0'; i++)
            put(spelling, escape[i]);
        return p + 1;
    }
    put(spelling, *p);
    return p + 1;
}

/* A member from its key up to the comma or the brace behind it. */
static void put_member(struct spelling *spelling, const char *p, const char *end)
{
    bool in_string = false;

    while (p < end) {
        if (*p == '"') {
            in_string = !in_string;
            put(spelling, *p++);
        } else if (in_string) {
            p = put_character(spelling, p);
        } else if (*p == ':' || *p == ',' || *p == '[' || *p == ']') {
            put_space(spelling);
            put(spelling, *p++);
            put_space(spelling);
        } else {
            put(spelling, *p++);
        }
    }
}

/* Find the members of @line: sets where each begins, and one behind the last. */
static size_t split(const char *line, const char **ret_members)
{
    size_t count = 0;
    bool in_string = false;
    bool in_list = false;
    const char *p = line + 1;

    ret_members[count++] = p;
    for (; *p != '\n'; p++) {
        if (in_string && *p == '\\')
            p++;
        else if (*p == '"')
            in_string = !in_string;
        else if (!in_string && (*p == '[' || *p == ']'))
            in_list = *p == '[';
        else if (!in_string && !in_list && (*p == ',' || *p == '}'))
            ret_members[count++] = p + 1;
        CHECK(count < MEMBERS_MAX);
    }
    return count - 1;
}

size_t btx_random_spelling(struct random_source *random, const char *line, char *out,
                           size_t size_bytes)
{
    struct spelling spelling = {random, out, size_bytes, 0};
    const char *members[MEMBERS_MAX];
    const size_t count = split(line, members);
    size_t order[MEMBERS_MAX];

    for (size_t i = 0; i < count; i++) {
        const size_t j = (size_t)btx_random_below(random, i + 1);

        order[i] = order[j];
        order[j] = i;
    }
    put_space(&spelling);
    put(&spelling, '{');
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            put(&spelling, ',');
        put_space(&spelling);
        put_member(&spelling, members[order[i]], members[order[i] + 1] - 1);
        put_space(&spelling);
    }
    put(&spelling, '}');
    put_space(&spelling);
    return spelling.length;
}
