/* SPDX-License-Identifier: Apache-2.0 */
/* test_auditor.c - an auditor beside a writer, step by step, under a clock of the test's own. */
#include "engine/shadow/auditor.h"

#include <stdio.h>
#include <string.h>

#include "engine/exchange/recovery.h"
#include "engine/wal/snapshot.h"
#include "engine/wal/writer.h"
#include "tests/unit/exchange/story.h"
#include "tests/unit/wal/temp_folder.h"

#define SECOND_NS UINT64_C(1000000000)
#define INTERVAL_NS (60 * SECOND_NS)

struct fixture {
    struct temp_folder folder;
    struct btx_story story;
    size_t written_parts;
    struct btx_wal_writer *writer;
    struct btx_clock_manual clock;
    struct btx_auditor auditor;
    uint64_t told[BTX_AUDITOR_DAMAGE + 1]; /* how often */
    uint64_t last_seq[BTX_AUDITOR_DAMAGE + 1];
};

static void on_news(void *context, const struct btx_auditor_news *news)
{
    struct fixture *fixture = context;

    fixture->told[news->event]++;
    fixture->last_seq[news->event] = news->seq;
}

static void on_beat(void *context)
{
    (void)context;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    struct btx_wal_writer_options options = {
        .program = "test", .host = "host", .clock = btx_clock_system(), .threadless = true};
    struct btx_fault fault = {0};

    memset(&fixture, 0, sizeof fixture);
    fixture.auditor = (struct btx_auditor){.root_fd = -1, .segments_fd = -1};
    temp_folder_make(&fixture.folder);
    btx_clock_manual_init(&fixture.clock, SECOND_NS, SECOND_NS);
    options.root = fixture.folder.path;
    btx_wal_settings_default(&options.settings);
    options.settings.unsafe_filesystem = 1;
    options.settings.low_space_bytes = 0;
    options.settings.stop_bytes = 0;
    options.settings.segment_map_size_bytes = 64 << 20;
    options.settings.zero_ahead_bytes = 1 << 20;
    if (btx_wal_writer_open(&fixture.writer, &options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    btx_story_open(&fixture.story, &btx_story_capacity);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    btx_auditor_close(&fixture->auditor);
    btx_auditor_close(&fixture->auditor);
    (void)!btx_wal_writer_close(fixture->writer, NULL, NULL);
    btx_story_close(&fixture->story);
    temp_folder_remove(&fixture->folder);
    return 0;
}

/* Commit the next @part_count parts of the story, and close the segment. */
static void write_segment(struct fixture *fixture, size_t part_count)
{
    const struct btx_story_part *parts = fixture->story.parts + fixture->written_parts;
    const struct iovec piece = {
        .iov_base = fixture->story.bytes + parts[0].begin_bytes,
        .iov_len = parts[part_count - 1].end_bytes - parts[0].begin_bytes,
    };
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};

    if (btx_wal_writer_commit(fixture->writer, &piece, 1, &fault) != BTX_OK ||
        btx_wal_writer_rotate(fixture->writer, &rotation, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    fixture->written_parts += part_count;
}

/* The seq behind the parts that are written. */
static uint64_t written_seq(const struct fixture *fixture)
{
    return fixture->story.parts[fixture->written_parts - 1].seq;
}

static void open_auditor(struct fixture *fixture)
{
    const struct btx_auditor_options options = {
        .root = fixture->folder.path,
        .snapshot_interval_ns = INTERVAL_NS,
        .clock = &fixture->clock.clock,
        .tell = on_news,
        .beat = on_beat,
        .context = fixture,
    };
    struct btx_fault fault = {0};

    if (btx_auditor_open(&fixture->auditor, &options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
}

/* Step until there is nothing to do at once. */
static enum btx_auditor_step run(struct fixture *fixture)
{
    enum btx_auditor_step step;
    struct btx_fault fault = {0};

    do {
        step = btx_auditor_step(&fixture->auditor, 3, &fault);
    } while (step == BTX_AUDITOR_MORE);
    if (step == BTX_AUDITOR_FAULT)
        fail_msg("%s", fault.text);
    return step;
}

/* What the story has from here on is another event than the rules decide. */
static void forge(struct fixture *fixture)
{
    const struct btx_story_part *part = &fixture->story.parts[fixture->written_parts];
    struct btx_record *record = (void *)(fixture->story.bytes + part->begin_bytes);

    while (btx_record_kind(record) != BTX_RECORD_EVENT)
        record = (void *)((uint8_t *)record + btx_record_length_bytes(record));
    ((uint8_t *)record)[sizeof *record] ^= 1; /* The account that was opened. */
    btx_record_seal(record);
}

static void open_accounts(struct fixture *fixture, unsigned first, unsigned count)
{
    char line[80];

    for (unsigned i = first; i < first + count; i++) {
        (void)snprintf(line, sizeof line, "{\"cmd\":\"OpenAccount\",\"t\":1,\"account\":%u}", i);
        btx_story_line(&fixture->story, line);
    }
}

/* ---- What is compared ---- */

/* A segment counts once its seal is in the log, which is when the next one is there. */
static void auditor_step__segments_as_they_are_sealed__each_once(void **state)
{
    struct fixture *fixture = *state;
    uint64_t sealed_seq;

    open_accounts(fixture, 1, 8);
    open_auditor(fixture);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    for (unsigned i = 0; i < 4; i++) {
        sealed_seq = i == 0 ? 0 : written_seq(fixture);
        write_segment(fixture, 2);
        assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
        assert_int_equal(fixture->auditor.figures.seq, sealed_seq);
        assert_int_equal(fixture->auditor.figures.segments, i);
    }
    assert_int_equal(fixture->auditor.figures.events, 6);
    assert_int_equal(fixture->told[BTX_AUDITOR_DIFFERENCE], 0);
}

static void auditor_step__difference__last_thing_and_no_snapshot_behind(void **state)
{
    struct fixture *fixture = *state;

    open_accounts(fixture, 1, 10);
    open_auditor(fixture);
    write_segment(fixture, 2);
    forge(fixture);
    write_segment(fixture, 2);
    write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_FAILED);
    assert_int_equal(fixture->auditor.figures.failed_seq, 3);
    assert_int_equal(fixture->told[BTX_AUDITOR_DIFFERENCE], 1);
    assert_int_equal(fixture->auditor.figures.snapshot_seq, 2);
    btx_clock_manual_advance(&fixture->clock, 2 * INTERVAL_NS);
    write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_FAILED);
    btx_auditor_snapshot(&fixture->auditor);
    assert_int_equal(fixture->told[BTX_AUDITOR_DIFFERENCE], 1);
    assert_int_equal(fixture->auditor.figures.snapshots, 1);
    assert_int_equal(fixture->auditor.figures.seq, 2);
}

/* Also where it is found between two segments, with a state that nothing is wrong with. */
static void auditor_step__seal_lost__no_snapshot_behind(void **state)
{
    struct fixture *fixture = *state;
    char path[sizeof fixture->folder.path + 64];

    open_accounts(fixture, 1, 12);
    open_auditor(fixture);
    for (unsigned i = 0; i < 4; i++)
        write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.segments, 3);
    write_segment(fixture, 2);
    write_segment(fixture, 2);
    (void)snprintf(path, sizeof path, "%s/segments/00000000000000000009-0000000005.mdb",
                   fixture->folder.path);
    assert_int_equal(truncate(path, 2 * BTX_WAL_PAGE_BYTES), 0);
    assert_int_equal(run(fixture), BTX_AUDITOR_FAILED);
    assert_int_equal(fixture->told[BTX_AUDITOR_DAMAGE], 1);
    assert_int_equal(fixture->auditor.figures.differences, 0);
    btx_auditor_snapshot(&fixture->auditor);
    assert_int_equal(fixture->auditor.figures.snapshot_seq, 2);
}

/* ---- Snapshots ---- */

static void auditor_step__snapshots__when_due_and_something_is_new(void **state)
{
    struct fixture *fixture = *state;

    open_accounts(fixture, 1, 10);
    open_auditor(fixture);
    write_segment(fixture, 2);
    write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.snapshot_seq, 2); /* The first as soon as can be. */
    write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    btx_clock_manual_advance(&fixture->clock, INTERVAL_NS - 1);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.snapshot_seq, 2);
    btx_clock_manual_advance(&fixture->clock, 1);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.snapshot_seq, 4); /* No segment came meanwhile. */
    btx_clock_manual_advance(&fixture->clock, INTERVAL_NS);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.snapshots, 2);
    assert_int_equal(fixture->told[BTX_AUDITOR_SNAPSHOT_WRITTEN], 2);
}

/* Failed ones are counted, and tried again when the next is due, not at once. */
static void auditor_step__snapshot_fails__told_and_tried_when_due(void **state)
{
    struct fixture *fixture = *state;

    open_accounts(fixture, 1, 10);
    open_auditor(fixture);
    write_segment(fixture, 2);
    write_segment(fixture, 2);
    assert_int_equal(unlinkat(fixture->folder.fd, BTX_WAL_SNAPSHOTS_NAME, AT_REMOVEDIR), 0);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.snapshot_failures, 1);
    assert_int_equal(fixture->told[BTX_AUDITOR_SNAPSHOT_FAILED], 1);
    assert_int_equal(mkdirat(fixture->folder.fd, BTX_WAL_SNAPSHOTS_NAME, 0700), 0);
    btx_clock_manual_advance(&fixture->clock, INTERVAL_NS);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->auditor.figures.snapshot_failures, 1);
    assert_int_equal(fixture->auditor.figures.snapshot_seq, 2);
}

/* A command may go on in the next segment: so does what begins with the snapshot between them. */
static void auditor_open__snapshot_within_a_command__goes_on(void **state)
{
    struct fixture *fixture = *state;
    size_t parts;

    btx_story_begin_market(&fixture->story, BTX_BATCH_ORDERS_MAX + 10);
    parts = fixture->story.part_count;
    btx_story_cancel_all(&fixture->story);
    btx_story_note_digest(&fixture->story);
    open_accounts(fixture, 100, 1);
    assert_true(fixture->story.parts[parts].in_command);
    write_segment(fixture, parts + 1);
    write_segment(fixture, fixture->story.part_count - parts - 2);
    open_auditor(fixture);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->told[BTX_AUDITOR_SNAPSHOT_WRITTEN], 1);
    btx_auditor_close(&fixture->auditor);

    open_auditor(fixture);
    assert_int_equal(fixture->last_seq[BTX_AUDITOR_STARTED], fixture->story.parts[parts].seq);
    write_segment(fixture, 1);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    assert_int_equal(fixture->told[BTX_AUDITOR_DIFFERENCE], 0);
    assert_int_equal(fixture->auditor.execution.audit.digests, 1);
    assert_true(fixture->auditor.figures.events > 0);
}

/* Good in itself, but made from another log than this one. */
static void auditor_open__snapshot_on_another_hash__refused(void **state)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    struct fixture *fixture = *state;
    struct btx_fault fault = {0};
    struct btx_wal_seal seal;

    open_accounts(fixture, 1, 6);
    open_auditor(fixture);
    for (unsigned i = 0; i < 3; i++)
        write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    seal = fixture->auditor.seal;
    seal.hash[0] ^= 1;
    assert_int_equal(
        btx_snapshot_begin(&writer, fixture->folder.path, &seal, BTX_RULES_VERSION, 1, &fault),
        BTX_OK);
    btx_core_save(fixture->auditor.execution.exchange.core, btx_snapshot_add, &writer);
    assert_int_equal(btx_snapshot_end(&writer, NULL, &fault), BTX_OK);
    btx_auditor_close(&fixture->auditor);
    open_auditor(fixture);
    assert_int_equal(fixture->told[BTX_AUDITOR_SNAPSHOT_REFUSED], 1);
    assert_int_equal(fixture->last_seq[BTX_AUDITOR_SNAPSHOT_REFUSED], 4);
    assert_int_equal(fixture->last_seq[BTX_AUDITOR_STARTED], 2);
}

/* The state that recovery makes of the snapshot is that of the whole log. */
static void auditor_snapshot__at_a_segments_end__recovery_begins_with_it(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_recovery_options options = {.root = fixture->folder.path,
                                                 .at_seq = UINT64_MAX};
    struct btx_recovery_report report;
    struct btx_exchange exchange = {0};
    struct btx_fault fault = {0};
    uint8_t recovered[BTX_SHA256_BYTES];
    uint8_t lived[BTX_SHA256_BYTES];

    open_accounts(fixture, 1, 6);
    open_auditor(fixture);
    for (unsigned i = 0; i < 3; i++)
        write_segment(fixture, 2);
    assert_int_equal(run(fixture), BTX_AUDITOR_IDLE);
    btx_auditor_snapshot(&fixture->auditor);
    assert_int_equal(btx_wal_writer_close(fixture->writer, NULL, &fault), BTX_OK);
    fixture->writer = NULL;
    assert_int_equal(btx_exchange_open(&exchange, &btx_story_capacity, &fault), BTX_OK);
    if (btx_recovery_run(&exchange, &options, &report, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    assert_int_equal(report.snapshot_seq, 4);
    assert_int_equal(report.snapshots_refused, 0);
    btx_exchange_digest(&exchange, recovered);
    btx_exchange_digest(&fixture->story.exchange, lived);
    assert_memory_equal(recovered, lived, sizeof lived);
    btx_exchange_close(&exchange);
}

static void auditor_open__no_log__config_fault(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_auditor_options options = {
        .root = "/nowhere", .clock = &fixture->clock.clock, .tell = on_news, .context = fixture};
    struct btx_fault fault = {0};

    assert_int_equal(btx_auditor_open(&fixture->auditor, &options, &fault), BTX_FAULT_CONFIG);
    assert_int_equal(fixture->told[BTX_AUDITOR_STARTED], 0);
}

#define AUDITOR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AUDITOR_TEST(auditor_step__segments_as_they_are_sealed__each_once),
        AUDITOR_TEST(auditor_step__difference__last_thing_and_no_snapshot_behind),
        AUDITOR_TEST(auditor_step__seal_lost__no_snapshot_behind),
        AUDITOR_TEST(auditor_open__snapshot_on_another_hash__refused),
        AUDITOR_TEST(auditor_step__snapshots__when_due_and_something_is_new),
        AUDITOR_TEST(auditor_step__snapshot_fails__told_and_tried_when_due),
        AUDITOR_TEST(auditor_open__snapshot_within_a_command__goes_on),
        AUDITOR_TEST(auditor_snapshot__at_a_segments_end__recovery_begins_with_it),
        AUDITOR_TEST(auditor_open__no_log__config_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
