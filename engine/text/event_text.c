/* SPDX-License-Identifier: Apache-2.0 */
/* The fields come from event_fields.def.  One inline function holds the rows of all events, each
 * behind a test of the type; every case of the switch below calls it with a constant, so that the
 * compiler leaves in each just the rows of one event, with key texts and offsets as constants. */
#include "engine/text/event_text.h"

#include "engine/base/check.h"
#include "engine/text/text_put.h"
#include "engine/text/text_words.h"
#include "engine/wire/events.h"

/* PUT_<KIND>(e, field): the field of event @e with its key. */
#define PUT(field, value_end)                                                                      \
    {                                                                                              \
        out = BTX_TEXT_PUT_LITERAL(out, ",\"" #field "\":");                                       \
        out = value_end;                                                                           \
    }
#define PUT_ID(e, field) PUT(field, btx_text_put_u64(out, (e)->field))
#define PUT_COUNT(e, field) PUT_ID(e, field)
#define PUT_COUNT32(e, field) PUT_ID(e, field)
#define PUT_SEQUENCE(e, field)                                                                     \
    if ((e)->field != 0)                                                                           \
    PUT_ID(e, field)
#define PUT_PRICE(e, field) PUT(field, btx_text_put_decimal_u64(out, (e)->field))
#define PUT_FRACTION(e, field) PUT_PRICE(e, field)
#define PUT_PERCENT(e, field) PUT_PRICE(e, field)
#define PUT_DELAY(e, field) PUT_SEQUENCE(e, field)
#define PUT_FLAG(e, field)                                                                         \
    if ((e)->field != 0)                                                                           \
    PUT_BOOL(e, field)
#define PUT_AMOUNT(e, field) PUT(field, btx_text_put_decimal(out, (e)->field))
#define PUT_SIZE(e, field) PUT_AMOUNT(e, field)
#define PUT_BOOL(e, field) PUT(field, btx_text_put_bool(out, (e)->field))
#define PUT_REF(e, field)                                                                          \
    PUT(field, btx_text_put_ref(out, (const char *)((e) + 1), (e)->field##_length))
#define PUT_TEXT(e, field)                                                                         \
    PUT(field, btx_text_put_text(out, (const char *)((e) + 1), (e)->field##_length))
#define PUT_IDS(e, field)                                                                          \
    PUT(field, btx_text_put_ids(out, (const uint64_t *)((e) + 1), (e)->field##_count))
#define PUT_WORD(e, field, words)                                                                  \
    PUT(field, btx_text_put_word(out, words, BTX_COUNT_OF(words), (e)->field))
#define PUT_SIDE(e, field) PUT_WORD(e, field, btx_text_side_words)
#define PUT_MARKET_KIND(e, field) PUT_WORD(e, field, btx_text_market_kind_words)
#define PUT_LADDER(e, field)                                                                       \
    if ((e)->field != BTX_LADDER_CLASSIC)                                                          \
    PUT_WORD(e, field, btx_text_ladder_words)
#define PUT_TIF(e, field) PUT_WORD(e, field, btx_text_tif_words)
#define PUT_PERSISTENCE(e, field) PUT_WORD(e, field, btx_text_persistence_words)
#define PUT_STP(e, field) PUT_WORD(e, field, btx_text_stp_words)
#define PUT_CAUSE(e, field) PUT_WORD(e, field, btx_text_cause_words)
#define PUT_REJECT(e, field) PUT_WORD(e, field, btx_text_reject_words)
#define PUT_COMMAND(e, field) PUT_WORD(e, field, btx_text_command_words)

/* Whether a field is there, by its NEED. */
#define GIVEN_ALWAYS(e) true
#define GIVEN_HAS_0(e) (((e)->present & 0x01u) != 0)
#define GIVEN_HAS_1(e) (((e)->present & 0x02u) != 0)
#define GIVEN_HAS_2(e) (((e)->present & 0x04u) != 0)
#define GIVEN_HAS_3(e) (((e)->present & 0x08u) != 0)

/* The fields of @event, which is of @type: a constant, see above. */
__attribute__((always_inline)) static inline char *put_fields(char *out,
                                                              const struct btx_record *event,
                                                              const enum btx_event_type type)
{
#define FIELD(EVENT, body, field, KIND, NEED)                                                      \
    if (type == BTX_EVENT_##EVENT) {                                                               \
        const struct btx_##body *e = (const void *)event;                                          \
        if (GIVEN_##NEED(e))                                                                       \
            PUT_##KIND(e, field);                                                                  \
    }
#include "engine/wire/event_fields.def"
    return out;
}

size_t btx_event_text_encode(const struct btx_record *event, char *out)
{
    char *const start = out;

    CHECK(btx_record_kind(event) == BTX_RECORD_EVENT);
    out = BTX_TEXT_PUT_LITERAL(out, "{\"seq\":");
    out = btx_text_put_u64(out, event->seq);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"tx\":");
    out = btx_text_put_u64(out, event->tx);
    out = BTX_TEXT_PUT_LITERAL(out, ",\"t\":");
    out = btx_text_put_u64(out, event->time_ns);
    switch ((enum btx_event_type)event->type) {
#define EVENT(number, NAME, Name, body, size)                                                      \
    case BTX_EVENT_##NAME:                                                                         \
        out = BTX_TEXT_PUT_LITERAL(out, ",\"ev\":\"" #Name "\"");                                  \
        out = put_fields(out, event, BTX_EVENT_##NAME);                                            \
        break;
#include "engine/wire/events.def"
    }
    if ((event->kind_flags & BTX_RECORD_TX_END) != 0)
        out = BTX_TEXT_PUT_LITERAL(out, ",\"end\":true}\n");
    else
        out = BTX_TEXT_PUT_LITERAL(out, "}\n");
    return (size_t)(out - start);
}
