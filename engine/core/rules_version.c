/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/core/rules_version.h"

/* Commands and events up to these numbers are those of rules version 1. */
#define FIRST_COMMANDS BTX_COMMAND_TICK
#define FIRST_EVENTS BTX_EVENT_COMMAND_REJECTED

/* Whether @command says anything that rules version 1 has no field for. */
static bool is_of_the_first(const struct btx_command *command)
{
    const void *body = command;
    const struct btx_open_market *open = body;
    const struct btx_place_order *place = body;
    const struct btx_replace_order *replace = body;
    const unsigned open_later = BTX_OPEN_MARKET_HAS_BET_DELAY | BTX_OPEN_MARKET_HAS_REDUCTIONS |
                                BTX_OPEN_MARKET_HAS_IMPLIED | BTX_OPEN_MARKET_HAS_LADDER;
    const unsigned place_later = BTX_PLACE_ORDER_HAS_EXPIRES | BTX_PLACE_ORDER_HAS_IF_VERSION;

    if (command->record.type == BTX_COMMAND_OPEN_MARKET)
        return (open->present & open_later) == 0;
    if (command->record.type == BTX_COMMAND_PLACE_ORDER)
        return (place->present & place_later) == 0;
    if (command->record.type == BTX_COMMAND_REPLACE_ORDER)
        return (replace->present & BTX_REPLACE_ORDER_HAS_IF_VERSION) == 0;
    return command->record.type <= FIRST_COMMANDS;
}

const char *btx_rules_wrong(const struct btx_core *core, const struct btx_command *command)
{
    if (rules_of(command) < core->rules_version && core->seq != 0)
        return "command: by older rules than the one before it";
    if (rules_of(command) == 1 && !is_of_the_first(command))
        return "command: its rules do not know what it asks for";
    return NULL;
}

const char *btx_rules_wrong_event(const struct btx_core *core, const struct btx_record *event)
{
    const void *body = event;
    const struct btx_market_opened *opened = body;
    const struct btx_order_accepted *accepted = body;
    bool later = event->type > FIRST_EVENTS;

    if (core->rules_version != 1)
        return NULL;
    if (event->type == BTX_EVENT_MARKET_OPENED)
        later = opened->bet_delay != 0 || opened->reductions || opened->implied ||
                opened->ladder != BTX_LADDER_CLASSIC;
    if (event->type == BTX_EVENT_ORDER_ACCEPTED)
        later = accepted->expires != 0;
    return later ? "event: its command's rules do not know it" : NULL;
}

const char *btx_core_follow_rules(struct btx_core *core, const struct btx_command *command)
{
    const char *wrong = btx_rules_wrong(core, command);
    if (wrong == NULL)
        core->decide_by = rules_of(command);
    return wrong;
}
