/* SPDX-License-Identifier: Apache-2.0 */
/* step.c - one tx of one command. */
#include "engine/core/change.h"
#include "engine/core/commands.h"
#include "engine/core/due.h"
#include "engine/core/rules_version.h"
#include "engine/core/tx.h"

static bool execute(struct run *run)
{
    const void *command = run->command;
    switch ((enum btx_command_type)run->command->record.type) {
    case BTX_COMMAND_OPEN_ACCOUNT:
        return btx_execute_open_account(run, command);
    case BTX_COMMAND_DEPOSIT:
        return btx_execute_deposit(run, command);
    case BTX_COMMAND_WITHDRAW:
        return btx_execute_withdraw(run, command);
    case BTX_COMMAND_FREEZE_ACCOUNT:
        return btx_execute_freeze_account(run, command);
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
        return btx_execute_unfreeze_account(run, command);
    case BTX_COMMAND_OPEN_MARKET:
        return btx_execute_open_market(run, command);
    case BTX_COMMAND_SUSPEND_MARKET:
        return btx_execute_suspend_market(run, command);
    case BTX_COMMAND_RESUME_MARKET:
        return btx_execute_resume_market(run, command);
    case BTX_COMMAND_TURN_IN_PLAY:
        return btx_execute_turn_in_play(run, command);
    case BTX_COMMAND_PLACE_ORDER:
        return btx_execute_place_order(run, command);
    case BTX_COMMAND_CANCEL_ORDER:
        return btx_execute_cancel_order(run, command);
    case BTX_COMMAND_UPDATE_ORDER:
        return btx_execute_update_order(run, command);
    case BTX_COMMAND_REPLACE_ORDER:
        return btx_execute_replace_order(run, command);
    case BTX_COMMAND_CANCEL_ORDERS:
        return btx_execute_cancel_orders(run, command);
    case BTX_COMMAND_SETTLE_MARKET:
        return btx_execute_settle_market(run, command);
    case BTX_COMMAND_VOID_MARKET:
        return btx_execute_void_market(run, command);
    case BTX_COMMAND_FORGET_MARKET:
        return btx_execute_forget_market(run, command);
    case BTX_COMMAND_DESCRIBE_MARKET:
        return btx_execute_describe_market(run, command);
    case BTX_COMMAND_SET_BET_DELAY:
        return btx_execute_set_bet_delay(run, command);
    case BTX_COMMAND_REMOVE_RUNNER:
        return btx_execute_remove_runner(run, command);
    case BTX_COMMAND_TICK:
        return run->is_due ? btx_execute_due(run) : true;
    }
    CHECK_UNREACHABLE();
}

/* The command goes first into its first tx, as the core takes it: with the core's time. */
static void write_command(struct btx_core *core, const struct btx_command *command,
                          struct btx_tx *tx)
{
    const size_t length_bytes = btx_record_length_bytes(&command->record);
    CHECK(length_bytes <= BTX_COMMAND_BYTES_MAX);
    struct btx_record *record = (struct btx_record *)(void *)tx->bytes;
    memcpy(record, command, length_bytes);
    record->crc = 0;
    record->seq = core->seq + 1;
    record->tx = core->tx + 1;
    record->time_ns = core->now_ns;
    ((struct btx_command *)(void *)record)->rules = rules_written(core->rules_version);
    tx->length_bytes = length_bytes;
}

static void end_tx(struct run *run, bool finished)
{
    if (run->tx->event_count == 0) {
        CHECK(finished);
        run->tx->length_bytes = 0;
        run->tx->begins_command = false;
        return;
    }
    run->last->kind_flags |= BTX_RECORD_TX_END;
    if (finished) {
        run->last->kind_flags |= BTX_RECORD_COMMAND_END;
        btx_change_command_end(run->core);
    }
}

/* Take @command up: time and rules move on, and the tx begins with it.  What has fallen due by then
 * comes before it, under a Tick of the core's own. */
static void begin(struct run *run, const struct btx_command *command)
{
    struct btx_core *core = run->core;
    if (command->record.time_ns > core->now_ns)
        core->now_ns = command->record.time_ns;
    run->is_due = due_is_now(core);
    run->command = run->is_due ? &core->due_tick.command : command;
    /* A Tick that does nothing leaves no record, so it changes no state. */
    if (core->rules_version != core->decide_by &&
        (run->is_due || command->record.type != BTX_COMMAND_TICK))
        core->rules_version = core->decide_by;
    write_command(core, run->command, run->tx);
}

enum btx_step btx_core_step(struct btx_core *core, const struct btx_command *command,
                            struct btx_tx *tx)
{
    CHECK(core->has_pending == (command == NULL));
    CHECK(btx_core_can_step(core));
    struct run run = {.core = core, .tx = tx, .resumed = command == NULL};
    tx->length_bytes = 0;
    tx->event_count = 0;
    tx->full = false;
    tx->begins_command = !run.resumed;
    if (run.resumed) {
        run.command = &core->pending.command;
        run.is_due = run.command->record.type == BTX_COMMAND_TICK;
    } else {
        begin(&run, command);
    }
    const bool finished = execute(&run);
    end_tx(&run, finished);
    if (finished)
        return run.is_due ? BTX_STEP_DUE : BTX_STEP_DONE;
    if (!run.resumed) {
        memcpy(&core->pending, tx->bytes, btx_record_length_bytes(&run.command->record));
        core->has_pending = true;
    }
    return BTX_STEP_MORE;
}

bool btx_core_can_step(const struct btx_core *core)
{
    return !core->tx_open && !core->orphaned;
}

const struct btx_command *btx_core_pending(const struct btx_core *core)
{
    return core->has_pending ? &core->pending.command : NULL;
}
