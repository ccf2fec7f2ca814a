/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/core/fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)4096)
#define ARENA_BYTES ((size_t)512 << 20) /* Committed as it is used. */
#define EVENTS_MAX 65536u

static size_t pages(size_t length_bytes)
{
    return (length_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void *btx_fixture_room(struct btx_fixture *fixture, size_t length_bytes)
{
    void *room = fixture->arena + fixture->arena_used_bytes;

    fixture->arena_used_bytes += (length_bytes + 63) / 64 * 64;
    assert_true(fixture->arena_used_bytes <= ARENA_BYTES);
    return room;
}

void btx_fixture_open(struct btx_fixture *fixture, const struct btx_core_capacity *capacity,
                      uint32_t shard)
{
    const size_t core_bytes = btx_core_memory_bytes(capacity);

    assert_true(core_bytes > 0);
    *fixture = (struct btx_fixture){.capacity = *capacity, .time_ns = 1000};
    fixture->mapping_bytes = ARENA_BYTES + pages(core_bytes) + PAGE_BYTES;
    fixture->mapping = mmap(NULL, fixture->mapping_bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(fixture->mapping != MAP_FAILED);
    uint8_t *end = (uint8_t *)fixture->mapping + fixture->mapping_bytes - PAGE_BYTES;
    assert_int_equal(mprotect(end, PAGE_BYTES, PROT_NONE), 0);
    fixture->arena = fixture->mapping;
    fixture->core = btx_core_init(end - core_bytes, capacity, shard);
    fixture->tx.bytes = btx_fixture_room(fixture, BTX_TX_BYTES_MAX);
    fixture->events = btx_fixture_room(fixture, EVENTS_MAX * sizeof *fixture->events);
    fixture->command = btx_fixture_room(fixture, sizeof *fixture->command);
    fixture->record = btx_fixture_room(fixture, sizeof *fixture->record);
}

void btx_fixture_close(struct btx_fixture *fixture)
{
    const char *wrong = fixture->corrupted ? NULL : btx_core_verify(fixture->core);

    if (wrong != NULL)
        print_error("%s\n", wrong);
    assert_int_equal(munmap(fixture->mapping, fixture->mapping_bytes), 0);
    fixture->mapping = NULL;
    assert_null(wrong);
}

int btx_fixture_setup(void **state)
{
    static struct btx_fixture fixture;
    static const struct btx_core_capacity capacity = {.accounts = 64,
                                                      .markets = 16,
                                                      .runners = 1100,
                                                      .orders = 6000,
                                                      .positions = 200,
                                                      .stakes = 5000,
                                                      .description_bytes = 20000};

    btx_fixture_open(&fixture, &capacity, 0);
    *state = &fixture;
    return 0;
}

int btx_fixture_teardown(void **state)
{
    btx_fixture_close(*state);
    return 0;
}

void *btx_fixture_begin(struct btx_fixture *fixture, enum btx_command_type type)
{
    struct btx_command *command = btx_command_begin(fixture->command, type);

    command->record.time_ns = fixture->time_ns;
    return command;
}

static void follow(const struct btx_fixture *fixture, const struct btx_record *record)
{
    if (fixture->follower == NULL ||
        (fixture->follows_events && btx_record_kind(record) != BTX_RECORD_EVENT))
        return;
    const char *wrong = btx_core_apply(fixture->follower, record);
    if (wrong != NULL)
        fail_msg("not followed: %s", wrong);
}

/* Copy the tx's records to where they stay, check them, and note the events. */
static void collect_tx(struct btx_fixture *fixture)
{
    const struct btx_tx *tx = &fixture->tx;
    uint8_t *bytes = btx_fixture_room(fixture, tx->length_bytes);
    size_t at = 0;
    uint32_t found = 0;

    assert_true(tx->length_bytes <= BTX_TX_BYTES_MAX);
    assert_true(fixture->tx_count < BTX_COUNT_OF(fixture->tx_events));
    memcpy(bytes, tx->bytes, tx->length_bytes);
    while (at < tx->length_bytes) {
        const struct btx_record *record = (const struct btx_record *)(const void *)(bytes + at);
        const char *wrong = btx_record_check(record, tx->length_bytes - at);

        if (wrong != NULL)
            fail_msg("emitted record of type %u: %s", record->type, wrong);
        at += btx_record_length_bytes(record);
        follow(fixture, record);
        if (btx_record_kind(record) != BTX_RECORD_EVENT)
            continue;
        assert_true(fixture->event_count < EVENTS_MAX);
        fixture->events[fixture->event_count++] = record;
        found++;
    }
    assert_int_equal(found, tx->event_count);
    fixture->tx_events[fixture->tx_count] = tx->event_count;
    fixture->tx_begins[fixture->tx_count] = tx->begins_command;
    fixture->tx_count++;
}

/* Give the core the command that was built. */
static enum btx_step give(struct btx_fixture *fixture)
{
    const struct btx_command *command = &fixture->command->command;
    const enum btx_step step = btx_core_step(fixture->core, command, &fixture->tx);

    collect_tx(fixture);
    return step;
}

enum btx_step btx_fixture_start(struct btx_fixture *fixture)
{
    const struct btx_command *command = &fixture->command->command;
    const char *wrong = btx_record_check(command, sizeof *fixture->command);

    if (wrong != NULL)
        fail_msg("command of type %u: %s", command->record.type, wrong);
    fixture->event_count = 0;
    fixture->tx_count = 0;
    fixture->due_count = 0;
    return give(fixture);
}

enum btx_step btx_fixture_continue(struct btx_fixture *fixture)
{
    const enum btx_step step = btx_core_step(fixture->core, NULL, &fixture->tx);

    collect_tx(fixture);
    return step;
}

void btx_fixture_run(struct btx_fixture *fixture)
{
    enum btx_step step = btx_fixture_start(fixture);

    while (step != BTX_STEP_DONE) {
        fixture->due_count += step == BTX_STEP_DUE;
        step = step == BTX_STEP_MORE ? btx_fixture_continue(fixture) : give(fixture);
    }
}

const void *btx_fixture_event(const struct btx_fixture *fixture, uint32_t index,
                              enum btx_event_type type)
{
    assert_true(index < fixture->event_count);
    assert_int_equal(fixture->events[index]->type, type);
    return fixture->events[index];
}

uint32_t btx_fixture_count(const struct btx_fixture *fixture, enum btx_event_type type)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < fixture->event_count; i++)
        count += fixture->events[i]->type == type;
    return count;
}

const void *btx_fixture_last(const struct btx_fixture *fixture, enum btx_event_type type)
{
    uint32_t index = fixture->event_count;

    while (index > 0 && fixture->events[index - 1]->type != type)
        index--;
    assert_true(index > 0);
    return fixture->events[index - 1];
}

enum btx_reject btx_fixture_reason(const struct btx_fixture *fixture)
{
    if (btx_fixture_count(fixture, BTX_EVENT_COMMAND_REJECTED) == 0)
        return (enum btx_reject)BTX_REJECT_COUNT;
    assert_true(fixture->event_count == 1 || fixture->due_count > 0);
    const struct btx_command_rejected *event =
        btx_fixture_event(fixture, fixture->event_count - 1, BTX_EVENT_COMMAND_REJECTED);
    return (enum btx_reject)event->reason;
}

bool btx_fixture_aborts(void (*body)(struct btx_fixture *fixture), struct btx_fixture *fixture)
{
    int status;

    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};

        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO); /* What the CHECK says is expected. */
        body(fixture);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void run_accepted(struct btx_fixture *fixture)
{
    btx_fixture_run(fixture);
    assert_true(fixture->event_count > 0);
    if (btx_fixture_reason(fixture) != (enum btx_reject)BTX_REJECT_COUNT)
        fail_msg("refused: %s", btx_reject_terms[btx_fixture_reason(fixture)].text);
}

void btx_fixture_open_account(struct btx_fixture *fixture, uint64_t account, int64_t amount)
{
    btx_fixture_on_account(fixture, BTX_COMMAND_OPEN_ACCOUNT, account);
    if (amount == 0)
        return;
    struct btx_funds_command *deposit = btx_fixture_begin(fixture, BTX_COMMAND_DEPOSIT);
    deposit->account = account;
    deposit->amount = amount;
    run_accepted(fixture);
}

struct btx_open_market *btx_fixture_build_odds(struct btx_fixture *fixture, uint64_t market,
                                               uint32_t runner_count, uint32_t winners)
{
    struct btx_open_market *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_MARKET);
    uint64_t *runners = (uint64_t *)(command + 1);

    command->market = market;
    command->kind = BTX_MARKET_KIND_ODDS;
    command->winners = winners;
    command->min_size = 100;
    command->runners_count = (uint16_t)runner_count;
    command->present = BTX_OPEN_MARKET_HAS_RUNNERS | BTX_OPEN_MARKET_HAS_WINNERS;
    for (uint32_t i = 0; i < runner_count; i++)
        runners[i] = BTX_FIXTURE_RUNNER + i;
    btx_command_set_length(fixture->command, 8u * (size_t)runner_count);
    return command;
}

void btx_fixture_open_odds(struct btx_fixture *fixture, uint64_t market, uint32_t runner_count,
                           uint32_t winners)
{
    (void)btx_fixture_build_odds(fixture, market, runner_count, winners);
    run_accepted(fixture);
}

void btx_fixture_open_second(struct btx_fixture *fixture, uint64_t market, uint32_t runner_count,
                             uint32_t winners, struct btx_opening opening)
{
    struct btx_open_market *command =
        btx_fixture_build_odds(fixture, market, runner_count, winners);

    command->bet_delay = opening.bet_delay;
    command->reductions = opening.reductions;
    command->implied = opening.implied;
    command->ladder = opening.finest ? BTX_LADDER_FINEST : BTX_LADDER_CLASSIC;
    command->present |= BTX_OPEN_MARKET_HAS_BET_DELAY | BTX_OPEN_MARKET_HAS_REDUCTIONS |
                        BTX_OPEN_MARKET_HAS_IMPLIED | BTX_OPEN_MARKET_HAS_LADDER;
    run_accepted(fixture);
}

void btx_fixture_build_removal(struct btx_fixture *fixture, uint64_t market, uint64_t runner,
                               uint32_t percent)
{
    struct btx_remove_runner *command = btx_fixture_begin(fixture, BTX_COMMAND_REMOVE_RUNNER);

    command->market = market;
    command->runner = runner;
    command->factor = (int64_t)percent * BTX_FACTOR_STEP;
}

void btx_fixture_remove(struct btx_fixture *fixture, uint64_t market, uint64_t runner,
                        uint32_t percent)
{
    btx_fixture_build_removal(fixture, market, runner, percent);
    run_accepted(fixture);
}

enum btx_reject btx_fixture_describe(struct btx_fixture *fixture, uint64_t market, const char *text,
                                     size_t length_bytes)
{
    struct btx_describe_market *command = btx_fixture_begin(fixture, BTX_COMMAND_DESCRIBE_MARKET);

    command->market = market;
    command->text_length = (uint16_t)length_bytes;
    memcpy(command + 1, text, length_bytes);
    btx_command_set_length(fixture->command, length_bytes);
    btx_fixture_run(fixture);
    return btx_fixture_reason(fixture);
}

void btx_fixture_tick(struct btx_fixture *fixture, uint64_t time_ns)
{
    fixture->time_ns = time_ns;
    (void)btx_fixture_begin(fixture, BTX_COMMAND_TICK);
    btx_fixture_run(fixture);
}

void btx_fixture_open_binary(struct btx_fixture *fixture, uint64_t market, uint64_t tick)
{
    struct btx_open_market *command = btx_fixture_begin(fixture, BTX_COMMAND_OPEN_MARKET);

    command->market = market;
    command->kind = BTX_MARKET_KIND_BINARY;
    command->tick = tick;
    command->min_size = BTX_DECIMAL_ONE;
    command->present = BTX_OPEN_MARKET_HAS_TICK;
    run_accepted(fixture);
}

void btx_fixture_build_place(struct btx_fixture *fixture, const struct btx_wish *wish)
{
    struct btx_place_order *command = btx_fixture_begin(fixture, BTX_COMMAND_PLACE_ORDER);

    command->account = wish->account;
    command->market = wish->market;
    command->runner = wish->runner;
    command->price = wish->price;
    command->size = wish->size;
    command->min_fill = wish->min_fill;
    command->cseq = wish->cseq;
    command->expires = wish->expires;
    command->if_version = wish->if_version;
    command->side = (uint8_t)wish->side;
    command->tif = (uint8_t)wish->tif;
    command->persistence = (uint8_t)wish->persistence;
    command->post_only = wish->post_only;
    command->stp = (uint8_t)wish->stp;
    if (wish->runner != 0)
        command->present |= BTX_PLACE_ORDER_HAS_RUNNER;
    if (wish->min_fill != 0)
        command->present |= BTX_PLACE_ORDER_HAS_MIN_FILL;
    if (wish->expires != 0)
        command->present |= BTX_PLACE_ORDER_HAS_EXPIRES;
    if (wish->if_version != 0)
        command->present |= BTX_PLACE_ORDER_HAS_IF_VERSION;
    if (wish->ref != NULL) {
        command->present |= BTX_PLACE_ORDER_HAS_REF;
        command->ref_length = (uint8_t)strlen(wish->ref);
        memcpy(command + 1, wish->ref, command->ref_length);
        btx_command_set_length(fixture->command, command->ref_length);
    }
}

uint64_t btx_fixture_place(struct btx_fixture *fixture, const struct btx_wish *wish)
{
    btx_fixture_build_place(fixture, wish);
    btx_fixture_run(fixture);
    if (btx_fixture_count(fixture, BTX_EVENT_ORDER_HELD) > 0) {
        const struct btx_order_held *held = btx_fixture_last(fixture, BTX_EVENT_ORDER_HELD);
        return held->order;
    }
    if (btx_fixture_count(fixture, BTX_EVENT_ORDER_ACCEPTED) == 0)
        return 0;
    const struct btx_order_accepted *accepted = btx_fixture_last(fixture, BTX_EVENT_ORDER_ACCEPTED);
    return accepted->order;
}

void btx_fixture_on_account(struct btx_fixture *fixture, enum btx_command_type type,
                            uint64_t account)
{
    /* OpenAccount has the same body. */
    struct btx_account_command *command = btx_fixture_begin(fixture, type);

    command->account = account;
    run_accepted(fixture);
}

void btx_fixture_on_market(struct btx_fixture *fixture, enum btx_command_type type, uint64_t market)
{
    struct btx_market_command *command = btx_fixture_begin(fixture, type);

    command->market = market;
    run_accepted(fixture);
}

void btx_fixture_cancel(struct btx_fixture *fixture, uint64_t account, uint64_t order)
{
    struct btx_cancel_order *command = btx_fixture_begin(fixture, BTX_COMMAND_CANCEL_ORDER);

    command->account = account;
    command->order = order;
    run_accepted(fixture);
}

void btx_fixture_build_settle(struct btx_fixture *fixture, uint64_t market, const uint64_t *winners,
                              uint16_t count)
{
    struct btx_settle_market *command = btx_fixture_begin(fixture, BTX_COMMAND_SETTLE_MARKET);

    command->market = market;
    command->winners_count = count;
    command->present = BTX_SETTLE_MARKET_HAS_WINNERS;
    memcpy(command + 1, winners, 8u * (size_t)count);
    btx_command_set_length(fixture->command, 8u * (size_t)count);
}

void *btx_fixture_event_begin(struct btx_fixture *fixture, enum btx_event_type type)
{
    const struct btx_core *core = fixture->core;
    struct btx_record *record = &fixture->record->record;
    const size_t body_bytes = btx_event_body_bytes((uint8_t)type);

    memset(fixture->record, 0, sizeof *fixture->record);
    record->length_units = btx_record_units(body_bytes);
    record->kind_flags = BTX_RECORD_EVENT | BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END;
    record->type = (uint8_t)type;
    record->seq = core->seq + 1;
    record->tx = core->tx_open ? core->tx : core->tx + 1;
    record->time_ns = core->time_ns;
    return record;
}

void btx_fixture_event_tail(struct btx_fixture *fixture, const void *tail, size_t tail_bytes)
{
    struct btx_record *record = &fixture->record->record;
    const size_t body_bytes = btx_event_body_bytes(record->type);

    memcpy(fixture->record->bytes + body_bytes, tail, tail_bytes);
    record->length_units = btx_record_units(body_bytes + tail_bytes);
}

const char *btx_fixture_apply(struct btx_fixture *fixture)
{
    const struct btx_record *record = &fixture->record->record;
    const char *wrong = btx_record_check(record, sizeof *fixture->record);

    if (wrong != NULL)
        fail_msg("built record of type %u: %s", record->type, wrong);
    return btx_core_apply(fixture->core, record);
}

struct growing {
    struct btx_fixture *fixture;
    struct btx_bytes saved;
};

/* Pieces come in any length; the saved bytes are one piece. */
static void append(void *context, const void *bytes, size_t length_bytes)
{
    struct growing *growing = context;
    struct btx_fixture *fixture = growing->fixture;

    assert_true(fixture->arena_used_bytes + growing->saved.length_bytes + length_bytes <=
                ARENA_BYTES);
    memcpy(growing->saved.bytes + growing->saved.length_bytes, bytes, length_bytes);
    growing->saved.length_bytes += length_bytes;
}

struct btx_bytes btx_fixture_save(struct btx_fixture *fixture)
{
    struct btx_core *core = fixture->core;
    const bool tx_open = core->tx_open;
    struct growing growing = {.fixture = fixture};

    growing.saved.bytes = btx_fixture_room(fixture, 0);
    core->tx_open = false;
    btx_core_save(core, append, &growing);
    core->tx_open = tx_open;
    (void)btx_fixture_room(fixture, growing.saved.length_bytes); /* What append() wrote. */
    return growing.saved;
}

void btx_bytes_assert_equal(struct btx_bytes left, struct btx_bytes right)
{
    const size_t shorter =
        left.length_bytes < right.length_bytes ? left.length_bytes : right.length_bytes;

    for (size_t i = 0; i < shorter; i++)
        if (left.bytes[i] != right.bytes[i])
            fail_msg("bytes differ at %zu of %zu", i, left.length_bytes);
    assert_int_equal(left.length_bytes, right.length_bytes);
}

const char *btx_fixture_load(struct btx_fixture *fixture, const void *bytes, size_t length_bytes)
{
    const struct btx_core_capacity capacity = fixture->capacity;
    const uint32_t shard = fixture->core->shard;
    const size_t core_bytes = btx_core_memory_bytes(&capacity);
    uint8_t *memory = (uint8_t *)fixture->core;

    /* Fresh pages are zero and cheaper than clearing what was never touched. */
    uint8_t *first_page = (uint8_t *)pages((uintptr_t)memory);
    memset(memory, 0, (size_t)(first_page - memory));
    assert_int_equal(madvise(first_page, core_bytes - (size_t)(first_page - memory), MADV_DONTNEED),
                     0);
    fixture->core = btx_core_init(memory, &capacity, shard);
    return btx_core_load(fixture->core, bytes, length_bytes);
}
