/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler writes a reader for each command from command_fields.def: the rows of all commands
 * are in one inline function, each behind a test of the type, which is a constant wherever the
 * function is used.  A field's key is compared as one or two machine words with constants, and
 * there are no loops over characters, so the branches that remain ask only which optional fields
 * are there.
 *
 * A field is taken only with a good value and with what follows a value in such a line, a comma
 * or the closing brace.  So the way ends at the first thing that is unusual or wrong, before the
 * comma of its field, and every sentence on what is wrong comes from the general way. */
#include "engine/text/command_decoding.h"
#include "engine/text/text_scan.h"
#include "engine/text/text_words.h"

#define INLINE __attribute__((always_inline)) static inline

/* The bytes of @literal from @from on, up to eight or its end, as they lie in memory. */
INLINE uint64_t word_of(const char *literal, size_t length, size_t from)
{
    uint64_t word = 0;

#pragma GCC unroll 8
    for (size_t i = 0; i < 8; i++)
        word |= from + i < length ? (uint64_t)(unsigned char)literal[from + i] << 8 * i : 0;
    return word;
}

/* Whether the @length bytes of @literal, at most 24, are at @p.  All but @p are constants: what
 * remains is a comparison for each eight bytes, the last with those before it once more. */
INLINE bool is_at(const char *p, const char *literal, size_t length)
{
    uint64_t difference = 0;

    if (length < 8)
        return (btx_text_load(p) ^ word_of(literal, length, 0)) << (64 - 8 * length) == 0;
    if (length > 8)
        difference = btx_text_load(p) ^ word_of(literal, length, 0);
    if (length > 16)
        difference |= btx_text_load(p + 8) ^ word_of(literal, length, 8);
    return (difference | (btx_text_load(p + length - 8) ^ word_of(literal, length, length - 8))) ==
           0;
}
#define IS_AT(p, literal) is_at(p, literal, sizeof(literal) - 1)

INLINE const char *fast_u64(const char *p, uint64_t least, uint64_t *ret_field)
{
    const char *const end = btx_text_scan_u64(p, ret_field);

    return end != NULL && *ret_field >= least ? end : NULL;
}

INLINE const char *fast_time(const char *p, uint64_t *ret_field)
{
    const char *const end = btx_text_scan_u64(p, ret_field);

    return end != NULL && *ret_field <= BTX_TIME_NS_MAX ? end : NULL;
}

INLINE const char *fast_price(const char *p, uint64_t *ret_field)
{
    const char *const end = btx_text_scan_decimal(p, ret_field);

    return end != NULL && *ret_field <= BTX_PRICE_WIRE_MAX ? end : NULL;
}

INLINE const char *fast_decimal(const char *p, int64_t *ret_field)
{
    uint64_t value = 0;
    const char *const end = btx_text_scan_decimal(p, &value);

    *ret_field = (int64_t)value;
    return end != NULL && value <= INT64_MAX ? end : NULL;
}

INLINE const char *fast_bool(const char *p, uint8_t *ret_field)
{
    const bool is_true = IS_AT(p, "true");

    *ret_field = is_true;
    return is_true ? p + 4 : IS_AT(p, "false") ? p + 5 : NULL;
}

/* One of the words of a list of terms.h, from number @first on, found without a branch: which of
 * them it is cannot be predicted.  At most one matches. */
#define MATCH(P, word_number, NAME)                                                                \
    {                                                                                              \
        const size_t matches = IS_AT(p, "\"" #NAME "\"");                                          \
                                                                                                   \
        number |= matches * (word_number);                                                         \
        length |= matches * (sizeof("\"" #NAME "\"") - 1);                                         \
    }
#define FAST_WORD(name, TERMS, first)                                                              \
    INLINE const char *fast_##name(const char *p, uint8_t *ret_field)                              \
    {                                                                                              \
        size_t number = 0;                                                                         \
        size_t length = 0;                                                                         \
                                                                                                   \
        TERMS(MATCH, )                                                                             \
        *ret_field = (uint8_t)number;                                                              \
        return length != 0 && number + 1 > (first) ? p + length : NULL;                            \
    }
FAST_WORD(side, BTX_SIDE_TERMS, 0)
FAST_WORD(order_side, BTX_ORDER_SIDE_TERMS, 0)
FAST_WORD(outcome, BTX_OUTCOME_TERMS, 1)
FAST_WORD(market_kind, BTX_MARKET_KIND_TERMS, 0)
FAST_WORD(ladder, BTX_LADDER_TERMS, 0)
FAST_WORD(tif, BTX_TIF_TERMS, 0)
FAST_WORD(persistence, BTX_PERSISTENCE_TERMS, 0)
FAST_WORD(stp, BTX_STP_TERMS, 0)

/* READ_<KIND>(field): read the value at @value into the field of *@what. */
#define READ_ID(field) fast_u64(value, 0, &what->field)
#define READ_COUNT(field) fast_u64(value, 0, &what->field)
#define READ_SEQUENCE(field) fast_u64(value, 1, &what->field)
#define READ_TIME(field) fast_time(value, &what->field)
#define READ_PRICE(field) fast_price(value, &what->field)
#define READ_DECIMAL(field) fast_decimal(value, &what->field)
#define READ_BOOL(field) fast_bool(value, &what->field)
#define READ_SIDE(field) fast_side(value, &what->field)
#define READ_ORDER_SIDE(field) fast_order_side(value, &what->field)
#define READ_OUTCOME(field) fast_outcome(value, &what->field)
#define READ_MARKET_KIND(field) fast_market_kind(value, &what->field)
#define READ_LADDER(field) fast_ladder(value, &what->field)
#define READ_TIF(field) fast_tif(value, &what->field)
#define READ_PERSISTENCE(field) fast_persistence(value, &what->field)
#define READ_STP(field) fast_stp(value, &what->field)
#define READ_REF(field) btx_text_read_value(decoding, decoding->rows.rows + row, value)
#define READ_TEXT(field) READ_REF(field)
#define READ_IDS(field) READ_REF(field)

#define PRESENT_REQUIRED
#define PRESENT_DEFAULT
#define PRESENT_HAS_0 what->present |= 0x01u
#define PRESENT_HAS_1 what->present |= 0x02u
#define PRESENT_HAS_2 what->present |= 0x04u
#define PRESENT_HAS_3 what->present |= 0x08u
#define PRESENT_HAS_4 what->present |= 0x10u
#define PRESENT_HAS_5 what->present |= 0x20u
#define PRESENT_HAS_6 what->present |= 0x40u

/* The members behind "cmd" of a command of @type, a constant.  @p is behind a value. */
INLINE const char *read_members(struct btx_text_decoding *decoding, const char *p,
                                const enum btx_command_type type)
{
    struct btx_command *const command = &decoding->space->command;
    const char *value = p + sizeof(",\"t\":") - 1;
    const char *end;
    uint32_t seen = BTX_TEXT_SEEN_TYPE;
    uint32_t row = 0; /* a constant too, wherever it is used */

    if (!IS_AT(p, ",\"t\":"))
        goto done;
    end = fast_u64(value, 0, &command->record.time_ns);
    if (end == NULL || command->record.time_ns > BTX_TIME_NS_MAX || (*end != ',' && *end != '}'))
        goto done;
    seen |= BTX_TEXT_SEEN_TIME;
    p = end;

#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    if (type == BTX_COMMAND_##COMMAND) {                                                           \
        struct btx_##body *const what = (void *)command;                                           \
        (void)what;                                                                                \
                                                                                                   \
        if (IS_AT(p, ",\"" #field "\":")) {                                                        \
            value = p + sizeof(",\"" #field "\":") - 1;                                            \
            end = READ_##KIND(field);                                                              \
            if (end == NULL || (*end != ',' && *end != '}'))                                       \
                goto done;                                                                         \
            PRESENT_##NEED;                                                                        \
            seen |= 1u << row;                                                                     \
            p = end;                                                                               \
        }                                                                                          \
        row++;                                                                                     \
    }
#include "engine/wire/command_fields.def"

done:
    decoding->seen = seen;
    return p;
}

const char *btx_text_read_expected(struct btx_text_decoding *decoding)
{
    const char *p = decoding->text->line;

    if (!IS_AT(p, "{\"cmd\":"))
        return NULL;
    p += sizeof("{\"cmd\":") - 1;
#define COMMAND(number, NAME, Name, body, size, door)                                              \
    if (IS_AT(p, "\"" #Name "\"")) {                                                               \
        btx_text_begin(decoding, BTX_COMMAND_##NAME);                                              \
        return read_members(decoding, p + sizeof("\"" #Name "\"") - 1, BTX_COMMAND_##NAME);        \
    }
#include "engine/wire/commands.def"
    return NULL;
}
