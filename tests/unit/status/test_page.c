/* SPDX-License-Identifier: Apache-2.0 */
/* test_page.c - the page as its writers see it, and what other processes can do to it. */
#include "plausible.h"

#include "engine/base/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { READINGS = 1000, TEXT_READINGS = 10000 };

struct fixture {
    struct btx_clock_manual clock;
    struct btx_status_page page;
    struct btx_status_writer main_part;
    struct btx_status_writer matcher;
    struct btx_status_writer poller;
    struct btx_status_reading *reading;
    _Atomic bool *enough; /* shared with children: the reader is done */
};

static int setup(void **state)
{
    static struct fixture fixture;
    struct btx_status_options options = {
        .parts = 1u << BTX_STATUS_PART_MAIN | 1u << BTX_STATUS_PART_MATCHER |
                 1u << BTX_STATUS_PART_POLLER,
        .incarnation = 7,
        .version = "0.1.0",
    };

    btx_clock_manual_init(&fixture.clock, PLAUSIBLE_NOW_NS, 5000);
    options.clock = &fixture.clock.clock;
    fixture.page.fd = -1;
    if (btx_status_page_create(&fixture.page, &options, NULL) != BTX_OK)
        return -1;
    btx_status_writer_init(&fixture.matcher, fixture.page.shared, BTX_STATUS_PART_MATCHER);
    btx_status_writer_init(&fixture.poller, fixture.page.shared, BTX_STATUS_PART_POLLER);
    fixture.reading = malloc(sizeof *fixture.reading);
    fixture.enough = mmap(NULL, sizeof *fixture.enough, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *state = &fixture;
    return fixture.reading != NULL && fixture.enough != MAP_FAILED ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    free(fixture->reading);
    (void)munmap(fixture->enough, sizeof *fixture->enough);
    btx_status_page_close(&fixture->page);
    return 0;
}

static void read_page(struct fixture *fixture)
{
    btx_status_reading_init(fixture->reading, &fixture->clock.clock);
    assert_int_equal(btx_status_reading_add(fixture->reading, fixture->page.shared,
                                            sizeof *fixture->page.shared, NULL),
                     BTX_OK);
}

/* An operator must be able to tell "nothing" from "not known". */
static void page_create__fresh__has_zero_counters_and_absent_gauges(void **state)
{
    struct fixture *fixture = *state;

    read_page(fixture);

    assert_int_equal(fixture->reading->slots[BTX_STATUS_EVENTS], 0);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_REFUSALS + 63], 0);
    assert_true(fixture->reading->slots[BTX_STATUS_SEQ] == BTX_STATUS_ABSENT);
    assert_true(fixture->reading->slots[BTX_STATUS_DISK_FREE] == BTX_STATUS_ABSENT);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_STATE], BTX_STATUS_ENGINE_STARTING);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_INCARNATION], 7);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_START], PLAUSIBLE_NOW_NS);
    assert_int_equal(fixture->reading->incarnation, 7);
    assert_string_equal(fixture->reading->version, "0.1.0");
    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_HOST], "");
    assert_true(btx_status_has(fixture->reading, BTX_STATUS_PART_POLLER));
    assert_false(btx_status_has(fixture->reading, BTX_STATUS_PART_SHADOW));
}

/* Whoever is handed the descriptor, of whatever user, cannot touch the engine's memory. */
static void page_create__its_descriptor__cannot_write_or_resize(void **state)
{
    struct fixture *fixture = *state;
    const int fd = fixture->page.fd;
    const off_t size = (off_t)sizeof(struct btx_status_shared);
    const int copy = dup(fd);
    struct stat status;
    void *read_only;

    assert_true(copy >= 0);
    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0), MAP_FAILED);
    assert_int_equal(pwrite(copy, "x", 1, 0), -1);
    assert_int_equal(ftruncate(copy, 0), -1);
    assert_int_equal(ftruncate(copy, size + 4096), -1);
    assert_int_equal(fallocate(copy, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
    assert_int_equal(fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE), -1);
    read_only = mmap(NULL, 4096, PROT_READ, MAP_SHARED, copy, 0);
    assert_ptr_not_equal(read_only, MAP_FAILED);
    assert_int_equal(mprotect(read_only, 4096, PROT_READ | PROT_WRITE), -1);
    assert_int_equal(munmap(read_only, 4096), 0);
    assert_int_equal(fstat(copy, &status), 0);
    assert_int_equal(status.st_size, size);
    assert_int_equal(close(copy), 0);

    /* The engine itself still can. */
    btx_status_set(&fixture->matcher, BTX_STATUS_SEQ, 5);
}

static void writer__set_add_and_raise__are_what_a_reader_sees(void **state)
{
    struct fixture *fixture = *state;

    btx_status_set(&fixture->matcher, BTX_STATUS_SEQ, 41);
    btx_status_set(&fixture->matcher, BTX_STATUS_SEQ, 42);
    btx_status_add(&fixture->matcher, BTX_STATUS_EVENTS, 2);
    btx_status_add(&fixture->matcher, BTX_STATUS_EVENTS, 3);
    btx_status_add(&fixture->matcher, BTX_STATUS_REFUSALS + 63, 1);
    btx_status_raise(&fixture->matcher, BTX_STATUS_RING_HIGH, 10);
    btx_status_raise(&fixture->matcher, BTX_STATUS_RING_HIGH, 9);
    btx_status_record(&fixture->poller, BTX_STATUS_HISTOGRAM_COMMIT, 123);
    btx_status_common(&fixture->poller, BTX_STATUS_COMMON_CORE, 3);
    read_page(fixture);

    assert_int_equal(fixture->reading->slots[BTX_STATUS_SEQ], 42);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_EVENTS], 5);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_REFUSALS + 63], 1);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_RING_HIGH], 10);
    assert_int_equal(fixture->reading->histograms[BTX_STATUS_HISTOGRAM_COMMIT].count, 1);
    assert_int_equal(fixture->reading->slots[btx_status_common_slot(BTX_STATUS_PART_POLLER,
                                                                    BTX_STATUS_COMMON_CORE)],
                     3);
}

static void put_text__longer_than_it_fits__is_cut_and_ended(void **state)
{
    struct fixture *fixture = *state;
    char longer[BTX_STATUS_TEXT_BYTES + 10];

    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    btx_status_put_text(&fixture->poller, BTX_STATUS_TEXT_SEGMENT_NAME, longer);
    btx_status_put_text(&fixture->poller, BTX_STATUS_TEXT_LOCK_HOST, "long before");
    btx_status_put_text(&fixture->poller, BTX_STATUS_TEXT_LOCK_HOST, "b");
    read_page(fixture);

    assert_int_equal(strlen(fixture->reading->texts[BTX_STATUS_TEXT_SEGMENT_NAME]),
                     BTX_STATUS_TEXT_BYTES - 1);
    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_LOCK_HOST], "b");
    assert_int_equal(fixture->reading->torn_texts, 0);
    btx_status_put_text(&fixture->poller, BTX_STATUS_TEXT_LOCK_HOST, NULL);
    read_page(fixture);
    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_LOCK_HOST], "");
}

static void put_fault__two__counts_both_and_keeps_the_last(void **state)
{
    struct fixture *fixture = *state;
    struct btx_fault fault = {0};

    (void)btx_fault_set(&fault, BTX_FAULT_IO, 0, "writing");
    btx_status_put_fault(&fixture->poller, &fault, 10);
    fault = (struct btx_fault){.code = BTX_FAULT_DISK_FULL};
    btx_status_put_fault(&fixture->poller, &fault, 20);
    read_page(fixture);

    assert_int_equal(fixture->reading->slots[btx_status_common_slot(BTX_STATUS_PART_POLLER,
                                                                    BTX_STATUS_COMMON_FAULTS)],
                     2);
    assert_int_equal(fixture->reading->slots[btx_status_common_slot(BTX_STATUS_PART_POLLER,
                                                                    BTX_STATUS_COMMON_FAULT_CODE)],
                     BTX_FAULT_DISK_FULL);
    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_FAULT + BTX_STATUS_PART_POLLER],
                        btx_fault_sentence(BTX_FAULT_DISK_FULL));
    assert_int_equal(btx_status_last_fault_part(fixture->reading), BTX_STATUS_PART_POLLER);
}

/* Run @body in a child and tell whether a CHECK ended it. */
static bool is_bug(const struct fixture *fixture, void (*body)(const struct fixture *))
{
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0, 0};

        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        body(fixture);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void set_own(const struct fixture *fixture)
{
    btx_status_set(&fixture->matcher, BTX_STATUS_SEQ, 1);
}

static void set_foreign(const struct fixture *fixture)
{
    btx_status_set(&fixture->matcher, BTX_STATUS_DURABLE_SEQ, 1);
}

static void record_foreign(const struct fixture *fixture)
{
    btx_status_record(&fixture->matcher, BTX_STATUS_HISTOGRAM_COMMIT, 1);
}

static void put_foreign_text(const struct fixture *fixture)
{
    btx_status_put_text(&fixture->matcher, BTX_STATUS_TEXT_LOCK_HOST, "x");
}

static void write_absent_part(const struct fixture *fixture)
{
    struct btx_status_writer writer;

    btx_status_writer_init(&writer, fixture->page.shared, BTX_STATUS_PART_SHADOW);
}

/* Two threads that write one figure lose counts and nobody notices: so it is a bug at once. */
static void set__figure_of_another_part__is_a_bug(void **state)
{
    struct fixture *fixture = *state;

    assert_false(is_bug(fixture, set_own));
    assert_true(is_bug(fixture, set_foreign));
    assert_true(is_bug(fixture, record_foreign));
    assert_true(is_bug(fixture, put_foreign_text));
    assert_true(is_bug(fixture, write_absent_part));
}

static const uint32_t written_texts[] = {BTX_STATUS_TEXT_SEGMENT_NAME, BTX_STATUS_TEXT_LOCK_HOST,
                                         BTX_STATUS_TEXT_LOCK_PROGRAM};

/* What the poller does over and over: counters that only rise, and texts that are one letter from
 * end to end. */
static void write_round(const struct fixture *fixture, uint64_t round)
{
    char text[BTX_STATUS_TEXT_BYTES];

    memset(text, 'a' + (int)(round % 26), sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < BTX_COUNT_OF(written_texts); i++) {
        btx_status_put_text(&fixture->poller, written_texts[i], text);
        /* Long enough that a reader mostly begins while the text is at rest. */
        for (int k = 0; k < 50; k++)
            btx_status_record(&fixture->poller, BTX_STATUS_HISTOGRAM_COMMIT, round);
    }
    btx_status_add(&fixture->poller, BTX_STATUS_COMMITS, 1);
}

static bool is_one_letter(const char *text)
{
    for (size_t i = 1; text[0] != '\0' && i < BTX_STATUS_TEXT_BYTES - 1; i++) {
        if (text[i] != text[0])
            return false;
    }
    return true;
}

/* The maximum is not below the last bucket in use: it was stored before the value was counted. */
static bool has_all_that_it_counts(const struct btx_histogram *histogram)
{
    for (uint32_t i = btx_histogram_bucket(histogram->max_ns) + 1; i < BTX_HISTOGRAM_BUCKETS; i++) {
        if (histogram->counts[i] != 0)
            return false;
    }
    return true;
}

/* False when something read cannot have been. */
static bool is_possible(const struct btx_status_reading *reading,
                        const struct btx_status_reading *before)
{
    const struct btx_histogram *commits = &reading->histograms[BTX_STATUS_HISTOGRAM_COMMIT];

    for (size_t i = 0; i < BTX_COUNT_OF(written_texts); i++) {
        if ((reading->torn_texts >> written_texts[i] & 1u) == 0 &&
            !is_one_letter(reading->texts[written_texts[i]]))
            return false;
    }
    return reading->slots[BTX_STATUS_COMMITS] >= before->slots[BTX_STATUS_COMMITS] &&
           commits->count >= before->histograms[BTX_STATUS_HISTOGRAM_COMMIT].count &&
           commits->max_ns >= before->histograms[BTX_STATUS_HISTOGRAM_COMMIT].max_ns &&
           has_all_that_it_counts(commits);
}

/* Take READINGS readings of a page that is written, those with a torn text not counted (a writer
 * that does not get a core leaves it so for long); how many of them were not possible. */
static uint64_t read_all_along(const struct btx_status_shared *shared,
                               const struct btx_clock *clock)
{
    struct btx_status_reading *reading = malloc(sizeof *reading);
    struct btx_status_reading *before = malloc(sizeof *before);
    uint64_t impossible = 0;
    uint64_t whole = 0;

    CHECK(reading != NULL && before != NULL);
    btx_status_reading_init(before, clock);
    before->slots[BTX_STATUS_COMMITS] = 0;
    while (whole < READINGS) {
        struct btx_status_reading *swap = before;

        btx_status_reading_init(reading, clock);
        CHECK(btx_status_reading_add(reading, shared, sizeof *shared, NULL) == BTX_OK);
        impossible += !is_possible(reading, before);
        whole += reading->torn_texts == 0;
        before = reading;
        reading = swap;
    }
    free(reading);
    free(before);
    return impossible;
}

/* Write until the reader has enough. */
static void *writer_thread(void *argument)
{
    const struct fixture *fixture = argument;

    for (uint64_t round = 1; !atomic_load(fixture->enough); round++)
        write_round(fixture, round);
    return NULL;
}

/* With the thread sanitizer this is the proof that all of it is atomic. */
static void reading_add__writer_in_a_thread__is_always_possible(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;
    uint64_t impossible;

    assert_int_equal(pthread_create(&thread, NULL, writer_thread, fixture), 0);
    impossible = read_all_along(fixture->page.shared, &fixture->clock.clock);
    atomic_store(fixture->enough, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(impossible, 0);
}

/* The real arrangement: another process has nothing but the descriptor. */
static void reading_add__reader_in_a_process__is_always_possible(void **state)
{
    struct fixture *fixture = *state;
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        struct btx_status_view view = {0};
        int result = 2;

        /* It keeps nothing of the parent's mapping. */
        (void)munmap(fixture->page.shared, sizeof *fixture->page.shared);
        if (btx_status_view_open(&view, fixture->page.fd, NULL) == BTX_OK)
            result = read_all_along(view.memory, &fixture->clock.clock) == 0 ? 0 : 1;
        atomic_store(fixture->enough, true);
        _exit(result);
    }
    (void)writer_thread(fixture);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Write one text until the reader has enough. */
static void *text_thread(void *argument)
{
    const struct fixture *fixture = argument;
    char text[BTX_STATUS_TEXT_BYTES];

    for (uint64_t round = 1; !atomic_load(fixture->enough); round++) {
        memset(text, 'a' + (int)(round % 26), sizeof text - 1);
        text[sizeof text - 1] = '\0';
        btx_status_put_text(&fixture->main_part, BTX_STATUS_TEXT_HOST, text);
        /* Long enough that a reader mostly begins while the text is at rest. */
        for (int k = 0; k < 50; k++)
            btx_status_add(&fixture->main_part, BTX_STATUS_WATCHDOG_BEATS, 1);
    }
    return NULL;
}

/* A page of little else, so that the reader is at the text most of the time: where the sequence
 * lock has a hole, some hundred of these readings mix two texts. */
static void reading_add__text_written_all_along__is_never_mixed(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_shared *page = fixture->page.shared;
    const struct btx_status_options options = {.parts = 1u << BTX_STATUS_PART_MAIN,
                                               .clock = &fixture->clock.clock};
    uint64_t whole = 0;
    uint64_t mixed = 0;
    pthread_t thread;

    btx_status_shared_init(page, &options);
    btx_status_writer_init(&fixture->main_part, page, BTX_STATUS_PART_MAIN);
    assert_int_equal(pthread_create(&thread, NULL, text_thread, fixture), 0);
    while (whole < TEXT_READINGS) {
        read_page(fixture);
        if (fixture->reading->torn_texts != 0)
            continue;
        whole++;
        mixed += !is_one_letter(fixture->reading->texts[BTX_STATUS_TEXT_HOST]);
    }
    atomic_store(fixture->enough, true);
    assert_int_equal(pthread_join(thread, NULL), 0);

    assert_int_equal(mixed, 0);
}

/* An engine that is killed while it writes a text leaves the sequence odd for ever. */
static void reading_add__writer_died_inside_a_text__gives_what_is_there(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_text_shared *text =
        &fixture->page.shared->texts[BTX_STATUS_TEXT_SEGMENT_NAME];

    btx_status_put_text(&fixture->poller, BTX_STATUS_TEXT_SEGMENT_NAME, "last words");
    atomic_fetch_add(&text->sequence, 1);
    read_page(fixture);

    assert_string_equal(fixture->reading->texts[BTX_STATUS_TEXT_SEGMENT_NAME], "last words");
    assert_true(fixture->reading->torn_texts == UINT64_C(1) << BTX_STATUS_TEXT_SEGMENT_NAME);
}

static void view_open__what_is_no_page__is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_view view = {0};
    struct btx_fault fault = {0};
    const int unsealed = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const int small = memfd_create("small", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    const int pages[2] = {unsealed, small};

    (void)fixture;
    assert_int_equal(ftruncate(unsealed, (off_t)sizeof(struct btx_status_shared)), 0);
    assert_int_equal(fcntl(small, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    for (size_t i = 0; i < BTX_COUNT_OF(pages); i++) {
        assert_int_equal(btx_status_view_open(&view, pages[i], &fault), BTX_FAULT_LAYOUT);
        assert_null(view.memory);
        assert_int_equal(close(pages[i]), 0);
    }
    assert_int_equal(btx_status_view_open(&view, -1, &fault), BTX_FAULT_IO);
    btx_status_view_close(&view);
}

/* A reader that still maps the page of an engine that is gone sees that it is silent. */
static void view__writer_gone__stays_readable_and_turns_silent(void **state)
{
    struct fixture *fixture = *state;
    struct btx_status_view view = {0};

    btx_status_set(&fixture->matcher, BTX_STATUS_SEQ, 99);
    assert_int_equal(btx_status_view_open(&view, fixture->page.fd, NULL), BTX_OK);
    btx_status_page_close(&fixture->page);
    btx_clock_manual_advance(&fixture->clock, BTX_STATUS_SILENT_NS + 1);
    btx_status_reading_init(fixture->reading, &fixture->clock.clock);

    assert_int_equal(btx_status_reading_add_view(fixture->reading, &view, NULL), BTX_OK);
    assert_int_equal(fixture->reading->slots[BTX_STATUS_SEQ], 99);
    assert_int_equal(btx_status_part_life(fixture->reading, BTX_STATUS_PART_MAIN),
                     BTX_STATUS_LIFE_SILENT);
    btx_status_view_close(&view);
    btx_status_view_close(&view);
}

#define PAGE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAGE_TEST(page_create__fresh__has_zero_counters_and_absent_gauges),
        PAGE_TEST(page_create__its_descriptor__cannot_write_or_resize),
        PAGE_TEST(writer__set_add_and_raise__are_what_a_reader_sees),
        PAGE_TEST(put_text__longer_than_it_fits__is_cut_and_ended),
        PAGE_TEST(put_fault__two__counts_both_and_keeps_the_last),
        PAGE_TEST(set__figure_of_another_part__is_a_bug),
        PAGE_TEST(reading_add__writer_in_a_thread__is_always_possible),
        PAGE_TEST(reading_add__reader_in_a_process__is_always_possible),
        PAGE_TEST(reading_add__text_written_all_along__is_never_mixed),
        PAGE_TEST(reading_add__writer_died_inside_a_text__gives_what_is_there),
        PAGE_TEST(view_open__what_is_no_page__is_refused),
        PAGE_TEST(view__writer_gone__stays_readable_and_turns_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
