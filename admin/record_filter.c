/* SPDX-License-Identifier: Apache-2.0 */
/* The fields come from the lists of engine/wire: every ID is a row below, and its name says what
 * it is the id of. */
#include "admin/record_filter.h"

#include <stddef.h>
#include <string.h>

#include "engine/wire/commands.h"
#include "engine/wire/events.h"

/* An id in a record. */
struct id_row {
    uint8_t type;
    const char *name;
    size_t offset_bytes;
    size_t present_offset_bytes; /* of the byte that says whether it is there; 0: it always is */
    uint8_t present_bit;
};

#define NEED_ALWAYS(body) 0, 0
#define NEED_REQUIRED(body) 0, 0
#define NEED_HAS_0(body) offsetof(struct btx_##body, present), 0x01
#define NEED_HAS_1(body) offsetof(struct btx_##body, present), 0x02
#define NEED_HAS_2(body) offsetof(struct btx_##body, present), 0x04
#define NEED_HAS_3(body) offsetof(struct btx_##body, present), 0x08

#define ROW_ID(type, body, field, NEED)                                                            \
    {(uint8_t)(type), #field, offsetof(struct btx_##body, field), NEED_##NEED(body)},
#define ROW_COUNT(type, body, field, NEED)
#define ROW_COUNT32(type, body, field, NEED)
#define ROW_SEQUENCE(type, body, field, NEED)
#define ROW_PRICE(type, body, field, NEED)
#define ROW_FRACTION(type, body, field, NEED)
#define ROW_AMOUNT(type, body, field, NEED)
#define ROW_SIZE(type, body, field, NEED)
#define ROW_TIME(type, body, field, NEED)
#define ROW_DELAY(type, body, field, NEED)
#define ROW_FLAG(type, body, field, NEED)
#define ROW_PERCENT(type, body, field, NEED)
#define ROW_LADDER(type, body, field, NEED)
#define ROW_TEXT(type, body, field, NEED)
#define ROW_DECIMAL(type, body, field, NEED)
#define ROW_BOOL(type, body, field, NEED)
#define ROW_REF(type, body, field, NEED)
#define ROW_IDS(type, body, field, NEED)
#define ROW_SIDE(type, body, field, NEED)
#define ROW_ORDER_SIDE(type, body, field, NEED)
#define ROW_OUTCOME(type, body, field, NEED)
#define ROW_MARKET_KIND(type, body, field, NEED)
#define ROW_TIF(type, body, field, NEED)
#define ROW_PERSISTENCE(type, body, field, NEED)
#define ROW_STP(type, body, field, NEED)
#define ROW_CAUSE(type, body, field, NEED)
#define ROW_REJECT(type, body, field, NEED)
#define ROW_COMMAND(type, body, field, NEED)

static const struct id_row event_rows[] = {
#define FIELD(EVENT, body, field, KIND, NEED) ROW_##KIND(BTX_EVENT_##EVENT, body, field, NEED)
#include "engine/wire/event_fields.def"
};

static const struct id_row command_rows[] = {
#define FIELD(COMMAND, body, field, KIND, NEED) ROW_##KIND(BTX_COMMAND_##COMMAND, body, field, NEED)
#include "engine/wire/command_fields.def"
};

/* The names under which records have ids of one sort. */
static const char *const account_names[] = {"account", "taker_account", "maker_account", NULL};
static const char *const market_names[] = {"market", NULL};
static const char *const order_names[] = {"order", "taker", "maker", NULL};

static bool is_named(const char *const *names, const char *name)
{
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

/* Whether one of the fields @names of @record, whose fields are @rows, is @id. */
static bool has_id(const struct btx_record *record, const struct id_row *rows, size_t row_count,
                   const char *const *names, uint64_t id)
{
    const uint8_t *bytes = (const uint8_t *)record;

    for (const struct id_row *row = rows; row < rows + row_count; row++) {
        uint64_t value;

        if (row->type != record->type || !is_named(names, row->name))
            continue;
        if (row->present_bit != 0 && (bytes[row->present_offset_bytes] & row->present_bit) == 0)
            continue;
        memcpy(&value, bytes + row->offset_bytes, sizeof value);
        if (value == id)
            return true;
    }
    return false;
}

/* The one list of orders that events have. */
static bool lists_order(const struct btx_record *record, uint64_t order)
{
    const struct btx_order_cancelled_batched *event = (const void *)record;
    const uint64_t *orders = (const uint64_t *)(event + 1);

    if (record->type != BTX_EVENT_ORDER_CANCELLED_BATCHED)
        return false;
    for (size_t i = 0; i < event->orders_count; i++) {
        if (orders[i] == order)
            return true;
    }
    return false;
}

static bool names_id(const struct btx_record *record, const char *const *names, uint64_t id)
{
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return has_id(record, command_rows, BTX_COUNT_OF(command_rows), names, id);
    case BTX_RECORD_EVENT:
        return has_id(record, event_rows, BTX_COUNT_OF(event_rows), names, id) ||
               (names == order_names && lists_order(record, id));
    case BTX_RECORD_NOTE:
        return false;
    }
    return false;
}

static bool kind_passes(const struct btx_wal_request *request, const struct btx_record *record)
{
    if (!request->events && !request->commands && !request->notes)
        return true;
    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        return request->commands;
    case BTX_RECORD_EVENT:
        return request->events;
    case BTX_RECORD_NOTE:
        return request->notes;
    }
    return false;
}

bool btx_record_filter_passes(const struct btx_wal_request *request,
                              const struct btx_record *record)
{
    if (!kind_passes(request, record) || (request->from.given && record->seq < request->from.value))
        return false;
    if ((request->to.given && record->seq > request->to.value) ||
        (request->tx.given && record->tx != request->tx.value))
        return false;
    if (request->account.given && !names_id(record, account_names, request->account.value))
        return false;
    if (request->market.given && !names_id(record, market_names, request->market.value))
        return false;
    return !request->order.given || names_id(record, order_names, request->order.value);
}

bool btx_record_filter_is_done(const struct btx_wal_request *request,
                               const struct btx_record *record)
{
    return (request->to.given && record->seq > request->to.value) ||
           (request->tx.given && record->tx > request->tx.value);
}
