/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/demo/day_desk.h"

#include "engine/base/check.h"
#include "engine/text/command_text.h"
#include "engine/wire/events.h"
#include "tests/demo/day_names.h"

#include <string.h>
#include <unistd.h>

static const struct btx_core_capacity capacity = {.accounts = 1000,
                                                  .markets = 10,
                                                  .runners = 100,
                                                  .orders = 100000,
                                                  .positions = 5000,
                                                  .stakes = 500000,
                                                  .description_bytes = 10000};

void btx_desk_open(struct btx_desk *desk, uint64_t now_ns)
{
    memset(desk, 0, sizeof *desk);
    desk->now_ns = now_ns;
    desk->random.state = now_ns;
    if (btx_exchange_open(&desk->exchange, &capacity, &desk->fault) == BTX_OK &&
        btx_output_open(&desk->output, STDOUT_FILENO, BTX_COMMAND_TEXT_BYTES_MAX, &desk->fault) !=
            BTX_OK)
        btx_exchange_close(&desk->exchange);
}

static void read_answer(struct btx_desk *desk)
{
    const struct btx_record *record = NULL;

    while ((record = btx_tx_next_record(&desk->exchange.tx, record)) != NULL) {
        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        if (record->type == BTX_EVENT_ORDER_ACCEPTED)
            desk->answer.order = ((const struct btx_order_accepted *)record)->order;
        else if (record->type == BTX_EVENT_ORDER_HELD)
            desk->answer.order = ((const struct btx_order_held *)record)->order;
    }
}

void btx_desk_send(struct btx_desk *desk)
{
    const struct btx_command *command = &desk->space.command;
    enum btx_step step = BTX_STEP_DUE;
    char *room;

    memset(&desk->answer, 0, sizeof desk->answer);
    if (desk->fault.code != BTX_OK)
        return;
    desk->now_ns += 20000 + btx_day_random_below(&desk->random, 2000000);
    desk->space.command.record.time_ns = desk->now_ns;
    CHECK(btx_record_check(desk->space.bytes, sizeof desk->space.bytes) == NULL);
    if (btx_output_claim(&desk->output, BTX_COMMAND_TEXT_BYTES_MAX, &room, &desk->fault) != BTX_OK)
        return;
    btx_output_commit(&desk->output, btx_command_text_encode(command, room));
    desk->command_count++;
    /* What falls due before the command is nobody's answer, and accepts or holds nothing. */
    do {
        step = btx_core_step(desk->exchange.core, step == BTX_STEP_MORE ? NULL : command,
                             &desk->exchange.tx);
        read_answer(desk);
    } while (step != BTX_STEP_DONE);
}

uint64_t btx_desk_next_cseq(struct btx_desk *desk, uint64_t account)
{
    CHECK(account < BTX_DAY_ACCOUNTS_MAX);
    /* Every third punter uses software that does not count. */
    if (account >= btx_day_first_account(BTX_DAY_PUNTER) && account % 3 == 0)
        return 0;
    return ++desk->cseq[account];
}

void btx_desk_open_account(struct btx_desk *desk, uint64_t account, int64_t deposit)
{
    struct btx_funds_command *funds;
    struct btx_open_account *open =
        (struct btx_open_account *)btx_command_begin(&desk->space, BTX_COMMAND_OPEN_ACCOUNT);

    open->account = account;
    btx_desk_send(desk);
    funds = (struct btx_funds_command *)btx_command_begin(&desk->space, BTX_COMMAND_DEPOSIT);
    funds->account = account;
    funds->amount = deposit;
    funds->transfer = ++desk->transfer[account];
    btx_desk_send(desk);
}

void btx_desk_withdraw(struct btx_desk *desk, uint64_t account, int64_t amount)
{
    struct btx_funds_command *funds =
        (struct btx_funds_command *)btx_command_begin(&desk->space, BTX_COMMAND_WITHDRAW);

    funds->account = account;
    funds->amount = amount;
    funds->transfer = ++desk->transfer[account];
    btx_desk_send(desk);
}

void btx_desk_account_command(struct btx_desk *desk, enum btx_command_type type, uint64_t account)
{
    struct btx_account_command *command =
        (struct btx_account_command *)btx_command_begin(&desk->space, type);

    command->account = account;
    btx_desk_send(desk);
}

void btx_desk_market_command(struct btx_desk *desk, enum btx_command_type type, uint64_t market)
{
    struct btx_market_command *command =
        (struct btx_market_command *)btx_command_begin(&desk->space, type);

    command->market = market;
    btx_desk_send(desk);
}

void btx_desk_describe(struct btx_desk *desk, uint64_t market, const char *text)
{
    const size_t length_bytes = strlen(text);
    struct btx_describe_market *command =
        (struct btx_describe_market *)btx_command_begin(&desk->space, BTX_COMMAND_DESCRIBE_MARKET);

    CHECK(length_bytes <= BTX_DESCRIPTION_BYTES_MAX);
    command->market = market;
    command->text_length = (uint16_t)length_bytes;
    memcpy(command + 1, text, length_bytes);
    btx_command_set_length(&desk->space, length_bytes);
    btx_desk_send(desk);
}

void btx_desk_remove_runner(struct btx_desk *desk, uint64_t market, uint64_t runner, int64_t factor)
{
    struct btx_remove_runner *command =
        (struct btx_remove_runner *)btx_command_begin(&desk->space, BTX_COMMAND_REMOVE_RUNNER);

    command->market = market;
    command->runner = runner;
    command->factor = factor;
    btx_desk_send(desk);
}

void btx_desk_tick(struct btx_desk *desk)
{
    (void)btx_command_begin(&desk->space, BTX_COMMAND_TICK); /* It has nothing to be filled. */
    btx_desk_send(desk);
}

void btx_desk_cancel(struct btx_desk *desk, uint64_t account, uint64_t order, int64_t reduce_by)
{
    struct btx_cancel_order *command =
        (struct btx_cancel_order *)btx_command_begin(&desk->space, BTX_COMMAND_CANCEL_ORDER);

    command->account = account;
    command->order = order;
    command->cseq = btx_desk_next_cseq(desk, account);
    if (reduce_by != 0) {
        command->reduce_by = reduce_by;
        command->present = BTX_CANCEL_ORDER_HAS_REDUCE_BY;
    }
    btx_desk_send(desk);
}

void btx_desk_close(struct btx_desk *desk)
{
    if (desk->fault.code == BTX_OK && btx_output_flush(&desk->output, &desk->fault) != BTX_OK)
        (void)btx_fault_wrap(&desk->fault, "standard output"); /* The caller looks at @fault. */
    btx_output_close(&desk->output);
    btx_exchange_close(&desk->exchange);
}
