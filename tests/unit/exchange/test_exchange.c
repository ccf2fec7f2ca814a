/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/exchange/exchange.h"

#include "engine/wire/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const struct btx_core_capacity small = {
    .accounts = 2, .markets = 1, .runners = 2, .orders = 1, .positions = 1};
static const struct btx_core_capacity greatest = {.accounts = BTX_CORE_CAPACITY_MAX,
                                                  .markets = BTX_CORE_CAPACITY_MAX,
                                                  .runners = BTX_CORE_CAPACITY_MAX,
                                                  .orders = BTX_CORE_CAPACITY_MAX,
                                                  .positions = BTX_CORE_CAPACITY_MAX};

static void open_account(struct btx_exchange *exchange)
{
    union btx_command_space space;
    struct btx_open_account *command =
        (struct btx_open_account *)btx_command_begin(&space, BTX_COMMAND_OPEN_ACCOUNT);

    command->account = 7;
    assert_int_equal(btx_core_step(exchange->core, &command->command, &exchange->tx),
                     BTX_STEP_DONE);
}

/* Whatever an operator may configure can be had, since nothing of it is used yet. */
static void exchange_open__greatest_capacities__works(void **state)
{
    struct btx_exchange exchange = {0};
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_exchange_open(&exchange, &greatest, &fault), BTX_OK);
    open_account(&exchange);
    btx_exchange_close(&exchange);
}

static void exchange_open__no_room_at_all__is_a_usage_fault(void **state)
{
    struct btx_core_capacity capacity = small;
    struct btx_exchange exchange = {0};
    struct btx_fault fault = {0};

    (void)state;
    capacity.orders = 0;
    assert_int_equal(btx_exchange_open(&exchange, &capacity, &fault), BTX_FAULT_USAGE);
    btx_exchange_close(&exchange);
}

/* The digest is of the state alone: same records, same digest, whatever the capacities. */
static void exchange_digest__same_commands__same_digest(void **state)
{
    struct btx_exchange exchanges[2] = {{0}};
    uint8_t empty[BTX_SHA256_BYTES];
    uint8_t digests[2][BTX_SHA256_BYTES];
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_exchange_open(&exchanges[0], &small, &fault), BTX_OK);
    assert_int_equal(btx_exchange_open(&exchanges[1], &greatest, &fault), BTX_OK);
    btx_exchange_digest(&exchanges[0], empty);
    for (int i = 0; i < 2; i++) {
        open_account(&exchanges[i]);
        btx_exchange_digest(&exchanges[i], digests[i]);
        btx_exchange_close(&exchanges[i]);
    }
    assert_memory_equal(digests[0], digests[1], BTX_SHA256_BYTES);
    assert_memory_not_equal(digests[0], empty, BTX_SHA256_BYTES);
}

/* A state that turned out to be wrong is given up, and the next one begins as the first did. */
static void exchange_reset__after_commands__empty_again(void **state)
{
    struct btx_exchange exchange = {0};
    uint8_t empty[BTX_SHA256_BYTES];
    uint8_t digest[BTX_SHA256_BYTES];
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_exchange_open(&exchange, &small, &fault), BTX_OK);
    btx_exchange_digest(&exchange, empty);
    open_account(&exchange);
    assert_int_equal(btx_exchange_reset(&exchange, &fault), BTX_OK);
    btx_exchange_digest(&exchange, digest);
    assert_memory_equal(digest, empty, BTX_SHA256_BYTES);
    open_account(&exchange);
    btx_exchange_close(&exchange);
}

/* The command first, then its events, then the end. */
static void tx_next_record__one_command__command_and_event(void **state)
{
    struct btx_exchange exchange = {0};
    const struct btx_record *record;
    struct btx_fault fault = {0};

    (void)state;
    assert_int_equal(btx_exchange_open(&exchange, &small, &fault), BTX_OK);
    open_account(&exchange);
    record = btx_tx_next_record(&exchange.tx, NULL);
    assert_non_null(record);
    assert_int_equal(btx_record_kind(record), BTX_RECORD_COMMAND);
    record = btx_tx_next_record(&exchange.tx, record);
    assert_non_null(record);
    assert_int_equal(record->type, BTX_EVENT_ACCOUNT_OPENED);
    assert_null(btx_tx_next_record(&exchange.tx, record));
    btx_exchange_close(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exchange_open__greatest_capacities__works),
        cmocka_unit_test(exchange_open__no_room_at_all__is_a_usage_fault),
        cmocka_unit_test(exchange_digest__same_commands__same_digest),
        cmocka_unit_test(exchange_reset__after_commands__empty_again),
        cmocka_unit_test(tx_next_record__one_command__command_and_event),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
