/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - the reference model's storage, and the cutting of a command's events into txs. */
#include "tests/property/model.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/property/model_parts.h"

void *btx_model_grow(void *array, size_t count, size_t *room, size_t element_bytes)
{
    void *grown = array;

    if (count == *room) {
        *room = *room == 0 ? 16 : *room * 2;
        grown = realloc(array, *room * element_bytes);
        CHECK(grown != NULL);
    }
    return grown;
}

void btx_model_init(struct btx_model *model, const struct btx_model_capacity *capacity,
                    uint64_t first_order)
{
    memset(model, 0, sizeof *model);
    model->capacity = *capacity;
    model->next_order = first_order;
}

void btx_model_market_done(struct btx_model_market *market)
{
    free(market->bets);
    free(market->implieds);
}

void btx_model_done(struct btx_model *model)
{
    for (size_t i = 0; i < model->market_count; i++)
        btx_model_market_done(&model->markets[i]);
    free(model->accounts);
    free(model->markets);
    free(model->orders);
    free(model->bytes);
    memset(model, 0, sizeof *model);
}

size_t btx_model_find_account(const struct btx_model *model, uint64_t account)
{
    for (size_t i = 0; i < model->account_count; i++) {
        if (model->accounts[i].account == account)
            return i;
    }
    return BTX_MODEL_NONE;
}

size_t btx_model_find_market(const struct btx_model *model, uint64_t market)
{
    for (size_t i = 0; i < model->market_count; i++) {
        if (model->markets[i].market == market)
            return i;
    }
    return BTX_MODEL_NONE;
}

size_t btx_model_find_order(const struct btx_model *model, uint64_t order)
{
    for (size_t i = 0; i < model->order_count; i++) {
        if (model->orders[i].order == order)
            return i;
    }
    return BTX_MODEL_NONE;
}

size_t btx_model_find_runner(const struct btx_model_market *market, uint64_t runner)
{
    for (size_t i = 0; i < market->runner_count; i++) {
        if (market->runners[i] == runner)
            return i;
    }
    return BTX_MODEL_NONE;
}

void btx_model_remove_order(struct btx_model *model, size_t index)
{
    struct btx_model_order *order = &model->orders[index];

    model->order_count--;
    memmove(order, order + 1, (model->order_count - index) * sizeof *order);
}

void btx_model_insert_order(struct btx_model *model, const struct btx_model_order *order)
{
    size_t index = model->order_count;

    model->orders =
        btx_model_grow(model->orders, model->order_count, &model->order_room, sizeof *order);
    while (index > 0 && model->orders[index - 1].order > order->order) {
        model->orders[index] = model->orders[index - 1];
        index--;
    }
    model->orders[index] = *order;
    model->order_count++;
}

btx_i128 btx_model_balance_sum(const struct btx_model *model)
{
    btx_i128 sum = 0;

    for (size_t i = 0; i < model->account_count; i++)
        sum += model->accounts[i].balance;
    return sum;
}

uint64_t btx_model_ladder_price(size_t index)
{
    /* rules.md 1, in hundredths: from where, by how much. */
    static const struct {
        uint64_t from;
        uint64_t step;
    } rungs[] = {{101, 1},    {200, 2},    {300, 5},    {400, 10},     {600, 20},  {1000, 50},
                 {2000, 100}, {3000, 200}, {5000, 500}, {10000, 1000}, {100000, 1}};
    uint64_t price = 101;
    size_t rung = 0;

    CHECK(index < BTX_MODEL_LADDER_COUNT);
    for (size_t i = 0; i < index; i++) {
        price += rungs[rung].step;
        if (price == rungs[rung + 1].from)
            rung++;
    }
    return price * 100;
}

/* Room for @more_bytes behind what is there; zeroed. */
static uint8_t *append_bytes(struct btx_model *model, size_t more_bytes)
{
    uint8_t *appended;

    while (model->length_bytes + more_bytes > model->bytes_room) {
        model->bytes_room = model->bytes_room == 0 ? 65536 : model->bytes_room * 2;
        model->bytes = realloc(model->bytes, model->bytes_room);
        CHECK(model->bytes != NULL);
    }
    appended = model->bytes + model->length_bytes;
    memset(appended, 0, more_bytes);
    model->length_bytes += more_bytes;
    return appended;
}

void *btx_model_emit(struct btx_model *model, enum btx_event_type type, size_t tail_bytes)
{
    static const uint16_t body_bytes[] = {
#define EVENT(number, NAME, Name, body, size) [number] = sizeof(struct btx_##body),
#include "engine/wire/events.def"
    };
    const size_t units = (body_bytes[type] + tail_bytes + 63) / 64;
    struct btx_record *record = (struct btx_record *)(void *)append_bytes(model, units * 64);

    record->length_units = (uint16_t)units;
    record->kind_flags = BTX_RECORD_EVENT;
    record->type = (uint8_t)type;
    record->time_ns = model->time_ns;
    model->event_count++;
    model->part_events++;
    return record;
}

void btx_model_begin_part(struct btx_model *model, const struct btx_command *command)
{
    const size_t command_bytes = (size_t)command->record.length_units * 64;
    struct btx_command *written;

    model->part_bytes = model->length_bytes;
    model->part_events = 0;
    written = (struct btx_command *)(void *)append_bytes(model, command_bytes);
    memcpy(written, command, command_bytes);
    written->record.crc = 0;
    written->record.time_ns = model->time_ns;
    written->rules = 2;
}

/* Number the events, and say where txs end and where the command ends (rules.md 7). */
static void cut_into_txs(struct btx_model *model)
{
    size_t offset = model->part_bytes;
    size_t in_tx = 0;

    model->tx++;
    for (size_t left = model->part_events + 1; left > 0; left--) {
        struct btx_record *record = (struct btx_record *)(void *)(model->bytes + offset);
        const bool is_command = offset == model->part_bytes;

        offset += (size_t)record->length_units * 64;
        record->tx = model->tx;
        record->seq = model->seq + 1;
        if (is_command)
            continue;
        model->seq++;
        in_tx++;
        if (left == 1) {
            record->kind_flags |= BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END;
        } else if (in_tx == BTX_MODEL_TX_EVENTS ||
                   record->type == BTX_EVENT_ORDER_CANCELLED_BATCHED) {
            record->kind_flags |= BTX_RECORD_TX_END;
            model->tx++;
            in_tx = 0;
        }
    }
    CHECK(offset == model->length_bytes);
}

void btx_model_end_part(struct btx_model *model)
{
    if (model->part_events == 0)
        model->length_bytes = model->part_bytes;
    else
        cut_into_txs(model);
}

void btx_model_execute(struct btx_model *model, const struct btx_command *command)
{
    model->length_bytes = 0;
    model->event_count = 0;
    if (command->record.time_ns > model->time_ns)
        model->time_ns = command->record.time_ns;
    btx_model_do_due(model);
    btx_model_begin_part(model, command);
    btx_model_decide(model, command);
    btx_model_end_part(model);
}
