/* SPDX-License-Identifier: Apache-2.0 */
/* test_reading.c - what is refused, what several pages make together, and what follows from it. */
#include "plausible.h"

#include "engine/base/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct plausible plausible;
    struct btx_status_reading *earlier;
    struct btx_status_reading *reading;
};

static int setup(void **state)
{
    static struct fixture fixture;

    plausible_init(&fixture.plausible);
    fixture.earlier = plausible_read(&fixture.plausible);
    plausible_go_on(&fixture.plausible, 2);
    fixture.reading = plausible_read(&fixture.plausible);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    free(fixture->reading);
    free(fixture->earlier);
    plausible_done(&fixture->plausible);
    return 0;
}

/* Any word of the header that says another layout makes the page another one: the engine may be
 * older or newer than this reader, and guessing would show wrong numbers. */
static void reading_add__any_other_layout__is_refused_and_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_shared *page = fixture->plausible.engine;
    struct btx_status_reading *copy = malloc(sizeof *copy);

    assert_non_null(copy);
    memcpy(copy, fixture->reading, sizeof *copy);
    for (size_t word = 0; word < offsetof(struct btx_status_header, parts) / 8; word++) {
        const uint64_t right = atomic_load(&page->header[word]);

        for (unsigned bit = 0; bit < 64; bit++) {
            struct btx_fault fault = {0};

            atomic_store(&page->header[word], right ^ UINT64_C(1) << bit);
            assert_int_equal(btx_status_reading_add(fixture->reading, page, sizeof *page, &fault),
                             BTX_FAULT_LAYOUT);
            assert_non_null(strstr(fault.text, "another version of betex"));
        }
        atomic_store(&page->header[word], right);
    }
    assert_memory_equal(copy, fixture->reading, sizeof *copy);
    assert_int_equal(btx_status_reading_add(fixture->reading, page, sizeof *page, NULL), BTX_OK);
    free(copy);
}

static void reading_add__size_that_is_not_the_layouts__is_refused(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_status_shared *page = fixture->plausible.engine;
    const size_t sizes[] = {0,
                            8,
                            sizeof(struct btx_status_header) - 1,
                            sizeof(struct btx_status_header),
                            sizeof *page - 1,
                            sizeof *page + 1};

    for (size_t i = 0; i < BTX_COUNT_OF(sizes); i++)
        assert_int_equal(btx_status_reading_add(fixture->reading, page, sizes[i], NULL),
                         BTX_FAULT_LAYOUT);
}

/* A part that this program does not know would have slots that it does not know. */
static void reading_add__unknown_part__is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_shared *page = fixture->plausible.engine;
    const size_t word = offsetof(struct btx_status_header, parts) / 8;

    atomic_fetch_or(&page->header[word], UINT64_C(1) << BTX_STATUS_PART_COUNT);
    assert_int_equal(btx_status_reading_add(fixture->reading, page, sizeof *page, NULL),
                     BTX_FAULT_LAYOUT);
}

static void reading_add__four_pages__make_one_picture(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_status_reading *reading = fixture->reading;

    for (unsigned part = 0; part < BTX_STATUS_PART_COUNT; part++)
        assert_int_equal(btx_status_part_life(reading, (enum btx_status_part)part),
                         BTX_STATUS_LIFE_RUNNING);
    assert_int_equal(reading->slots[BTX_STATUS_SEQ], 184203551 + 2 * 412345);
    assert_int_equal(reading->slots[BTX_STATUS_AUDIT], BTX_STATUS_AUDIT_CLEAN);
    assert_int_equal(reading->slots[BTX_STATUS_SESSIONS], 812);
    assert_string_equal(reading->labels[3], "INSUFFICIENT_FUNDS");
    assert_string_equal(reading->labels[BTX_STATUS_REASON_SLOTS], "PlaceOrder");
}

/* Two gateways: sums of what adds up, the worse of what does not. */
static void reading_add__the_same_part_twice__is_combined(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_shared *page = fixture->plausible.gateway;
    struct btx_status_writer gateway =
        plausible_writer(&fixture->plausible, BTX_STATUS_PART_GATEWAY);
    const uint64_t frames = fixture->reading->slots[BTX_STATUS_FRAMES_IN];
    const uint64_t deadline = fixture->reading->slots[BTX_STATUS_CERTIFICATE_END];
    struct btx_fault fault = {0};

    btx_status_set(&gateway, BTX_STATUS_SESSIONS, 5);
    btx_status_set(&gateway, BTX_STATUS_SESSIONS_MAX, BTX_STATUS_ABSENT);
    btx_status_set(&gateway, BTX_STATUS_GATEWAY_SEQ, 100);
    btx_status_set(&gateway, BTX_STATUS_CERTIFICATE_END, deadline - 1);
    btx_status_beat(&gateway, 1);
    btx_status_common(&gateway, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_FAILED);
    (void)btx_fault_set(&fault, BTX_FAULT_LIMIT, 0, "too many");
    btx_status_put_fault(&gateway, &fault, 77);

    assert_int_equal(btx_status_reading_add(fixture->reading, page, sizeof *page, NULL), BTX_OK);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_FRAMES_IN], 2 * frames);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_SESSIONS], 812 + 5);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_SESSIONS_MAX], 10000);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_GATEWAY_SEQ], 100);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_CERTIFICATE_END], deadline - 1);
    assert_int_equal(btx_status_part_life(fixture->reading, BTX_STATUS_PART_GATEWAY),
                     BTX_STATUS_LIFE_FAILED);
    assert_int_equal(btx_status_silence_ns(fixture->reading, BTX_STATUS_PART_GATEWAY),
                     fixture->reading->monotonic_ns - 1);
    assert_int_equal(btx_status_last_fault_part(fixture->reading), BTX_STATUS_PART_GATEWAY);
    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_FAULT + BTX_STATUS_PART_GATEWAY],
                        "too many");
}

/* An older fault of a second gateway does not replace a newer one of the first. */
static void reading_add__older_fault__keeps_time_code_and_text_together(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_shared *page = fixture->plausible.gateway;
    struct btx_status_writer gateway =
        plausible_writer(&fixture->plausible, BTX_STATUS_PART_GATEWAY);
    const uint32_t code =
        btx_status_common_slot(BTX_STATUS_PART_GATEWAY, BTX_STATUS_COMMON_FAULT_CODE);
    struct btx_fault fault = {0};

    (void)btx_fault_set(&fault, BTX_FAULT_LIMIT, 0, "newer");
    btx_status_put_fault(&gateway, &fault, 20);
    assert_int_equal(btx_status_reading_add(fixture->reading, page, sizeof *page, NULL), BTX_OK);
    (void)btx_fault_set(&fault, BTX_FAULT_IO, 0, "older");
    btx_status_put_fault(&gateway, &fault, 10);
    assert_int_equal(btx_status_reading_add(fixture->reading, page, sizeof *page, NULL), BTX_OK);

    assert_int_equal(fixture->reading->slots[code], BTX_FAULT_LIMIT);
    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_FAULT + BTX_STATUS_PART_GATEWAY],
                        "newer");
}

static void part_life__by_state_and_silence__is_told_apart(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_reading *reading = fixture->reading;
    const uint32_t beat =
        btx_status_common_slot(BTX_STATUS_PART_POLLER, BTX_STATUS_COMMON_HEARTBEAT);
    const uint32_t part_state =
        btx_status_common_slot(BTX_STATUS_PART_POLLER, BTX_STATUS_COMMON_PART_STATE);

    reading->slots[beat] = reading->monotonic_ns - BTX_STATUS_SILENT_NS;
    assert_int_equal(btx_status_part_life(reading, BTX_STATUS_PART_POLLER),
                     BTX_STATUS_LIFE_RUNNING);
    reading->slots[beat]--;
    assert_int_equal(btx_status_part_life(reading, BTX_STATUS_PART_POLLER), BTX_STATUS_LIFE_SILENT);
    reading->slots[beat] = reading->monotonic_ns + 1;
    assert_int_equal(btx_status_part_life(reading, BTX_STATUS_PART_POLLER),
                     BTX_STATUS_LIFE_RUNNING);
    reading->slots[part_state] = BTX_STATUS_PART_STOPPED;
    assert_int_equal(btx_status_part_life(reading, BTX_STATUS_PART_POLLER),
                     BTX_STATUS_LIFE_STOPPED);
    reading->slots[part_state] = 99;
    assert_int_equal(btx_status_part_life(reading, BTX_STATUS_PART_POLLER), BTX_STATUS_LIFE_FAILED);
    reading->parts = 0;
    assert_int_equal(btx_status_part_life(reading, BTX_STATUS_PART_POLLER), BTX_STATUS_LIFE_ABSENT);
}

static void rate__two_readings__is_that_of_the_interval(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_status_interval interval =
        btx_status_interval(fixture->reading, fixture->earlier);

    assert_false(interval.since_start);
    assert_int_equal(interval.duration_ns, 2 * PLAUSIBLE_SECOND_NS);
    assert_int_equal(
        btx_status_rate(fixture->reading, fixture->earlier, btx_status_row(BTX_STATUS_EVENTS)),
        412345);
    /* Over all types of commands. */
    assert_int_equal(
        btx_status_rate(fixture->reading, fixture->earlier, btx_status_row(BTX_STATUS_COMMANDS)),
        198800);
}

/* The mean since the start, where there is nothing to compare with. */
static void rate__no_earlier_reading_of_this_start__is_since_the_start(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_status_row *events = btx_status_row(BTX_STATUS_EVENTS);
    const uint64_t seconds = 76 * 3600 + 2;
    const uint64_t mean = (121103351 + 2 * 412345 + seconds / 2) / seconds;

    assert_int_equal(btx_status_rate(fixture->reading, NULL, events), mean);
    assert_int_equal(btx_status_rate(fixture->reading, fixture->reading, events), mean);
    fixture->earlier->incarnation = 6;
    assert_int_equal(btx_status_rate(fixture->reading, fixture->earlier, events), mean);
    assert_true(btx_status_interval(fixture->reading, fixture->earlier).since_start);
}

/* The gateway started anew in between: its counter is smaller, not the rate enormous. */
static void rate__counter_that_fell__counts_from_zero(void **state)
{
    struct fixture *fixture = *state;

    fixture->reading->slots[BTX_STATUS_FRAMES_IN] = 10;
    assert_int_equal(
        btx_status_rate(fixture->reading, fixture->earlier, btx_status_row(BTX_STATUS_FRAMES_IN)),
        5);
}

static void rate__any_numbers__does_not_overflow(void **state)
{
    struct fixture *fixture = *state;

    fixture->reading->slots[BTX_STATUS_EVENTS] = UINT64_MAX - 1;
    fixture->earlier->slots[BTX_STATUS_EVENTS] = 0;
    fixture->reading->monotonic_ns = fixture->earlier->monotonic_ns + 1;
    assert_true(btx_status_rate(fixture->reading, fixture->earlier,
                                btx_status_row(BTX_STATUS_EVENTS)) == BTX_STATUS_ABSENT - 1);
}

static void interval_histogram__two_readings__is_that_of_the_interval(void **state)
{
    struct fixture *fixture = *state;
    struct btx_histogram *histogram = malloc(sizeof *histogram);

    assert_non_null(histogram);
    btx_status_interval_histogram(fixture->reading, fixture->earlier, BTX_STATUS_HISTOGRAM_STEP,
                                  histogram);
    assert_int_equal(histogram->count, 40000);
    btx_status_interval_histogram(fixture->reading, NULL, BTX_STATUS_HISTOGRAM_STEP, histogram);
    assert_int_equal(histogram->count, 140000);
    free(histogram);
}

/* The positions are read one after the other: the fill is never negative, nor more than fits. */
static void ring_fill__positions_of_different_moments__stays_in_its_bounds(void **state)
{
    struct fixture *fixture = *state;
    uint64_t *slots = fixture->reading->slots;

    assert_int_equal(btx_status_ring_fill_bytes(fixture->reading), 40960);
    slots[BTX_STATUS_RING_DURABLE] = slots[BTX_STATUS_RING_PUBLISHED] + 1;
    assert_int_equal(btx_status_ring_fill_bytes(fixture->reading), 0);
    slots[BTX_STATUS_RING_DURABLE] = 0;
    assert_int_equal(btx_status_ring_fill_bytes(fixture->reading), slots[BTX_STATUS_RING_CAPACITY]);
    slots[BTX_STATUS_RING_DURABLE] = BTX_STATUS_ABSENT;
    assert_true(btx_status_ring_fill_bytes(fixture->reading) == BTX_STATUS_ABSENT);
}

static void disk_left__at_a_rate__is_how_long_it_lasts(void **state)
{
    struct fixture *fixture = *state;
    uint64_t *slots = fixture->reading->slots;
    const uint64_t rate = UINT64_C(41) << 20; /* bytes a second, plausible_go_on() */

    slots[BTX_STATUS_DISK_FREE] = 1000 + 60 * rate;
    assert_int_equal(btx_status_disk_left_s(fixture->reading, fixture->earlier, 1000), 60);
    assert_int_equal(btx_status_disk_left_s(fixture->reading, fixture->earlier, 1000 + 60 * rate),
                     0);
    assert_true(btx_status_disk_left_s(fixture->reading, fixture->earlier, BTX_STATUS_ABSENT) ==
                BTX_STATUS_ABSENT);
    fixture->earlier->slots[BTX_STATUS_COMMIT_BYTES] = slots[BTX_STATUS_COMMIT_BYTES];
    assert_true(btx_status_disk_left_s(fixture->reading, fixture->earlier, 1000) ==
                BTX_STATUS_ABSENT);
}

#define READING_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        READING_TEST(reading_add__any_other_layout__is_refused_and_changes_nothing),
        READING_TEST(reading_add__size_that_is_not_the_layouts__is_refused),
        READING_TEST(reading_add__unknown_part__is_refused),
        READING_TEST(reading_add__four_pages__make_one_picture),
        READING_TEST(reading_add__the_same_part_twice__is_combined),
        READING_TEST(reading_add__older_fault__keeps_time_code_and_text_together),
        READING_TEST(part_life__by_state_and_silence__is_told_apart),
        READING_TEST(rate__two_readings__is_that_of_the_interval),
        READING_TEST(rate__no_earlier_reading_of_this_start__is_since_the_start),
        READING_TEST(rate__counter_that_fell__counts_from_zero),
        READING_TEST(rate__any_numbers__does_not_overflow),
        READING_TEST(interval_histogram__two_readings__is_that_of_the_interval),
        READING_TEST(ring_fill__positions_of_different_moments__stays_in_its_bounds),
        READING_TEST(disk_left__at_a_rate__is_how_long_it_lasts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
