/* SPDX-License-Identifier: Apache-2.0 */
/* situations.c - what is met that events do not show: bets that a removal changes, accounts that it
 * leaves with less than nothing, room that is short. */
#include "engine/base/check.h"
#include "tests/property/trial.h"

/* What the model says of the command that it has executed: the first event of its last part; NULL
 * when there is none. */
static const struct btx_record *first_event(const struct btx_model *model)
{
    const struct btx_record *command =
        (const struct btx_record *)(const void *)(model->bytes + model->part_bytes);

    if (model->length_bytes == model->part_bytes)
        return NULL;
    return (const struct btx_record *)(const void *)(model->bytes + model->part_bytes +
                                                     btx_record_length_bytes(command));
}

static bool is_accepted(const struct btx_model *model)
{
    const struct btx_record *event = first_event(model);

    return event != NULL && event->type != BTX_EVENT_COMMAND_REJECTED;
}

static bool lacks_capacity(const struct btx_model *model)
{
    const struct btx_record *event = first_event(model);

    return event != NULL && event->type == BTX_EVENT_COMMAND_REJECTED &&
           ((const struct btx_command_rejected *)(const void *)event)->reason ==
               BTX_REJECT_CAPACITY;
}

static void see_removal(struct btx_trial *trial, const struct btx_remove_runner *command)
{
    const size_t index = btx_model_find_market(&trial->model, command->market);
    const struct btx_model_market *market;

    if (index == BTX_MODEL_NONE)
        return;
    market = &trial->model.markets[index];
    for (size_t i = 0; i < market->bet_count; i++) {
        const struct btx_model_bet *bet = &market->bets[i];

        if (market->removed[btx_model_find_runner(market, bet->runner)])
            continue;
        trial->bets_void += bet->runner == command->runner;
        if (bet->runner == command->runner || command->factor <= 0)
            continue;
        trial->bets_reduced++;
        /* Off the ladder, so a factor has moved them before. */
        trial->bets_reduced_again += !btx_model_price_is_valid(market, bet->price);
        trial->bets_least -= bet->price == 10100;
    }
}

/* Whether only the room for stakes can have refused the order. */
static bool lacks_stakes(const struct btx_model *model, uint64_t market)
{
    const size_t index = btx_model_find_market(model, market);

    return index != BTX_MODEL_NONE && model->markets[index].reductions &&
           model->order_count < model->capacity.orders &&
           btx_model_stake_count(model) + 2 * btx_model_reducible_count(model) + 2 >
               model->capacity.stakes;
}

static bool is_negative(const struct btx_model *model, uint64_t account)
{
    return btx_model_find_account(model, account) != BTX_MODEL_NONE &&
           btx_model_available(model, account) < 0;
}

void btx_trial_see_before(struct btx_trial *trial)
{
    const struct btx_command *command = &trial->space.command;
    const void *body = command;

    trial->bets_void = 0;
    trial->bets_reduced = 0;
    trial->bets_reduced_again = 0;
    trial->bets_least = 0;
    trial->was_negative = false;
    if (command->record.type == BTX_COMMAND_REMOVE_RUNNER)
        see_removal(trial, body);
    if (trial->model.removals > 0 && command->record.type == BTX_COMMAND_PLACE_ORDER)
        trial->was_negative =
            is_negative(&trial->model, ((const struct btx_place_order *)body)->account);
    if (trial->model.removals > 0 && command->record.type == BTX_COMMAND_REPLACE_ORDER)
        trial->was_negative =
            is_negative(&trial->model, ((const struct btx_replace_order *)body)->account);
}

static void see_removed(struct btx_trial *trial, const struct btx_remove_runner *command)
{
    const struct btx_model *model = &trial->model;
    const struct btx_model_market *market =
        &model->markets[btx_model_find_market(model, command->market)];
    uint64_t *met = trial->totals->met;

    for (size_t i = 0; i < market->bet_count && command->factor > 0; i++) {
        const struct btx_model_bet *bet = &market->bets[i];

        if (!market->removed[btx_model_find_runner(market, bet->runner)])
            trial->bets_least += bet->price == 10100;
    }
    met[BTX_WATCH_BETS_VOID] += trial->bets_void > 0;
    met[BTX_WATCH_BETS_REDUCED] += trial->bets_reduced > 0;
    met[BTX_WATCH_BETS_REDUCED_AGAIN] += trial->bets_reduced_again > 0;
    met[BTX_WATCH_BETS_REDUCED_TO_LEAST] += trial->bets_least > 0;
}

void btx_trial_see_after(struct btx_trial *trial)
{
    const struct btx_command *command = &trial->space.command;
    const void *body = command;
    const bool accepted = is_accepted(&trial->model);

    if (command->record.type == BTX_COMMAND_REMOVE_RUNNER && accepted)
        see_removed(trial, body);
    if (lacks_capacity(&trial->model)) {
        trial->totals->met[BTX_WATCH_CAPACITY_DESCRIPTION] +=
            command->record.type == BTX_COMMAND_DESCRIBE_MARKET;
        trial->totals->met[BTX_WATCH_CAPACITY_STAKES] +=
            command->record.type == BTX_COMMAND_PLACE_ORDER &&
            lacks_stakes(&trial->model, ((const struct btx_place_order *)body)->market);
    }
    if (!trial->was_negative)
        return;
    trial->totals->met[accepted ? BTX_WATCH_NEGATIVE_ACCEPTED : BTX_WATCH_NEGATIVE_REFUSED]++;
    trial->totals->met[BTX_WATCH_NEGATIVE_REPLACED] +=
        accepted && command->record.type == BTX_COMMAND_REPLACE_ORDER;
}

void btx_trial_see_crossed_rest(struct btx_trial *trial, const struct btx_model_market *market)
{
    const struct btx_model *model = &trial->model;

    for (size_t i = 0; market->implied && i < model->order_count; i++) {
        const struct btx_model_order *order = &model->orders[i];

        for (size_t j = 0; j < i; j++) {
            const struct btx_model_order *other = &model->orders[j];
            const btx_i128 product =
                (btx_i128)(order->price - 10000) * (btx_i128)(other->price - 10000);
            const btx_i128 one = 100000000; /* 100 * 100, squared */

            if (order->market == market->market && other->market == market->market &&
                !order->held && !other->held && order->runner != other->runner &&
                order->side == other->side && order->account != other->account)
                trial->totals->met[BTX_WATCH_IMPLIED_CROSSED_REST] +=
                    order->side == BTX_SIDE_BACK ? product <= one : product >= one;
        }
    }
}
