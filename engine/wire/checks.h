/* SPDX-License-Identifier: Apache-2.0 */
/* checks.h - private to engine/wire: what the parts of btx_record_check() share.
 *
 * The parts are straight-line code that the compiler makes of the field lists, because the engine
 * checks every command: a switch over the type calls an inlined function in which the type is a
 * constant, and the rows of all other types fall away. */
#ifndef BTX_WIRE_CHECKS_H
#define BTX_WIRE_CHECKS_H

#include "engine/base/utf8.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"
#include "engine/wire/requests.h"

#include <string.h>

/* Inlined even where the compiler does not optimise: else the constant type is none. */
#define BTX_WIRE_INLINE static inline __attribute__((always_inline))

/* How many bytes follow the fixed body, as its counts say.  The body is readable. */
size_t btx_command_tail_bytes(const struct btx_command *command);
size_t btx_event_tail_bytes(const struct btx_record *event);
size_t btx_note_tail_bytes(const struct btx_record *note);

/* Check what is said by an event or a note whose frame is sound.  NULL or a sentence. */
BTX_MUST_USE const char *btx_event_check(const struct btx_record *event);
BTX_MUST_USE const char *btx_note_check(const struct btx_record *note);

BTX_WIRE_INLINE bool is_zero(const void *bytes, size_t length_bytes)
{
    const uint8_t *byte = bytes;
    unsigned set = 0;

    for (size_t i = 0; i < length_bytes; i++)
        set |= byte[i];
    return set == 0;
}

/* No early exit: a text is short, and this way it is a few vector instructions. */
BTX_WIRE_INLINE bool is_printable(const char *text, size_t length_bytes)
{
    unsigned bad = 0;

    for (size_t i = 0; i < length_bytes; i++)
        bad |= (uint8_t)((uint8_t)text[i] - 0x20u) > 0x7eu - 0x20u;
    return bad == 0;
}

/* Printable, then only zeros; a text that fills its field has none. */
static inline bool is_padded_text(const char *text, size_t size_bytes)
{
    const size_t length_bytes = strnlen(text, size_bytes);

    return is_printable(text, length_bytes) &&
           is_zero(text + length_bytes, size_bytes - length_bytes);
}

/* NULL when the text is well, else what is wrong with it. */
BTX_WIRE_INLINE const char *sentence_on_text(const char *text, size_t length_bytes,
                                             size_t length_bytes_max, const char *too_long,
                                             const char *not_printable)
{
    if (length_bytes > length_bytes_max)
        return too_long;
    return is_printable(text, length_bytes) ? NULL : not_printable;
}

/* The same for a text of UTF-8. */
static inline const char *sentence_on_utf8(const char *text, size_t length_bytes,
                                           size_t length_bytes_max, const char *too_long,
                                           const char *not_utf8)
{
    if (length_bytes > length_bytes_max)
        return too_long;
    return btx_utf8_is_valid(text, length_bytes) ? NULL : not_utf8;
}

/* check_reserved_<body>(): the reserved members are zero. */
#define CHECK_RESERVED_FRAME(member)
#define CHECK_RESERVED_FIELD(member)
#define CHECK_RESERVED_PRESENT(member)
#define CHECK_RESERVED_RESERVED(member)                                                            \
    if (!is_zero(&record->member, sizeof record->member))                                          \
        return #member ": not zero";
#define BODY(body, size_bytes)                                                                     \
    BTX_WIRE_INLINE const char *check_reserved_##body(const void *bytes)                           \
    {                                                                                              \
        const struct btx_##body *record = bytes;
#define MEMBER(body, member, offset, bytes, USE) CHECK_RESERVED_##USE(member)
#define END(body)                                                                                  \
    (void)record;                                                                                  \
    return NULL;                                                                                   \
    }
#include "engine/wire/layout.def"

/* SENTENCE_<KIND>(what, field): NULL when the field of *what is well, else what is wrong with it.
 * The kinds that commands and events see alike; the others are beside their lists. */
#define SENTENCE_RANGE(what, field, is_in_range) ((is_in_range) ? NULL : #field ": out of range")
#define SENTENCE_BYTE(what, field, count) SENTENCE_RANGE(what, field, (what)->field < (count))
#define SENTENCE_ID(what, field) NULL
#define SENTENCE_COUNT(what, field) NULL
#define SENTENCE_SEQUENCE(what, field) NULL
#define SENTENCE_BOOL(what, field) SENTENCE_BYTE(what, field, 2)
#define SENTENCE_SIDE(what, field) SENTENCE_BYTE(what, field, BTX_SIDE_COUNT)
#define SENTENCE_MARKET_KIND(what, field) SENTENCE_BYTE(what, field, BTX_MARKET_KIND_COUNT)
#define SENTENCE_LADDER(what, field) SENTENCE_BYTE(what, field, BTX_LADDER_COUNT)
#define SENTENCE_TIF(what, field) SENTENCE_BYTE(what, field, BTX_TIF_COUNT)
#define SENTENCE_PERSISTENCE(what, field) SENTENCE_BYTE(what, field, BTX_PERSISTENCE_COUNT)
#define SENTENCE_STP(what, field) SENTENCE_BYTE(what, field, BTX_STP_COUNT)
#define SENTENCE_REF(what, field)                                                                  \
    sentence_on_text((const char *)((what) + 1), (what)->field##_length, BTX_REF_BYTES_MAX,        \
                     #field ": too long", #field ": not printable ASCII")

#define SENTENCE_TEXT(what, field)                                                                 \
    sentence_on_utf8((const char *)((what) + 1), (what)->field##_length,                           \
                     BTX_DESCRIPTION_BYTES_MAX, #field ": too long", #field ": not UTF-8")

/* STORED_<KIND>(field): the member that is zero when an optional field is absent. */
#define STORED_ID(field) field
#define STORED_COUNT(field) field
#define STORED_PRICE(field) field
#define STORED_DECIMAL(field) field
#define STORED_SIZE(field) field
#define STORED_TIME(field) field
#define STORED_BOOL(field) field
#define STORED_LADDER(field) field
#define STORED_SIDE(field) field
#define STORED_REF(field) field##_length
#define STORED_IDS(field) field##_count

/* TAIL_BYTES_<KIND>(what, field): what the field has behind the body. */
#define TAIL_BYTES_REF(what, field) ((what)->field##_length)
#define TAIL_BYTES_TEXT(what, field) ((what)->field##_length)
#define TAIL_BYTES_IDS(what, field) ((what)->field##_count * sizeof(uint64_t))
#define TAIL_BYTES_ID(what, field) 0u
#define TAIL_BYTES_COUNT(what, field) 0u
#define TAIL_BYTES_COUNT32(what, field) 0u
#define TAIL_BYTES_SEQUENCE(what, field) 0u
#define TAIL_BYTES_TIME(what, field) 0u
#define TAIL_BYTES_DELAY(what, field) 0u
#define TAIL_BYTES_FLAG(what, field) 0u
#define TAIL_BYTES_PERCENT(what, field) 0u
#define TAIL_BYTES_LADDER(what, field) 0u
#define TAIL_BYTES_DECIMAL(what, field) 0u
#define TAIL_BYTES_AMOUNT(what, field) 0u
#define TAIL_BYTES_SIZE(what, field) 0u
#define TAIL_BYTES_PRICE(what, field) 0u
#define TAIL_BYTES_FRACTION(what, field) 0u
#define TAIL_BYTES_BOOL(what, field) 0u
#define TAIL_BYTES_SIDE(what, field) 0u
#define TAIL_BYTES_ORDER_SIDE(what, field) 0u
#define TAIL_BYTES_OUTCOME(what, field) 0u
#define TAIL_BYTES_MARKET_KIND(what, field) 0u
#define TAIL_BYTES_TIF(what, field) 0u
#define TAIL_BYTES_PERSISTENCE(what, field) 0u
#define TAIL_BYTES_STP(what, field) 0u
#define TAIL_BYTES_CAUSE(what, field) 0u
#define TAIL_BYTES_REJECT(what, field) 0u
#define TAIL_BYTES_COMMAND(what, field) 0u

/* NEED_<NEED>(what, field, KIND): return the sentence on the field, if there is one.  The bits of
 * `present` that mean something are gathered in present_known. */
#define NEED_ALWAYS(what, field, KIND)                                                             \
    sentence = SENTENCE_##KIND(what, field);                                                       \
    if (sentence != NULL)                                                                          \
        return sentence;
#define NEED_REQUIRED(what, field, KIND) NEED_ALWAYS(what, field, KIND)
#define NEED_DEFAULT(what, field, KIND) NEED_ALWAYS(what, field, KIND)
#define NEED_BIT(what, field, KIND, bit)                                                           \
    present = (what)->present;                                                                     \
    present_known |= (bit);                                                                        \
    if ((present & (bit)) != 0) {                                                                  \
        NEED_ALWAYS(what, field, KIND)                                                             \
    } else if ((what)->STORED_##KIND(field) != 0) {                                                \
        return #field ": not zero although absent";                                                \
    }
#define NEED_HAS_0(what, field, KIND) NEED_BIT(what, field, KIND, 0x01u)
#define NEED_HAS_1(what, field, KIND) NEED_BIT(what, field, KIND, 0x02u)
#define NEED_HAS_2(what, field, KIND) NEED_BIT(what, field, KIND, 0x04u)
#define NEED_HAS_3(what, field, KIND) NEED_BIT(what, field, KIND, 0x08u)
#define NEED_HAS_4(what, field, KIND) NEED_BIT(what, field, KIND, 0x10u)
#define NEED_HAS_5(what, field, KIND) NEED_BIT(what, field, KIND, 0x20u)
#define NEED_HAS_6(what, field, KIND) NEED_BIT(what, field, KIND, 0x40u)

#endif
