/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/units.h"

#include <string.h>

#include "engine/base/check.h"
#include "engine/wire/notes.h"

enum {
    ACCOUNTS = 6,
    MARKETS = 3,
    RUNNERS = 3,
    NOTE_PERMILLE = 40,
    UNIT_BYTES = BTX_RECORD_UNIT_BYTES,
};
#define BEGIN_NS UINT64_C(1700000000000000000)

const struct btx_core_capacity btx_units_capacity = {
    .accounts = 10, .markets = 6, .runners = 20, .orders = 600, .positions = 60};

void btx_units_open(struct btx_units *units, uint64_t seed)
{
    struct btx_fault fault = {0};

    memset(units, 0, sizeof(*units));
    btx_random_init(&units->random, seed);
    units->time_ns = BEGIN_NS;
    CHECK(btx_exchange_open(&units->exchange, &btx_units_capacity, &fault) == BTX_OK);
}

void btx_units_close(struct btx_units *units)
{
    btx_exchange_close(&units->exchange);
}

static void count_record(struct btx_units *units, const struct btx_record *record)
{
    if (record->time_ns > units->time_ns)
        units->time_ns = record->time_ns;
    if (btx_record_kind(record) != BTX_RECORD_EVENT)
        return;
    units->seq = record->seq;
    units->tx = record->tx;
    units->orders += record->type == BTX_EVENT_ORDER_ACCEPTED;
}

void btx_units_take(struct btx_units *units, const struct btx_record *record)
{
    CHECK(btx_core_apply(units->exchange.core, record) == NULL);
    count_record(units, record);
}

/* --- Commands --------------------------------------------------------------------------------- */

static void *begin(struct btx_units *units, enum btx_command_type type)
{
    struct btx_command *command = btx_command_begin(&units->space, type);

    units->time_ns += btx_random_below(&units->random, 1000000);
    command->record.time_ns = units->time_ns;
    return command;
}

static uint64_t any_account(struct btx_units *units)
{
    return btx_random_between(&units->random, 1, ACCOUNTS);
}

static uint64_t any_market(struct btx_units *units)
{
    return btx_random_between(&units->random, 1, MARKETS);
}

static void open_market(struct btx_units *units)
{
    struct btx_open_market *command = begin(units, BTX_COMMAND_OPEN_MARKET);
    const uint64_t runners[RUNNERS] = {1, 2, 3};

    command->market = any_market(units);
    command->kind = BTX_MARKET_KIND_ODDS;
    command->winners = 1;
    command->min_size = BTX_DECIMAL_ONE;
    command->commission = 200;
    command->runners_count = RUNNERS;
    command->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
    memcpy(command + 1, runners, sizeof(runners));
    btx_command_set_length(&units->space, sizeof(runners));
}

static void settle_market(struct btx_units *units)
{
    struct btx_settle_market *command = begin(units, BTX_COMMAND_SETTLE_MARKET);
    const uint64_t winner = btx_random_between(&units->random, 1, RUNNERS);

    command->market = any_market(units);
    command->winners_count = 1;
    command->present = BTX_SETTLE_MARKET_HAS_WINNERS;
    memcpy(command + 1, &winner, sizeof(winner));
    btx_command_set_length(&units->space, sizeof(winner));
}

static void market_command(struct btx_units *units, enum btx_command_type type)
{
    struct btx_market_command *command = begin(units, type);

    command->market = any_market(units);
}

static void place_order(struct btx_units *units)
{
    struct btx_random *random = &units->random;
    struct btx_place_order *command = begin(units, BTX_COMMAND_PLACE_ORDER);
    uint8_t *ref = (uint8_t *)(command + 1);

    command->account = any_account(units);
    command->market = any_market(units);
    command->runner = btx_random_between(random, 1, RUNNERS);
    command->present = BTX_PLACE_ORDER_HAS_RUNNER;
    command->side = (uint8_t)btx_random_below(random, BTX_SIDE_COUNT);
    command->price = 15000 + 100 * btx_random_below(random, 20);
    command->size = (int64_t)btx_random_between(random, 1, 20) * BTX_DECIMAL_ONE;
    if (!btx_random_chance(random, 300))
        return;
    /* Texts, so that records differ in length and content. */
    command->present |= BTX_PLACE_ORDER_HAS_REF;
    command->ref_length = (uint8_t)btx_random_between(random, 1, BTX_REF_BYTES_MAX);
    for (int i = 0; i < command->ref_length; i++)
        ref[i] = (uint8_t)btx_random_between(random, ' ', '~');
    btx_command_set_length(&units->space, command->ref_length);
}

static void cancel_order(struct btx_units *units)
{
    struct btx_cancel_order *command = begin(units, BTX_COMMAND_CANCEL_ORDER);

    command->account = any_account(units);
    command->order = btx_random_between(&units->random, 1, units->orders + 1);
}

static void cancel_orders(struct btx_units *units)
{
    struct btx_cancel_orders *command = begin(units, BTX_COMMAND_CANCEL_ORDERS);

    command->market = any_market(units);
    command->present = BTX_CANCEL_ORDERS_HAS_MARKET;
}

static void account_command(struct btx_units *units)
{
    struct btx_random *random = &units->random;

    if (btx_random_chance(random, 400)) {
        struct btx_open_account *opening = begin(units, BTX_COMMAND_OPEN_ACCOUNT);
        opening->account = any_account(units);
        return;
    }
    struct btx_funds_command *command =
        begin(units, btx_random_chance(random, 900) ? BTX_COMMAND_DEPOSIT : BTX_COMMAND_WITHDRAW);
    command->account = any_account(units);
    command->amount = (int64_t)btx_random_between(random, 100, 1000) * BTX_DECIMAL_ONE;
}

static void next_command(struct btx_units *units)
{
    const uint64_t drawn = btx_random_below(&units->random, 1000);
    /* An exchange without markets and accounts refuses everything else. */
    const uint64_t furnish = units->seq < 60 ? 500 : 60;

    if (drawn < furnish && drawn % 3 != 0)
        account_command(units);
    else if (drawn < furnish)
        open_market(units);
    else if (drawn < 850)
        place_order(units);
    else if (drawn < 930)
        cancel_order(units);
    else if (drawn < 950)
        cancel_orders(units);
    else if (drawn < 975)
        settle_market(units);
    else if (drawn < 985)
        market_command(units, BTX_COMMAND_VOID_MARKET);
    else
        market_command(units, BTX_COMMAND_FORGET_MARKET);
}

/* --- Units ------------------------------------------------------------------------------------ */

static size_t make_tx(struct btx_units *units, uint8_t *bytes)
{
    struct btx_tx *tx = &units->exchange.tx;
    const struct btx_record *record = NULL;
    const struct btx_command *command = NULL;

    if (btx_core_pending(units->exchange.core) == NULL) {
        next_command(units);
        command = &units->space.command;
        CHECK(btx_record_check(command, btx_record_length_bytes(&command->record)) == NULL);
    }
    (void)btx_core_step(units->exchange.core, command, tx); /* What is left is pending. */
    CHECK(tx->length_bytes != 0);
    memcpy(bytes, tx->bytes, tx->length_bytes);
    while ((record = btx_tx_next_record(tx, record)) != NULL) {
        const size_t offset_bytes = (size_t)((const uint8_t *)record - tx->bytes);
        count_record(units, record);
        btx_record_seal((struct btx_record *)(void *)(bytes + offset_bytes));
    }
    return tx->length_bytes;
}

static size_t seal_note(const struct btx_units *units, void *note, enum btx_note_type type,
                        size_t length_bytes)
{
    struct btx_record *record = note;

    record->length_units = btx_record_units(length_bytes);
    record->kind_flags = BTX_RECORD_NOTE;
    record->type = (uint8_t)type;
    record->seq = units->seq;
    record->tx = units->tx;
    record->time_ns = units->time_ns;
    btx_record_seal(record);
    CHECK(btx_record_check(record, btx_record_length_bytes(record)) == NULL);
    return btx_record_length_bytes(record);
}

static size_t make_started(const struct btx_units *units, uint64_t epoch, uint8_t *bytes)
{
    struct btx_engine_started *note = (struct btx_engine_started *)(void *)bytes;

    memset(note, 0, (size_t)btx_record_units(sizeof(*note)) * UNIT_BYTES);
    note->epoch = epoch;
    note->capacity_accounts = note->capacity_markets = note->capacity_runners = 1;
    note->capacity_orders = note->capacity_positions = 1;
    note->rules_version = BTX_RULES_VERSION;
    return seal_note(units, note, BTX_NOTE_ENGINE_STARTED, sizeof(*note));
}

static size_t make_action(struct btx_units *units, uint8_t *bytes)
{
    struct btx_operator_action *note = (struct btx_operator_action *)(void *)bytes;
    char *what = (char *)(note + 1);
    const size_t length = btx_random_between(&units->random, 1, BTX_OPERATOR_ACTION_BYTES_MAX);

    memset(note, 0, (size_t)btx_record_units(sizeof(*note) + length) * UNIT_BYTES);
    memcpy(note->who, "crash test", 10);
    note->what_length = (uint16_t)length;
    for (size_t i = 0; i < length; i++)
        what[i] = (char)btx_random_between(&units->random, ' ', '~');
    return seal_note(units, note, BTX_NOTE_OPERATOR_ACTION, sizeof(*note) + length);
}

size_t btx_units_next(struct btx_units *units, uint64_t epoch, uint8_t *bytes)
{
    if (units->started != epoch) {
        units->started = epoch;
        return make_started(units, epoch, bytes);
    }
    if (btx_random_chance(&units->random, NOTE_PERMILLE))
        return make_action(units, bytes);
    return make_tx(units, bytes);
}
