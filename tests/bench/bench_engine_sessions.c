/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_engine_sessions.h"

#include <stdlib.h>
#include <string.h>

#include "engine/base/check.h"
#include "tests/bench/baseline_book.h"

/* Shared by all accounts, as in bench_core_flow.c. */
#define FUNDS (BTX_MONEY_MAX / 10 * 9)
#define MIN_SIZE 100
/* The operator works in the middle of a session, from one such part of it to another. */
#define PARTS 10u
#define FIRST_PART 1u
#define LAST_PART 9u

/* Settle one, forget it, open one. */
enum operation { SETTLE, FORGET, OPEN, OPERATIONS };

/* How many events a command has in the mean: its own, and one for each trade. */
static double count_events(const struct btx_bench_sessions *sessions)
{
    const struct btx_bench_shape *shape = &sessions->shape;
    const uint32_t books = btx_bench_books(shape);
    void *memory = calloc(1, btx_baseline_memory_bytes(shape->commands, books));
    struct btx_baseline book;
    CHECK(memory != NULL);
    btx_baseline_init(&book, memory, shape->commands, books);
    for (uint32_t i = 0; i < shape->commands; i++) {
        const struct btx_bench_op *op = &sessions->ops[i];
        if (op->kind == BTX_BENCH_CANCEL) {
            btx_baseline_cancel_unlink(&book, op->order);
        } else {
            btx_baseline_place(&book, op->book,
                               op->side == BTX_SIDE_BACK ? BTX_SIDE_BACK : BTX_SIDE_LAY,
                               op->price_index, op->size, op->order);
        }
    }
    const double trades = (double)book.trade_count;
    free(memory);
    return 1 + trades / shape->commands;
}

void btx_bench_sessions_init(struct btx_bench_sessions *sessions,
                             const struct btx_bench_shape *shape)
{
    union btx_command_space space;
    memset(sessions, 0, sizeof *sessions);
    sessions->shape = *shape;
    sessions->ops = calloc(shape->commands, sizeof *sessions->ops);
    CHECK(sessions->ops != NULL);
    btx_bench_generate(shape, sessions->ops);
    for (uint32_t i = 0; i < shape->commands; i++) {
        sessions->orders += sessions->ops[i].kind == BTX_BENCH_CANCEL ? 0 : 1;
    }
    sessions->events = count_events(sessions);
    for (uint32_t i = 0; i < BTX_COUNT_OF(sessions->prices); i++) {
        sessions->prices[i] = btx_bench_price(i);
    }
    memcpy(&sessions->place, btx_command_begin(&space, BTX_COMMAND_PLACE_ORDER),
           sizeof sessions->place);
    memcpy(&sessions->cancel, btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDER),
           sizeof sessions->cancel);
    sessions->place.present = BTX_PLACE_ORDER_HAS_RUNNER;
}

void btx_bench_sessions_done(struct btx_bench_sessions *sessions)
{
    free(sessions->ops);
    sessions->ops = NULL;
}

static uint64_t first_market(const struct btx_bench_sessions *sessions, uint64_t session)
{
    return session * sessions->shape.markets + 1;
}

static void write_place(const struct btx_bench_sessions *sessions,
                        const struct btx_bench_session_place *at, uint64_t time_ns,
                        struct btx_place_order *place)
{
    const struct btx_bench_op *op = &sessions->ops[at->index];
    const uint32_t touched = sessions->shape.touched;
    *place = sessions->place;
    place->command.record.time_ns = time_ns;
    place->command.number = at->number + 1;
    place->account = btx_bench_owner(&sessions->shape, op->order);
    place->market = first_market(sessions, at->session) + op->book / touched;
    place->runner = op->book % touched + 1;
    place->price = sessions->prices[op->price_index];
    place->size = (int64_t)op->size * 100;
    place->cseq = at->number + 1; /* Rises for each account, since it rises for all. */
    place->side = op->side == BTX_SIDE_BACK ? BTX_ORDER_SIDE_BACK : BTX_ORDER_SIDE_LAY;
}

static void write_cancel(const struct btx_bench_sessions *sessions,
                         const struct btx_bench_session_place *at, uint64_t time_ns, void *to)
{
    const struct btx_bench_op *op = &sessions->ops[at->index];
    struct btx_cancel_order *cancel = to;
    *cancel = sessions->cancel;
    cancel->command.record.time_ns = time_ns;
    cancel->command.number = at->number + 1;
    cancel->account = btx_bench_owner(&sessions->shape, op->order);
    cancel->order = at->session * sessions->orders + op->order;
    cancel->cseq = at->number + 1;
    memset(cancel + 1, 0, BTX_BENCH_ORDER_BYTES - sizeof *cancel);
}

void btx_bench_sessions_order(const struct btx_bench_sessions *sessions,
                              struct btx_bench_session_place *place, uint64_t time_ns, void *to)
{
    static_assert(sizeof(struct btx_place_order) == BTX_BENCH_ORDER_BYTES, "it fills its units");
    if (sessions->ops[place->index].kind == BTX_BENCH_CANCEL) {
        write_cancel(sessions, place, time_ns, to);
    } else {
        write_place(sessions, place, time_ns, to);
    }
    place->number++;
    if (++place->index == sessions->shape.commands) {
        place->index = 0;
        place->session++;
    }
}

/* --- The operator ------------------------------------------------------------------------- */

/* Commands of the operator in each session. */
static uint64_t operations(const struct btx_bench_sessions *sessions)
{
    return (uint64_t)sessions->shape.markets * OPERATIONS;
}

uint64_t btx_bench_sessions_setup(const struct btx_bench_sessions *sessions)
{
    return (uint64_t)sessions->shape.accounts * 2 + (uint64_t)sessions->shape.markets * 2;
}

static void make_account(const struct btx_bench_sessions *sessions, uint64_t number,
                         union btx_command_space *space)
{
    if (number % 2 == 0) {
        struct btx_open_account *open =
            (struct btx_open_account *)btx_command_begin(space, BTX_COMMAND_OPEN_ACCOUNT);
        open->account = number / 2 + 1;
        return;
    }
    struct btx_funds_command *deposit =
        (struct btx_funds_command *)btx_command_begin(space, BTX_COMMAND_DEPOSIT);
    deposit->account = number / 2 + 1;
    deposit->amount = FUNDS / sessions->shape.accounts;
    deposit->transfer = 1;
}

static void make_open(const struct btx_bench_sessions *sessions, uint64_t market,
                      union btx_command_space *space)
{
    struct btx_open_market *open =
        (struct btx_open_market *)btx_command_begin(space, BTX_COMMAND_OPEN_MARKET);
    open->market = market;
    open->winners = 1;
    open->min_size = MIN_SIZE;
    open->runners_count = (uint16_t)sessions->shape.runners;
    open->kind = BTX_MARKET_KIND_ODDS;
    open->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
    uint64_t *runners = (uint64_t *)(void *)(open + 1);
    for (uint32_t i = 0; i < sessions->shape.runners; i++) {
        runners[i] = i + 1;
    }
    btx_command_set_length(space, sessions->shape.runners * sizeof *runners);
}

static void make_settle(const struct btx_bench_sessions *sessions, uint64_t market,
                        union btx_command_space *space)
{
    struct btx_settle_market *settle =
        (struct btx_settle_market *)btx_command_begin(space, BTX_COMMAND_SETTLE_MARKET);
    settle->market = market;
    settle->present = BTX_SETTLE_MARKET_HAS_WINNERS;
    settle->winners_count = 1;
    *(uint64_t *)(void *)(settle + 1) =
        1 + (market * UINT64_C(0x9e3779b97f4a7c15) >> 32) % sessions->shape.runners;
    btx_command_set_length(space, sizeof(uint64_t));
}

/* Number @number behind the setup: in each session from the second one on, one market after the
 * other of the last session is settled and forgotten, and one of the next session opened. */
static void make_operation(const struct btx_bench_sessions *sessions, uint64_t number,
                           union btx_command_space *space)
{
    const uint64_t session = 1 + number / operations(sessions);
    const uint64_t market = number % operations(sessions) / OPERATIONS;
    const uint64_t last = first_market(sessions, session - 1) + market;
    const uint64_t next = first_market(sessions, session + 1) + market;
    switch ((enum operation)(number % OPERATIONS)) {
    case SETTLE:
        make_settle(sessions, last, space);
        return;
    case FORGET:
        ((struct btx_market_command *)btx_command_begin(space, BTX_COMMAND_FORGET_MARKET))->market =
            last;
        return;
    case OPEN:
        make_open(sessions, next, space);
        return;
    case OPERATIONS:
        break;
    }
    CHECK_UNREACHABLE();
}

const struct btx_command *btx_bench_sessions_operator(const struct btx_bench_sessions *sessions,
                                                      uint64_t number,
                                                      union btx_command_space *space)
{
    const uint64_t accounts = (uint64_t)sessions->shape.accounts * 2;
    const uint64_t setup = btx_bench_sessions_setup(sessions);
    if (number < accounts) {
        make_account(sessions, number, space);
    } else if (number < setup) {
        make_open(sessions, first_market(sessions, 0) + number - accounts, space);
    } else {
        make_operation(sessions, number - setup, space);
    }
    space->command.number = number + 1;
    return &space->command;
}

uint64_t btx_bench_sessions_may_operate(const struct btx_bench_sessions *sessions,
                                        uint64_t answered)
{
    const uint64_t session = answered / sessions->shape.commands;
    const uint64_t index = answered % sessions->shape.commands;
    const uint64_t first = (uint64_t)sessions->shape.commands * FIRST_PART / PARTS;
    const uint64_t last = (uint64_t)sessions->shape.commands * LAST_PART / PARTS;
    uint64_t done = 0;
    if (index >= last) {
        done = operations(sessions);
    } else if (index > first) {
        done = (index - first) * operations(sessions) / (last - first);
    }
    return session == 0 ? btx_bench_sessions_setup(sessions)
                        : btx_bench_sessions_must_operate(sessions, session) + done;
}

uint64_t btx_bench_sessions_must_operate(const struct btx_bench_sessions *sessions,
                                         uint64_t session)
{
    return btx_bench_sessions_setup(sessions) +
           (session == 0 ? 0 : session - 1) * operations(sessions);
}
