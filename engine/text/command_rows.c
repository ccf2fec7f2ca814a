/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/text/command_rows.h"

#include "engine/base/check.h"

#define KEY(name) .key = "\"" name "\"", .key_length = sizeof(name) + 1

/* <KIND>(body, field): form, place and range of a value. */
#define AT(body, field) .offset = offsetof(struct btx_##body, field)
#define KIND_ID(body, field)                                                                       \
    .form = BTX_TEXT_INTEGER, AT(body, field), .least = 0, .most = UINT64_MAX
#define KIND_COUNT(body, field) KIND_ID(body, field)
#define KIND_SEQUENCE(body, field)                                                                 \
    .form = BTX_TEXT_INTEGER, AT(body, field), .least = 1, .most = UINT64_MAX
#define KIND_TIME(body, field)                                                                     \
    .form = BTX_TEXT_INTEGER, AT(body, field), .least = 0, .most = BTX_TIME_NS_MAX
#define KIND_PRICE(body, field) .form = BTX_TEXT_PRICE, AT(body, field)
#define KIND_DECIMAL(body, field) .form = BTX_TEXT_DECIMAL, AT(body, field)
#define KIND_BOOL(body, field) .form = BTX_TEXT_BOOL, AT(body, field)
#define KIND_REF(body, field) .form = BTX_TEXT_REF, AT(body, field##_length)
#define KIND_TEXT(body, field) .form = BTX_TEXT_TEXT, AT(body, field##_length)
#define KIND_IDS(body, field) .form = BTX_TEXT_IDS, AT(body, field##_count)
#define KIND_WORD(body, field, table, first)                                                       \
    .form = BTX_TEXT_WORD, AT(body, field), .words = (table), .words_first = (first),              \
    .words_count = BTX_COUNT_OF(table)
#define KIND_SIDE(body, field) KIND_WORD(body, field, btx_text_side_words, 0)
#define KIND_ORDER_SIDE(body, field) KIND_WORD(body, field, btx_text_order_side_words, 0)
#define KIND_OUTCOME(body, field) KIND_WORD(body, field, btx_text_outcome_words, 1)
#define KIND_MARKET_KIND(body, field) KIND_WORD(body, field, btx_text_market_kind_words, 0)
#define KIND_LADDER(body, field) KIND_WORD(body, field, btx_text_ladder_words, 0)
#define KIND_TIF(body, field) KIND_WORD(body, field, btx_text_tif_words, 0)
#define KIND_PERSISTENCE(body, field) KIND_WORD(body, field, btx_text_persistence_words, 0)
#define KIND_STP(body, field) KIND_WORD(body, field, btx_text_stp_words, 0)

#define PRESENT(body, bit)                                                                         \
    .present_offset = offsetof(struct btx_##body, present), .present_bit = (bit)
#define NEED_REQUIRED(body) .required = 1
#define NEED_DEFAULT(body) .required = 0
#define NEED_HAS_0(body) PRESENT(body, 0x01)
#define NEED_HAS_1(body) PRESENT(body, 0x02)
#define NEED_HAS_2(body) PRESENT(body, 0x04)
#define NEED_HAS_3(body) PRESENT(body, 0x08)
#define NEED_HAS_4(body) PRESENT(body, 0x10)
#define NEED_HAS_5(body) PRESENT(body, 0x20)
#define NEED_HAS_6(body) PRESENT(body, 0x40)

/* The rows of all commands, one command behind the other as the list has them. */
static const struct btx_text_row all_rows[] = {
#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    {KEY(#field), KIND_##KIND(body, field), NEED_##NEED(body)},
#include "engine/wire/command_fields.def"
};

#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    static_assert(sizeof("\"" #field "\"") - 1 <= sizeof(all_rows[0].key),                         \
                  "a key fits two machine words");
#include "engine/wire/command_fields.def"

#define REQUIRED_REQUIRED 1u
#define REQUIRED_DEFAULT 0u
#define REQUIRED_HAS_0 0u
#define REQUIRED_HAS_1 0u
#define REQUIRED_HAS_2 0u
#define REQUIRED_HAS_3 0u
#define REQUIRED_HAS_4 0u
#define REQUIRED_HAS_5 0u
#define REQUIRED_HAS_6 0u

/* With a constant type, all of this is one constant.  The list is in the order of the commands'
 * numbers, so what comes before a command's rows are those of lower numbers. */
__attribute__((always_inline)) static inline struct btx_text_rows rows_of(
    const enum btx_command_type type)
{
    uint32_t first = 0;
    uint32_t count = 0;
    uint32_t required = 0;

#define FIELD(COMMAND, body, field, KIND, NEED) first += BTX_COMMAND_##COMMAND < type;
#include "engine/wire/command_fields.def"
#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    if (BTX_COMMAND_##COMMAND == type) {                                                           \
        required |= REQUIRED_##NEED << count;                                                      \
        count++;                                                                                   \
    }
#include "engine/wire/command_fields.def"
    CHECK(count <= BTX_TEXT_ROWS_MAX);
    return (struct btx_text_rows){all_rows + first, count, required};
}

struct btx_text_rows btx_text_rows_of(enum btx_command_type type)
{
    switch (type) {
#define COMMAND(number, NAME, Name, body, size, door)                                              \
    case BTX_COMMAND_##NAME:                                                                       \
        return rows_of(BTX_COMMAND_##NAME);
#include "engine/wire/commands.def"
    }
    CHECK_UNREACHABLE();
}

const struct btx_text_row btx_text_time_row = {
    KEY("t"),   .form = BTX_TEXT_INTEGER, .offset = offsetof(struct btx_record, time_ns),
    .least = 0, .most = BTX_TIME_NS_MAX,  .required = 1,
};
const struct btx_text_row btx_text_type_row = {
    KEY("cmd"),
    .form = BTX_TEXT_TYPE,
    .words = btx_text_command_words,
    .words_first = 1,
    .words_count = BTX_TEXT_COMMAND_WORDS,
    .required = 1,
};
