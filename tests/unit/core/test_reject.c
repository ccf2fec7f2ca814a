/* SPDX-License-Identifier: Apache-2.0 */
/* test_reject.c - a refusal repeats what the command carried, and consumes its number. */
#include "engine/core/reject.h"

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

/* None of them exists, but account 1, which has consumed cseq 10 and transfer 20. */
#define ACCOUNT UINT64_C(77)
#define MARKET UINT64_C(88)
#define ORDER UINT64_C(99)

static int setup(void **state)
{
    assert_int_equal(btx_fixture_setup(state), 0);
    btx_fixture_open_account(*state, 1, 1000 * BTX_FIXTURE_ONE);
    btx_find_account(((struct btx_fixture *)*state)->core, 1)->cseq = 10;
    btx_find_account(((struct btx_fixture *)*state)->core, 1)->transfer = 20;
    return 0;
}

/* What a refusal should repeat. */
struct repeated {
    enum btx_command_type type;
    enum btx_reject reason;
    uint8_t present;
    uint64_t cseq;
    uint64_t transfer;
    const char *ref;
};

#define HAS_ACCOUNT BTX_COMMAND_REJECTED_HAS_ACCOUNT
#define HAS_MARKET BTX_COMMAND_REJECTED_HAS_MARKET
#define HAS_ORDER BTX_COMMAND_REJECTED_HAS_ORDER
#define HAS_REF BTX_COMMAND_REJECTED_HAS_REF

/* rules.md 8: account? market? order? ref? cseq? transfer?  A row for every command that can be
 * refused. */
static const struct repeated rows[] = {
    {BTX_COMMAND_OPEN_ACCOUNT, BTX_REJECT_CAPACITY, HAS_ACCOUNT, 0, 0, NULL},
    {BTX_COMMAND_DEPOSIT, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT, 31, 0, NULL},
    {BTX_COMMAND_WITHDRAW, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT, 0, 32, NULL},
    {BTX_COMMAND_FREEZE_ACCOUNT, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT, 0, 0, NULL},
    {BTX_COMMAND_UNFREEZE_ACCOUNT, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT, 0, 0, NULL},
    {BTX_COMMAND_OPEN_MARKET, BTX_REJECT_INVALID_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_SUSPEND_MARKET, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_RESUME_MARKET, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_TURN_IN_PLAY, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_PLACE_ORDER, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT | HAS_MARKET | HAS_REF, 33, 0,
     "my order"},
    {BTX_COMMAND_CANCEL_ORDER, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT | HAS_ORDER, 34, 0, NULL},
    {BTX_COMMAND_UPDATE_ORDER, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT | HAS_ORDER, 35, 0, NULL},
    {BTX_COMMAND_REPLACE_ORDER, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT | HAS_ORDER, 36, 0, NULL},
    {BTX_COMMAND_CANCEL_ORDERS, BTX_REJECT_UNKNOWN_ACCOUNT, HAS_ACCOUNT | HAS_MARKET, 37, 0, NULL},
    {BTX_COMMAND_SETTLE_MARKET, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_VOID_MARKET, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_FORGET_MARKET, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_DESCRIBE_MARKET, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_SET_BET_DELAY, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
    {BTX_COMMAND_REMOVE_RUNNER, BTX_REJECT_UNKNOWN_MARKET, HAS_MARKET, 0, 0, NULL},
};

static void build_funds(struct btx_fixture *fixture, const struct repeated *row)
{
    struct btx_funds_command *command = btx_fixture_begin(fixture, row->type);

    command->account = ACCOUNT;
    command->amount = 5;
    command->cseq = row->cseq;
    command->transfer = row->transfer;
}

static void build_on_order(struct btx_fixture *fixture, const struct repeated *row)
{
    if (row->type == BTX_COMMAND_CANCEL_ORDER) {
        struct btx_cancel_order *command = btx_fixture_begin(fixture, row->type);
        command->account = ACCOUNT;
        command->order = ORDER;
        command->cseq = row->cseq;
    } else if (row->type == BTX_COMMAND_UPDATE_ORDER) {
        struct btx_update_order *command = btx_fixture_begin(fixture, row->type);
        command->account = ACCOUNT;
        command->order = ORDER;
        command->cseq = row->cseq;
    } else {
        struct btx_replace_order *command = btx_fixture_begin(fixture, row->type);
        command->account = ACCOUNT;
        command->order = ORDER;
        command->cseq = row->cseq;
    }
}

static void build_cancel_orders(struct btx_fixture *fixture, uint64_t account, uint64_t market,
                                uint64_t cseq)
{
    struct btx_cancel_orders *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDERS);

    command->account = account;
    command->market = market;
    command->cseq = cseq;
    command->present = (uint8_t)((account != 0 ? BTX_CANCEL_ORDERS_HAS_ACCOUNT : 0) |
                                 (market != 0 ? BTX_CANCEL_ORDERS_HAS_MARKET : 0));
}

static void build_on_account(struct btx_fixture *fixture, enum btx_command_type type)
{
    struct btx_account_command *command = btx_fixture_begin(fixture, type);

    command->account = ACCOUNT;
}

static void build_on_market(struct btx_fixture *fixture, enum btx_command_type type)
{
    struct btx_market_command *command = btx_fixture_begin(fixture, type);

    command->market = MARKET;
}

static void build_refused(struct btx_fixture *fixture, const struct repeated *row)
{
    static const uint64_t winner = 1;

    switch (row->type) {
    case BTX_COMMAND_OPEN_ACCOUNT:
    case BTX_COMMAND_FREEZE_ACCOUNT:
    case BTX_COMMAND_UNFREEZE_ACCOUNT:
        build_on_account(fixture, row->type);
        return;
    case BTX_COMMAND_DEPOSIT:
    case BTX_COMMAND_WITHDRAW:
        build_funds(fixture, row);
        return;
    case BTX_COMMAND_OPEN_MARKET:
        (void)btx_fixture_build_odds(fixture, MARKET, 3, 3); /* All runners win: no market. */
        return;
    case BTX_COMMAND_SUSPEND_MARKET:
    case BTX_COMMAND_RESUME_MARKET:
    case BTX_COMMAND_TURN_IN_PLAY:
    case BTX_COMMAND_VOID_MARKET:
    case BTX_COMMAND_FORGET_MARKET:
    case BTX_COMMAND_DESCRIBE_MARKET:
    case BTX_COMMAND_SET_BET_DELAY:
    case BTX_COMMAND_REMOVE_RUNNER:
        build_on_market(fixture, row->type);
        return;
    case BTX_COMMAND_PLACE_ORDER:
        btx_fixture_build_place(fixture, &(struct btx_wish){.account = ACCOUNT,
                                                            .market = MARKET,
                                                            .runner = 3,
                                                            .price = 20000,
                                                            .size = 100,
                                                            .ref = row->ref,
                                                            .cseq = row->cseq});
        return;
    case BTX_COMMAND_CANCEL_ORDER:
    case BTX_COMMAND_UPDATE_ORDER:
    case BTX_COMMAND_REPLACE_ORDER:
        build_on_order(fixture, row);
        return;
    case BTX_COMMAND_CANCEL_ORDERS:
        build_cancel_orders(fixture, ACCOUNT, MARKET, row->cseq);
        return;
    case BTX_COMMAND_SETTLE_MARKET:
        btx_fixture_build_settle(fixture, MARKET, &winner, 1);
        return;
    case BTX_COMMAND_TICK:
        return;
    }
}

static void assert_repeats(const struct btx_fixture *fixture, const struct repeated *row)
{
    const struct btx_command_rejected *event =
        btx_fixture_event(fixture, 0, BTX_EVENT_COMMAND_REJECTED);

    assert_int_equal(fixture->event_count, 1);
    assert_int_equal(event->cmd, row->type);
    assert_int_equal(event->reason, row->reason);
    assert_int_equal(event->present, row->present);
    assert_int_equal(event->cseq, row->cseq);
    assert_int_equal(event->transfer, row->transfer);
    if (row->ref != NULL) {
        assert_int_equal(event->ref_length, strlen(row->ref));
        assert_memory_equal(btx_command_rejected_ref(event), row->ref, event->ref_length);
    }
}

/* From the refusal alone a client must know which of its commands it answers. */
static void reject__every_command__repeats_what_it_carried(void **state)
{
    const struct btx_core_capacity one = {
        .accounts = 1, .markets = 1, .runners = 2, .orders = 1, .positions = 1};
    struct btx_fixture fixture;

    (void)state;
    assert_int_equal(BTX_COUNT_OF(rows), BTX_COMMAND_COUNT - 1); /* A Tick is never refused. */
    btx_fixture_open(&fixture, &one, 0);
    btx_fixture_open_account(&fixture, 1, 0);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        print_message("%s\n", btx_command_name(rows[i].type)->text);
        build_refused(&fixture, &rows[i]);
        btx_fixture_run(&fixture);
        assert_repeats(&fixture, &rows[i]);
        const struct btx_command_rejected *event =
            btx_fixture_event(&fixture, 0, BTX_EVENT_COMMAND_REJECTED);
        assert_int_equal(event->account, rows[i].present & HAS_ACCOUNT ? ACCOUNT : 0);
        assert_int_equal(event->market, rows[i].present & HAS_MARKET ? MARKET : 0);
        assert_int_equal(event->order, rows[i].present & HAS_ORDER ? ORDER : 0);
    }
    btx_fixture_close(&fixture);
}

/* "" counts as given (rules.md 4), and 64 bytes are the longest. */
static void reject__refs_of_each_length__as_given(void **state)
{
    static const char longest[] =
        "1234567890123456789012345678901234567890123456789012345678901234";
    static const char *const refs[] = {NULL, "", "x", longest};
    struct btx_fixture *fixture = *state;

    for (size_t i = 0; i < BTX_COUNT_OF(refs); i++) {
        const struct repeated row = {
            .type = BTX_COMMAND_PLACE_ORDER,
            .reason = BTX_REJECT_UNKNOWN_ACCOUNT,
            .present = (uint8_t)(HAS_ACCOUNT | HAS_MARKET | (refs[i] != NULL ? HAS_REF : 0)),
            .ref = refs[i],
        };

        build_refused(fixture, &row);
        btx_fixture_run(fixture);
        assert_repeats(fixture, &row);
    }
}

/* The filters of CancelOrders are optional: what was not given is not repeated. */
static void reject__cancel_orders_with_each_filter__only_those_given(void **state)
{
    struct btx_fixture *fixture = *state;

    for (int form = 0; form < 4; form++) {
        const bool has_account = form & 1;
        const bool has_market = form & 2;
        const struct repeated row = {
            .type = BTX_COMMAND_CANCEL_ORDERS,
            .reason = has_account  ? BTX_REJECT_UNKNOWN_ACCOUNT
                      : has_market ? BTX_REJECT_UNKNOWN_MARKET
                                   : BTX_REJECT_NOTHING_TO_CANCEL,
            .present = (uint8_t)((has_account ? HAS_ACCOUNT : 0) | (has_market ? HAS_MARKET : 0)),
        };

        build_cancel_orders(fixture, has_account ? ACCOUNT : 0, has_market ? MARKET : 0, 0);
        btx_fixture_run(fixture);
        assert_repeats(fixture, &row);
    }
}

/* Account 0 is the house, which is a name like any other in a refusal. */
static void reject__account_0__is_repeated(void **state)
{
    struct btx_fixture *fixture = *state;
    struct btx_account_command *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_ACCOUNT);
    const struct repeated row = {.type = BTX_COMMAND_OPEN_ACCOUNT,
                                 .reason = BTX_REJECT_INVALID_ACCOUNT,
                                 .present = HAS_ACCOUNT};

    command->account = 0;
    btx_fixture_run(fixture);
    assert_repeats(fixture, &row);
}

/* Withdraw @amount of account 1. */
static void withdraw_refused(struct btx_fixture *fixture, int64_t amount, uint64_t cseq,
                             uint64_t transfer, enum btx_reject reason)
{
    struct btx_funds_command *command = btx_fixture_begin(fixture, BTX_COMMAND_WITHDRAW);

    command->account = 1;
    command->amount = amount;
    command->cseq = cseq;
    command->transfer = transfer;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), reason);
}

/* Exactly once holds for refused commands too: the same number must not succeed later. */
static void reject__any_reason__consumes_cseq_or_transfer(void **state)
{
    struct btx_fixture *fixture = *state;
    const struct account *account = btx_find_account(fixture->core, 1);

    withdraw_refused(fixture, BTX_MONEY_MAX, 11, 0, BTX_REJECT_INSUFFICIENT_FUNDS);
    assert_int_equal(account->cseq, 11);
    assert_int_equal(account->transfer, 20);
    withdraw_refused(fixture, -1, 0, 25, BTX_REJECT_INVALID_AMOUNT);
    assert_int_equal(account->cseq, 11);
    assert_int_equal(account->transfer, 25);
    withdraw_refused(fixture, 1, 11, 0, BTX_REJECT_DUPLICATE);
}

/* A number that was consumed before must not be set back by its own refusal. */
static void reject__duplicate__consumes_nothing(void **state)
{
    struct btx_fixture *fixture = *state;
    const struct account *account = btx_find_account(fixture->core, 1);

    withdraw_refused(fixture, 1, 10, 0, BTX_REJECT_DUPLICATE);
    withdraw_refused(fixture, 1, 3, 0, BTX_REJECT_DUPLICATE);
    withdraw_refused(fixture, 1, 0, 20, BTX_REJECT_DUPLICATE);
    withdraw_refused(fixture, 1, 0, 19, BTX_REJECT_DUPLICATE);
    assert_int_equal(account->cseq, 10);
    assert_int_equal(account->transfer, 20);
}

/* BUSY says: the very same command may come again (wal.md 3).  Right after DUPLICATE, before all
 * else, and only to commands that bring orders. */
static void reject__busy__consumes_nothing_and_comes_right_after_duplicate(void **state)
{
    struct btx_fixture *fixture = *state;
    const struct account *account = btx_find_account(fixture->core, 1);
    const struct btx_wish wish = {
        .account = 1, .market = MARKET, .price = 1, .size = -1, .cseq = 12, .ref = "shed"};

    btx_fixture_build_place(fixture, &wish);
    fixture->command->command.shed = 1;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_BUSY);
    assert_int_equal(account->cseq, 10);

    struct btx_replace_order *replace = btx_fixture_begin(fixture, BTX_COMMAND_REPLACE_ORDER);
    replace->account = 1;
    replace->order = ORDER;
    replace->cseq = 12;
    replace->command.shed = 1;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_BUSY);
    assert_int_equal(account->cseq, 10);

    replace->cseq = 10;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_DUPLICATE);

    struct btx_cancel_order *cancel = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDER);
    cancel->account = 1;
    cancel->order = ORDER;
    cancel->cseq = 12;
    cancel->command.shed = 1;
    btx_fixture_run(fixture);
    assert_int_equal(btx_fixture_reason(fixture), BTX_REJECT_UNKNOWN_ORDER);
    assert_int_equal(account->cseq, 12);
}

/* The two sequences are apart; 0 means that none was given. */
static void account_or_reject__each_number__new_ones_pass(void **state)
{
    static const struct {
        uint64_t account;
        uint64_t cseq;
        uint64_t transfer;
        enum btx_reject reason; /* BTX_REJECT_COUNT: passes */
    } cases[] = {
        {1, 0, 0, (enum btx_reject)BTX_REJECT_COUNT},
        {1, 11, 0, (enum btx_reject)BTX_REJECT_COUNT},
        {1, UINT64_MAX, 0, (enum btx_reject)BTX_REJECT_COUNT},
        {1, 0, 21, (enum btx_reject)BTX_REJECT_COUNT},
        {1, 10, 0, BTX_REJECT_DUPLICATE},
        {1, 1, 0, BTX_REJECT_DUPLICATE},
        {1, 0, 20, BTX_REJECT_DUPLICATE},
        {1, 0, 11, BTX_REJECT_DUPLICATE},
        {0, 0, 0, BTX_REJECT_UNKNOWN_ACCOUNT},
        {2, 1, 0, BTX_REJECT_UNKNOWN_ACCOUNT},
    };
    struct btx_fixture *fixture = *state;
    const struct account *account = btx_find_account(fixture->core, 1);

    for (size_t i = 0; i < BTX_COUNT_OF(cases); i++) {
        struct run run = {.core = fixture->core, .tx = &fixture->tx};

        (void)btx_fixture_begin(fixture, BTX_COMMAND_DEPOSIT);
        run.command = &fixture->command->command;
        fixture->tx.length_bytes = 0;
        fixture->tx.event_count = 0;
        fixture->tx.full = false;
        const struct account *found =
            btx_account_or_reject(&run, cases[i].account, cases[i].cseq, cases[i].transfer);
        if (cases[i].reason == (enum btx_reject)BTX_REJECT_COUNT) {
            assert_ptr_equal(found, account);
            assert_int_equal(fixture->tx.event_count, 0);
            continue;
        }
        const struct btx_command_rejected *event = (const void *)fixture->tx.bytes;
        assert_null(found);
        assert_int_equal(fixture->tx.event_count, 1);
        assert_int_equal(event->reason, cases[i].reason);
    }
}

#define IN_SETUP(test) cmocka_unit_test_setup_teardown(test, setup, btx_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reject__every_command__repeats_what_it_carried),
        IN_SETUP(reject__refs_of_each_length__as_given),
        IN_SETUP(reject__cancel_orders_with_each_filter__only_those_given),
        IN_SETUP(reject__account_0__is_repeated),
        IN_SETUP(reject__any_reason__consumes_cseq_or_transfer),
        IN_SETUP(reject__duplicate__consumes_nothing),
        IN_SETUP(reject__busy__consumes_nothing_and_comes_right_after_duplicate),
        IN_SETUP(account_or_reject__each_number__new_ones_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
