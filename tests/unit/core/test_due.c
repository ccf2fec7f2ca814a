/* SPDX-License-Identifier: Apache-2.0 */
/* test_due.c - the queue of the orders that wait for a moment: who is first, and what looking at it
 * costs. */
#include "engine/core/due.h"

#include <sys/mman.h>

#include "engine/core/entities.h"
#include "tests/unit/core/fixture.h"

#define PAGE_BYTES ((size_t)4096)

/* A core with one position, whose orders are made by hand. */
struct trial {
    struct btx_fixture fixture;
    struct btx_core *core;
    struct position *position;
    uint64_t next_id;
};

static void begin(struct trial *trial, uint32_t orders)
{
    const struct btx_core_capacity capacity = {
        .accounts = 1, .markets = 1, .runners = 2, .orders = orders, .positions = 1};

    btx_fixture_open(&trial->fixture, &capacity, 0);
    trial->fixture.corrupted = true; /* Orders that neither rest nor are reserved for. */
    btx_fixture_open_account(&trial->fixture, 1, BTX_FIXTURE_ONE);
    btx_fixture_open_odds(&trial->fixture, 1, 2, 1);
    trial->core = trial->fixture.core;
    trial->position = btx_make_position(trial->core, 2, 1);
    trial->next_id = 1;
}

static struct order *make_order(struct trial *trial)
{
    return btx_make_order(trial->core, trial->next_id++, trial->position, BTX_SIDE_BACK);
}

static struct order *make_waiting(struct trial *trial, uint64_t expires)
{
    struct order *order = make_order(trial);

    btx_due_add(trial->core, order, (struct order_moment){.expires = expires});
    return order;
}

/* What waits, in a plain list. */
struct waiting {
    uint64_t expires;
    struct order *order;
};

/* Index of the first one by moment and then by id. */
static uint32_t first_of(const struct waiting *waiting, uint32_t count)
{
    uint32_t first = 0;

    for (uint32_t i = 1; i < count; i++)
        if (waiting[i].expires < waiting[first].expires ||
            (waiting[i].expires == waiting[first].expires &&
             waiting[i].order->id < waiting[first].order->id))
            first = i;
    return first;
}

/* Whatever is added, and taken out from wherever in the queue: the first is always the one that a
 * look at all of them finds.  Few moments, so that ties are common. */
static void due__random_adds_and_removals__first_as_found_by_looking_at_all(void **state)
{
    enum { WAITING_MAX = 200 };
    struct waiting waiting[WAITING_MAX];
    struct btx_random random;
    struct trial trial;
    uint32_t count = 0;

    (void)state;
    btx_random_init(&random, 4101);
    begin(&trial, WAITING_MAX);
    for (int i = 0; i < 30000; i++) {
        const bool grows = btx_random_below(&random, 200) < (i / 2000 % 2 == 0 ? 130 : 70);

        if (grows && count < WAITING_MAX) {
            const uint64_t expires = btx_random_between(&random, 1, i % 3 == 0 ? 9 : 1000);
            waiting[count++] =
                (struct waiting){.expires = expires, .order = make_waiting(&trial, expires)};
        } else if (count > 0) {
            const uint32_t gone =
                i % 2 == 0 ? (uint32_t)btx_random_below(&random, count) : first_of(waiting, count);
            btx_unmake_order(trial.core, waiting[gone].order);
            waiting[gone] = waiting[--count];
        }
        assert_int_equal(trial.core->due.count, count);
        assert_true(btx_due_agrees(trial.core));
        if (count > 0)
            assert_ptr_equal(due_first(trial.core), waiting[first_of(waiting, count)].order);
    }
    btx_fixture_close(&trial.fixture);
}

/* rules-2.md 4: at one moment by id, whichever came into the queue first. */
static void due__one_moment__by_id(void **state)
{
    struct order *orders[50];
    struct trial trial;

    (void)state;
    begin(&trial, 50);
    for (int i = 0; i < 50; i++)
        orders[i] = make_order(&trial);
    for (int i = 0; i < 50; i++)
        btx_due_add(trial.core, orders[i * 17 % 50], (struct order_moment){.expires = 77});
    for (int i = 0; i < 50; i++) {
        assert_ptr_equal(due_first(trial.core), orders[i]);
        btx_due_remove(trial.core, orders[i]);
        assert_int_equal(orders[i]->due_place, 0);
    }
    btx_fixture_close(&trial.fixture);
}

/* A moment is due when it has come, not before. */
static void due_is_now__around_the_first_moment__from_it_on(void **state)
{
    struct trial trial;

    (void)state;
    begin(&trial, 2);
    trial.core->now_ns = UINT64_MAX;
    assert_false(due_is_now(trial.core));
    (void)make_waiting(&trial, 500);
    (void)make_waiting(&trial, 400);
    trial.core->now_ns = 399;
    assert_false(due_is_now(trial.core));
    trial.core->now_ns = 400;
    assert_true(due_is_now(trial.core));
    trial.core->now_ns = 401;
    assert_true(due_is_now(trial.core));
    btx_fixture_close(&trial.fixture);
}

/* A held order waits for what comes first; at one and the same moment it expires. */
static void due__held_order__release_or_expiry_whichever_is_first(void **state)
{
    static const struct {
        uint64_t until;
        uint64_t expires; /* 0: never */
        uint64_t moment;
        bool is_expiry;
        bool waits_on; /* After its release. */
    } rows[] = {
        {10, 0, 10, false, false}, {10, 11, 10, false, true}, {10, UINT64_MAX, 10, false, true},
        {10, 10, 10, true, false}, {10, 9, 9, true, false},   {BTX_UNTIL_NS_MAX, 1, 1, true, false},
    };
    struct trial trial;

    (void)state;
    begin(&trial, BTX_COUNT_OF(rows));
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        struct order *order = make_order(&trial);

        order->held = true;
        btx_due_add(trial.core, order,
                    (struct order_moment){
                        .until = rows[i].until, .expires = rows[i].expires, .min_fill = 100});
        assert_int_equal(trial.core->due.entries[1].moment_ns, rows[i].moment);
        assert_int_equal(btx_due_is_expiry(trial.core, order), rows[i].is_expiry);
        if (!rows[i].is_expiry) {
            btx_due_release(trial.core, order);
            assert_false(order->held);
            assert_int_equal(order->due_place != 0, rows[i].waits_on);
        }
        if (rows[i].waits_on) {
            assert_true(btx_due_is_expiry(trial.core, order));
            assert_int_equal(trial.core->due.entries[1].moment_ns, rows[i].expires);
        }
        assert_true(btx_due_agrees(trial.core));
        if (order->due_place != 0)
            btx_due_remove(trial.core, order);
        assert_int_equal(trial.core->due.count, 0);
    }
    btx_fixture_close(&trial.fixture);
}

/* How many entries of the queue are not what they were. */
static uint32_t changed_entries(const struct btx_core *core, const struct due_entry *before,
                                uint32_t count)
{
    uint32_t changed = 0;

    for (uint32_t place = 1; place <= count; place++)
        changed += memcmp(&core->due.entries[place], &before[place], sizeof *before) != 0;
    return changed;
}

/* All pages of the queue but its first become @protection. */
static void protect_all_but_the_first(const struct btx_core *core, uint32_t count, int protection)
{
    const uintptr_t begin = (uintptr_t)&core->due.entries[2];
    const uintptr_t end = (uintptr_t)&core->due.entries[count];
    const uintptr_t first = (begin + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

    assert_true(end > first);
    assert_int_equal(mprotect((void *)first, (end - first) / PAGE_BYTES * PAGE_BYTES, protection),
                     0);
}

/* With a million orders waiting, a command that has nothing to do with them looks at no more than
 * the first page of their queue; one more order, even one that is first of all, and one less, move
 * as many entries as the queue is deep. */
static void due__a_million_waiting__step_looks_at_a_page_and_moves_a_path(void **state)
{
    enum { COUNT = 1000000, DEPTH = 20 };
    struct trial trial;
    struct btx_random random;

    (void)state;
    btx_random_init(&random, 4102);
    begin(&trial, COUNT + 2);
    struct btx_core *core = trial.core;
    for (uint32_t i = 0; i < COUNT; i++)
        (void)make_waiting(&trial, btx_random_between(&random, 1000000, 2000000));
    core->next_order = trial.next_id;

    protect_all_but_the_first(core, COUNT, PROT_NONE);
    btx_fixture_tick(&trial.fixture, 5000);
    btx_fixture_on_market(&trial.fixture, BTX_COMMAND_SUSPEND_MARKET, 1);
    btx_fixture_on_market(&trial.fixture, BTX_COMMAND_RESUME_MARKET, 1);
    const struct btx_wish wish = {.account = 1,
                                  .market = 1,
                                  .runner = BTX_FIXTURE_RUNNER,
                                  .side = BTX_SIDE_BACK,
                                  .price = 20000,
                                  .size = 100};
    const uint64_t order = btx_fixture_place(&trial.fixture, &wish);
    btx_fixture_cancel(&trial.fixture, 1, order);
    protect_all_but_the_first(core, COUNT, PROT_READ | PROT_WRITE);

    const size_t copy_bytes = (COUNT + 2) * sizeof(struct due_entry);
    struct due_entry *before = btx_fixture_room(&trial.fixture, copy_bytes);
    memcpy(before, core->due.entries, copy_bytes);
    trial.next_id = core->next_order;
    struct order *first = make_waiting(&trial, 10);
    assert_ptr_equal(due_first(core), first);
    assert_in_range(changed_entries(core, before, COUNT), 1, DEPTH);
    memcpy(before, core->due.entries, copy_bytes);
    btx_unmake_order(core, first);
    assert_in_range(changed_entries(core, before, COUNT), 1, DEPTH);
    assert_true(btx_due_agrees(core));
    btx_fixture_close(&trial.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due__random_adds_and_removals__first_as_found_by_looking_at_all),
        cmocka_unit_test(due__one_moment__by_id),
        cmocka_unit_test(due_is_now__around_the_first_moment__from_it_on),
        cmocka_unit_test(due__held_order__release_or_expiry_whichever_is_first),
        cmocka_unit_test(due__a_million_waiting__step_looks_at_a_page_and_moves_a_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
