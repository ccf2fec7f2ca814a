/* SPDX-License-Identifier: Apache-2.0 */
/* command_check.c - what a command may say: rules.md 4, "Decoding". */
#include "engine/base/check.h"
#include "engine/wire/checks.h"

/* The kinds of command_fields.def that events do not share. */
#define SENTENCE_DECIMAL(what, field) NULL
#define SENTENCE_PRICE(what, field) SENTENCE_RANGE(what, field, (what)->field <= BTX_PRICE_WIRE_MAX)
#define SENTENCE_TIME(what, field) SENTENCE_RANGE(what, field, (what)->field <= BTX_TIME_NS_MAX)
#define SENTENCE_ORDER_SIDE(what, field) SENTENCE_BYTE(what, field, BTX_ORDER_SIDE_COUNT)
#define SENTENCE_OUTCOME(what, field) SENTENCE_BYTE(what, field, BTX_OUTCOME_COUNT)
#define SENTENCE_IDS(what, field)                                                                  \
    ((what)->field##_count <= BTX_LIST_IDS_MAX ? NULL : #field ": too many")

/* Every field for itself.  @type is a constant wherever this is inlined. */
BTX_WIRE_INLINE const char *check_fields(enum btx_command_type type, const void *command)
{
    const char *sentence = NULL;
    unsigned present_known = 0;
    unsigned present = 0;

#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    if (type == BTX_COMMAND_##COMMAND) {                                                           \
        const struct btx_##body *what = command;                                                   \
        NEED_##NEED(what, field, KIND)(void) what;                                                 \
    }
#include "engine/wire/command_fields.def"

    return (present & ~present_known) != 0 ? "present: unknown bits" : NULL;
}

static const char *check_funds(const struct btx_funds_command *command)
{
    if (command->cseq != 0 && command->transfer != 0)
        return "transfer: not together with cseq";
    return NULL;
}

static const char *check_open_market(const struct btx_open_market *command)
{
    const bool has_tick = (command->present & BTX_OPEN_MARKET_HAS_TICK) != 0;
    const unsigned odds_only =
        BTX_OPEN_MARKET_HAS_REDUCTIONS | BTX_OPEN_MARKET_HAS_IMPLIED | BTX_OPEN_MARKET_HAS_LADDER;

    if (command->kind == BTX_MARKET_KIND_BINARY) {
        if ((command->present & odds_only) != 0)
            return "reductions, implied, ladder: not with BINARY";
        return has_tick ? NULL : "tick: missing, BINARY needs it";
    }
    if (has_tick)
        return "tick: not with ODDS";
    if ((command->present & BTX_OPEN_MARKET_HAS_RUNNERS) == 0)
        return "runners: missing, ODDS needs them";
    if ((command->present & BTX_OPEN_MARKET_HAS_WINNERS) == 0)
        return "winners: missing, ODDS needs it";
    return NULL;
}

static const char *check_place_order(const struct btx_place_order *command)
{
    const bool buys_or_sells =
        command->side == BTX_ORDER_SIDE_BUY || command->side == BTX_ORDER_SIDE_SELL;
    const bool has_outcome = command->outcome != BTX_OUTCOME_NONE;

    if (buys_or_sells && !has_outcome)
        return "outcome: missing, BUY and SELL need it";
    if (!buys_or_sells && has_outcome)
        return "outcome: not with BACK and LAY";
    return NULL;
}

static const char *check_cancel_orders(const struct btx_cancel_orders *command)
{
    const bool has_account = (command->present & BTX_CANCEL_ORDERS_HAS_ACCOUNT) != 0;
    const bool has_market = (command->present & BTX_CANCEL_ORDERS_HAS_MARKET) != 0;
    const bool has_runner = (command->present & BTX_CANCEL_ORDERS_HAS_RUNNER) != 0;

    if (command->disconnect > 1)
        return "disconnect: out of range";
    if (command->disconnect != 0 && !has_account)
        return "disconnect: needs an account";
    if (command->cseq != 0 && !has_account)
        return "cseq: needs an account";
    if (has_runner && !has_market)
        return "runner: needs a market";
    return NULL;
}

static const char *check_settle_market(const struct btx_settle_market *command)
{
    const bool has_winners = (command->present & BTX_SETTLE_MARKET_HAS_WINNERS) != 0;
    const bool has_result = command->result != BTX_OUTCOME_NONE;

    if (has_winners && has_result)
        return "result: not together with winners";
    if (!has_winners && !has_result)
        return "winners: missing, or a result";
    return NULL;
}

/* What fields say about each other, when each is well. */
static const char *check_across_fields(const struct btx_command *command)
{
    const void *body = command;

    switch ((enum btx_command_type)command->record.type) {
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW:
        return check_funds(body);
    case BTX_COMMAND_OPEN_MARKET:
        return check_open_market(body);
    case BTX_COMMAND_PLACE_ORDER:
        return check_place_order(body);
    case BTX_COMMAND_CANCEL_ORDERS:
        return check_cancel_orders(body);
    case BTX_COMMAND_SETTLE_MARKET:
        return check_settle_market(body);
    case BTX_COMMAND_OPEN_ACCOUNT:
    case BTX_COMMAND_FREEZE_ACCOUNT:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_TURN_IN_PLAY:
    case BTX_COMMAND_CANCEL_ORDER:
    case BTX_COMMAND_UPDATE_ORDER:
    case BTX_COMMAND_REPLACE_ORDER:
    case BTX_COMMAND_VOID_MARKET:
    case BTX_COMMAND_FORGET_MARKET:
    case BTX_COMMAND_TICK:
    case BTX_COMMAND_DESCRIBE_MARKET:
    case BTX_COMMAND_SET_BET_DELAY:
    case BTX_COMMAND_REMOVE_RUNNER:
        break;
    }
    return NULL;
}

/* What the engine adds to a command when it takes it; zero before. */
static const char *check_added(const struct btx_command *command)
{
    if (command->shed > 1)
        return "shed: out of range";
    if (command->rules == 1 || command->rules > BTX_RULES_VERSION)
        return "rules: of a later version, or not how the first is written";
    return NULL;
}

const char *btx_command_check(const struct btx_command *command)
{
    const char *sentence = check_reserved_command(command);

    if (sentence != NULL)
        return sentence;
    if (BTX_UNLIKELY((command->shed | command->rules) != 0))
        sentence = check_added(command);
    if (BTX_UNLIKELY(sentence != NULL))
        return sentence;
    switch ((enum btx_command_type)command->record.type) {
#define COMMAND(number, NAME, Name, body, size, door)                                              \
    case BTX_COMMAND_##NAME:                                                                       \
        sentence = check_reserved_##body(command);                                                 \
        if (sentence == NULL)                                                                      \
            sentence = check_fields(BTX_COMMAND_##NAME, command);                                  \
        break;
#include "engine/wire/commands.def"
    }
    return sentence != NULL ? sentence : check_across_fields(command);
}

BTX_WIRE_INLINE size_t tail_bytes(enum btx_command_type type, const void *command)
{
    size_t length_bytes = 0;

#define FIELD(COMMAND, body, field, KIND, NEED)                                                    \
    if (type == BTX_COMMAND_##COMMAND) {                                                           \
        const struct btx_##body *what = command;                                                   \
        length_bytes += TAIL_BYTES_##KIND(what, field);                                            \
        (void)what;                                                                                \
    }
#include "engine/wire/command_fields.def"

    return length_bytes;
}

size_t btx_command_tail_bytes(const struct btx_command *command)
{
    switch ((enum btx_command_type)command->record.type) {
#define COMMAND(number, NAME, Name, body, size, door)                                              \
    case BTX_COMMAND_##NAME:                                                                       \
        return tail_bytes(BTX_COMMAND_##NAME, command);
#include "engine/wire/commands.def"
    }
    CHECK_UNREACHABLE();
}
