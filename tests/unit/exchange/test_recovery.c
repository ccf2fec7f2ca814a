/* SPDX-License-Identifier: Apache-2.0 */
/* test_recovery.c - the state that a log says is the one that its commands led to, at every tx,
 * with and without snapshots; whatever contradicts that is found and named. */
#include "engine/exchange/recovery.h"

#include "engine/base/crc32c.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/snapshot.h"
#include "engine/wal/writer.h"
#include "engine/wire/notes.h"
#include "tests/property/flow.h"
#include "tests/unit/exchange/story.h"
#include "tests/unit/wal/temp_folder.h"

#include <string.h>

enum { RANDOM_COMMANDS = 250 };

/* A story and its log, which is written by one writer after the other. */
struct fixture {
    struct temp_folder folder;
    struct btx_story story;
    size_t written_parts;          /* of the story's */
    struct btx_wal_writer *writer; /* NULL: none is at work */
    struct btx_wal_seal seal;      /* of the last segment when the last writer ended */
    struct btx_exchange exchange;  /* what recovery makes */
    struct btx_recovery_report report;
    struct btx_fault fault;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    memset(&fixture, 0, sizeof fixture);
    fixture.story.digests = true;
    temp_folder_make(&fixture.folder);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    (void)btx_wal_writer_close(fixture->writer, NULL, NULL);
    btx_exchange_close(&fixture->exchange);
    btx_story_close(&fixture->story);
    temp_folder_remove(&fixture->folder);
    return 0;
}

/* ---- Writing the log ---- */

static void begin_writing(struct fixture *fixture)
{
    struct btx_wal_writer_options options = {
        .root = fixture->folder.path,
        .program = "test",
        .host = "host",
        .clock = btx_clock_system(),
        .threadless = true,
    };
    struct btx_fault fault = {0};

    btx_wal_settings_default(&options.settings);
    options.settings.unsafe_filesystem = 1;
    options.settings.segment_map_size_bytes = 64 << 20;
    options.settings.zero_ahead_bytes = 1 << 20;
    if (btx_wal_writer_open(&fixture->writer, &options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
}

static void end_writing(struct fixture *fixture)
{
    struct btx_fault fault = {0};

    assert_int_equal(btx_wal_writer_close(fixture->writer, &fixture->seal, &fault), BTX_OK);
    fixture->writer = NULL;
}

static void rotate(struct fixture *fixture)
{
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};

    assert_int_equal(btx_wal_writer_rotate(fixture->writer, &rotation, &fault), BTX_OK);
}

/* Commit the next @part_count parts of the story as one batch. */
static void commit_parts(struct fixture *fixture, size_t part_count)
{
    const struct btx_story_part *parts = fixture->story.parts + fixture->written_parts;
    const struct iovec piece = {
        .iov_base = fixture->story.bytes + parts[0].begin_bytes,
        .iov_len = parts[part_count - 1].end_bytes - parts[0].begin_bytes,
    };
    struct btx_fault fault = {0};

    if (btx_wal_writer_commit(fixture->writer, &piece, 1, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    fixture->written_parts += part_count;
}

static size_t parts_left(const struct fixture *fixture)
{
    return fixture->story.part_count - fixture->written_parts;
}

/* Write what is left of the story, in two commits if it has two parts, by a writer of its own. */
static void write_log(struct fixture *fixture)
{
    begin_writing(fixture);
    commit_parts(fixture, (parts_left(fixture) + 1) / 2);
    if (parts_left(fixture) > 0)
        commit_parts(fixture, parts_left(fixture));
    end_writing(fixture);
}

/* A snapshot of the state of @core, which is that at the present end, with @byte_count more bytes
 * than the state has. */
static void write_snapshot_of(struct fixture *fixture, struct btx_core *core, size_t byte_count)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    struct btx_fault fault = {0};

    assert_int_equal(btx_snapshot_begin(&writer, fixture->folder.path, &fixture->seal,
                                        BTX_RULES_VERSION, 1, &fault),
                     BTX_OK);
    btx_core_save(core, btx_snapshot_add, &writer);
    btx_snapshot_add(&writer, "more", byte_count);
    assert_int_equal(btx_snapshot_end(&writer, NULL, &fault), BTX_OK);
}

static void write_snapshot(struct fixture *fixture, size_t byte_count)
{
    write_snapshot_of(fixture, fixture->story.exchange.core, byte_count);
}

static const struct btx_story_part *last_part(const struct fixture *fixture)
{
    return &fixture->story.parts[fixture->story.part_count - 1];
}

/* Accounts 1 and 2, a market, three orders of which one is traded: in three sessions, of 2, 1 and 1
 * batches, with a snapshot at the end of each; the seqs of those in @ret_seqs. */
static void write_three_sessions(struct fixture *fixture, uint64_t ret_seqs[3])
{
    static const char *const last_lines[] = {
        "{\"cmd\":\"Deposit\",\"t\":7,\"account\":1,\"amount\":1}",
        "{\"cmd\":\"PlaceOrder\",\"t\":8,\"account\":2,\"market\":1,\"side\":\"SELL\","
        "\"outcome\":\"YES\",\"price\":0.5,\"size\":1}",
    };

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 3);
    for (size_t i = 0; i < 3; i++) {
        if (i > 0)
            btx_story_line(&fixture->story, last_lines[i - 1]);
        write_log(fixture);
        write_snapshot(fixture, 0);
        ret_seqs[i] = last_part(fixture)->seq;
    }
}

/* ---- Recovering ---- */

static enum btx_fault_code recover(struct fixture *fixture, uint64_t at_seq, bool no_snapshots)
{
    const struct btx_recovery_options options = {
        .root = fixture->folder.path,
        .end = fixture->writer == NULL ? NULL : btx_wal_writer_recovered(fixture->writer),
        .at_seq = at_seq,
        .no_snapshots = no_snapshots,
    };
    struct btx_core_capacity capacity = fixture->story.exchange.capacity;
    struct btx_fault fault = {0};

    if (capacity.accounts == 0)
        capacity = btx_story_capacity;
    btx_exchange_close(&fixture->exchange);
    memset(&fixture->fault, 0, sizeof fixture->fault);
    assert_int_equal(btx_exchange_open(&fixture->exchange, &capacity, &fault), BTX_OK);
    return btx_recovery_run(&fixture->exchange, &options, &fixture->report, &fixture->fault);
}

static void assert_digest(struct fixture *fixture, const uint8_t want[BTX_SHA256_BYTES])
{
    uint8_t digest[BTX_SHA256_BYTES];

    btx_exchange_digest(&fixture->exchange, digest);
    assert_memory_equal(digest, want, sizeof digest);
}

static void assert_recovers(struct fixture *fixture, uint64_t at_seq, bool no_snapshots,
                            const uint8_t digest[BTX_SHA256_BYTES])
{
    if (recover(fixture, at_seq, no_snapshots) != BTX_OK)
        fail_msg("at %llu: %s", (unsigned long long)at_seq, fixture->fault.text);
    assert_digest(fixture, digest);
}

/* Recovery of the end fails with @code and a sentence that has @words in it. */
static void assert_fails(struct fixture *fixture, uint64_t at_seq, enum btx_fault_code code,
                         const char *words)
{
    assert_int_equal(recover(fixture, at_seq, false), code);
    if (strstr(fixture->fault.text, words) == NULL)
        fail_msg("'%s', want '%s'", fixture->fault.text, words);
}

/* ---- Any flow, any place ---- */

/* Commands that the model of the property tests finds worth asking. */
static void run_random_commands(struct fixture *fixture, uint64_t seed)
{
    struct btx_core_capacity capacity;
    union btx_command_space space;
    struct btx_model model;
    struct btx_flow flow;

    btx_flow_init(&flow, seed, BTX_FLOW_ORDINARY);
    capacity = (struct btx_core_capacity){
        .accounts = (uint32_t)flow.capacity.accounts,
        .markets = (uint32_t)flow.capacity.markets,
        .runners = (uint32_t)flow.capacity.runners,
        .orders = (uint32_t)flow.capacity.orders,
        .positions = (uint32_t)flow.capacity.positions,
    };
    btx_model_init(&model, &flow.capacity, 0);
    btx_story_open(&fixture->story, &capacity);
    for (unsigned i = 0; i < RANDOM_COMMANDS; i++) {
        btx_flow_next(&flow, &model, &space);
        btx_model_execute(&model, &space.command);
        btx_story_run(&fixture->story, &space.command);
        if (i % 40 == 39)
            btx_story_note_digest(&fixture->story);
    }
    btx_model_done(&model);
}

/* Write the story in commits of any size, segments of any size, sessions of any length, with
 * snapshots of what recovery makes at the end of some. */
static void write_randomly(struct fixture *fixture, uint64_t seed)
{
    struct btx_random random;

    btx_random_init(&random, seed);
    begin_writing(fixture);
    while (parts_left(fixture) > 0) {
        const size_t count = 1 + btx_random_below(&random, 7);

        commit_parts(fixture, count < parts_left(fixture) ? count : parts_left(fixture));
        if (btx_random_chance(&random, 100))
            rotate(fixture);
        if (btx_random_chance(&random, 50)) {
            end_writing(fixture);
            assert_int_equal(recover(fixture, UINT64_MAX, false), BTX_OK);
            if (btx_random_chance(&random, 500))
                write_snapshot_of(fixture, fixture->exchange.core, 0);
            begin_writing(fixture);
        }
    }
    end_writing(fixture);
}

static void recovery_run__random_flow_at_every_tx__its_state(void **state)
{
    const char *runs = getenv("BTX_PROPERTY_RUNS");
    const unsigned long seeds = runs != NULL ? strtoul(runs, NULL, 10) : 3;

    tear_down(state);
    for (unsigned long seed = 1; seed <= seeds; seed++) {
        struct fixture *fixture;

        set_up(state);
        fixture = *state;
        print_message("seed %lu\n", seed);
        run_random_commands(fixture, seed);
        write_randomly(fixture, seed);
        write_snapshot(fixture, 0);
        for (size_t i = 0; i < fixture->story.part_count; i++) {
            const struct btx_story_part *part = &fixture->story.parts[i];

            assert_recovers(fixture, part->seq, false, part->digest);
            assert_int_equal(btx_core_pending(fixture->exchange.core) != NULL, part->in_command);
        }
        assert_recovers(fixture, UINT64_MAX, true, last_part(fixture)->digest);
        assert_int_equal(fixture->report.events, last_part(fixture)->seq);
        assert_int_equal(fixture->report.digests, RANDOM_COMMANDS / 40);
        assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
        assert_int_equal(fixture->report.events, 0);
        assert_int_equal(fixture->report.snapshot_seq, last_part(fixture)->seq);
        if (seed < seeds)
            tear_down(state);
    }
}

/* Whoever goes on behind a recovery makes what the first one would have made. */
static void recovery_run__inside_a_command__goes_on_equally(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *first;
    const struct btx_story_part *second;

    fixture->story.digests = false;
    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, BTX_BATCH_ORDERS_MAX + 10);
    fixture->story.digests = true;
    btx_story_cancel_all(&fixture->story);
    first = last_part(fixture) - 1;
    second = last_part(fixture);
    assert_true(first->in_command);
    begin_writing(fixture);
    commit_parts(fixture, parts_left(fixture) - 1);
    end_writing(fixture);

    begin_writing(fixture);
    assert_recovers(fixture, UINT64_MAX, false, first->digest);
    assert_non_null(btx_core_pending(fixture->exchange.core));
    assert_true(fixture->report.position.in_command);
    assert_int_equal(btx_core_step(fixture->exchange.core, NULL, &fixture->exchange.tx),
                     BTX_STEP_DONE);
    assert_int_equal(fixture->exchange.tx.length_bytes, second->end_bytes - second->begin_bytes);
    assert_digest(fixture, second->digest);
    commit_parts(fixture, 1);
    end_writing(fixture);
    assert_recovers(fixture, UINT64_MAX, false, second->digest);
}

/* There is no state inside a tx: the nearest ones are named. */
static void recovery_run__at_an_event_inside_a_tx__refused(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[3];
    char words[128];

    write_three_sessions(fixture, seqs);
    /* The last command is accepted, trades: two events. */
    assert_int_equal(seqs[2], seqs[1] + 2);
    snprintf(words, sizeof words,
             "event %llu is inside a tx, of the events %llu to %llu: there is a state at %llu and "
             "at %llu",
             seqs[1] + 1ULL, seqs[1] + 1ULL, seqs[2] + 0ULL, seqs[1] + 0ULL, seqs[2] + 0ULL);
    assert_fails(fixture, seqs[1] + 1, BTX_FAULT_INPUT, words);
    assert_fails(fixture, seqs[2] + 1, BTX_FAULT_INPUT, "is not in the log, which ends at event");
}

/* An empty log says the empty state, and so does any log before its first event. */
static void recovery_run__nothing_yet__empty_state(void **state)
{
    struct fixture *fixture = *state;
    struct btx_exchange empty = {0};
    uint8_t digest[BTX_SHA256_BYTES];

    assert_int_equal(btx_exchange_open(&empty, &btx_story_capacity, &fixture->fault), BTX_OK);
    btx_exchange_digest(&empty, digest);
    btx_exchange_close(&empty);
    assert_fails(fixture, UINT64_MAX, BTX_FAULT_CONFIG, "there is no log here");
    begin_writing(fixture);
    end_writing(fixture);
    assert_recovers(fixture, UINT64_MAX, false, digest);
    assert_recovers(fixture, 0, false, digest);
    assert_fails(fixture, 1, BTX_FAULT_INPUT, "event 1 is not in the log");
    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 1);
    write_log(fixture);
    assert_recovers(fixture, 0, false, digest);
    assert_int_equal(fixture->report.position.seq, 0);
}

/* Where it stands is what a writer goes on from. */
static void recovery_run__any_way_to_the_end__same_position(void **state)
{
    struct fixture *fixture = *state;
    struct btx_wal_position by_fold;
    uint64_t seqs[3];

    write_three_sessions(fixture, seqs);
    assert_recovers(fixture, seqs[1], true, fixture->story.parts[8].digest);
    by_fold = fixture->report.position;
    assert_int_equal(by_fold.seq, seqs[1]);
    assert_int_equal(by_fold.batch, 3);
    assert_recovers(fixture, seqs[1], false, fixture->story.parts[8].digest);
    assert_int_equal(fixture->report.snapshot_seq, seqs[1]);
    assert_int_equal(fixture->report.position.seq, by_fold.seq);
    assert_int_equal(fixture->report.position.tx, by_fold.tx);
    assert_int_equal(fixture->report.position.batch, by_fold.batch);
    assert_int_equal(fixture->report.position.time_ns, by_fold.time_ns);
    assert_recovers(fixture, seqs[0], false, fixture->story.parts[7].digest);
    assert_int_equal(fixture->report.snapshot_seq, seqs[0]);
    assert_int_equal(fixture->report.position.batch, 2);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    assert_int_equal(fixture->report.position.seq, seqs[2]);
    assert_int_equal(fixture->report.position.batch, 4);
}

/* ---- Snapshots ---- */

static void snapshot_path(char path[64], uint64_t seq)
{
    char name[BTX_WAL_NAME_BYTES];

    btx_snapshot_name(name, seq);
    snprintf(path, 64, "snapshots/%s", name);
}

/* Change the header of the snapshot at @seq as @change does, and give it a CRC that is right. */
static void change_snapshot(struct fixture *fixture, uint64_t seq,
                            void (*change)(struct btx_wal_snapshot_header *header))
{
    struct btx_wal_snapshot_header header;
    char path[64];
    int fd;

    snapshot_path(path, seq);
    fd = openat(fixture->folder.fd, path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &header, sizeof header, 0), sizeof header);
    change(&header);
    header.crc = btx_crc32c(0, &header, offsetof(struct btx_wal_snapshot_header, crc));
    assert_int_equal(pwrite(fd, &header, sizeof header, 0), sizeof header);
    close(fd);
}

static void other_chain(struct btx_wal_snapshot_header *header)
{
    header->chain[31] ^= 1;
}

static void other_segment(struct btx_wal_snapshot_header *header)
{
    header->segment = 99;
}

static void other_tx(struct btx_wal_snapshot_header *header)
{
    header->tx++;
}

static void other_digest(struct btx_wal_snapshot_header *header)
{
    header->digest[0] ^= 1;
}

/* The newest that can be used is; what is wrong with a newer one is told, and costs nothing but
 * time. */
static void recovery_run__snapshot_that_is_wrong__next_older_one(void **state)
{
    static const struct {
        void (*change)(struct btx_wal_snapshot_header *header);
        const char *words;
    } rows[] = {
        {other_chain, "it stands on another log"},
        {other_segment, "the log has no seal of the segment"},
        {other_tx, "its seq or tx is not that of the segment"},
        {other_digest, "its state has another digest"},
    };
    struct fixture *fixture = *state;
    uint64_t seqs[3];

    write_three_sessions(fixture, seqs);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    assert_int_equal(fixture->report.snapshot_seq, seqs[2]);
    assert_int_equal(fixture->report.snapshots_refused, 0);
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        write_snapshot(fixture, 0);
        change_snapshot(fixture, seqs[2], rows[i].change);
        assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
        assert_int_equal(fixture->report.snapshot_seq, seqs[1]);
        assert_int_equal(fixture->report.snapshots_refused, 1);
        if (strstr(fixture->report.snapshot_why, rows[i].words) == NULL)
            fail_msg("'%s', want '%s'", fixture->report.snapshot_why, rows[i].words);
    }
    change_snapshot(fixture, seqs[1], other_chain);
    change_snapshot(fixture, seqs[0], other_chain);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    assert_int_equal(fixture->report.snapshots_refused, 3);
    assert_int_equal(fixture->report.snapshot_seq, 0);
}

/* Bytes that are no state spoil the core: it begins anew, and the fold is not led astray. */
static void recovery_run__snapshot_of_no_state__begins_anew(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[3];

    write_three_sessions(fixture, seqs);
    write_snapshot(fixture, 4);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    assert_int_equal(fixture->report.snapshot_seq, seqs[1]);
    assert_non_null(strstr(fixture->report.snapshot_why, "more bytes than a state has"));
}

/* A state that was saved at another event than the snapshot says. */
static void recovery_run__snapshot_of_another_event__refused(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[3];

    write_three_sessions(fixture, seqs);
    btx_story_line(&fixture->story, "{\"cmd\":\"Deposit\",\"t\":9,\"account\":1,\"amount\":1}");
    write_snapshot(fixture, 0);
    assert_recovers(fixture, UINT64_MAX, false,
                    fixture->story.parts[fixture->story.part_count - 2].digest);
    assert_non_null(strstr(fixture->report.snapshot_why, "of another seq or tx"));
}

static void remove_segment(struct fixture *fixture, size_t index)
{
    struct btx_log_segment *segments;
    struct btx_fault fault = {0};
    size_t count;
    int fd;

    assert_int_equal(btx_wal_folder_open(&fd, fixture->folder.fd, "segments", &fault), BTX_OK);
    assert_int_equal(btx_log_segments_list(fd, &segments, &count, &fault), BTX_OK);
    assert_true(index < count);
    assert_int_equal(unlinkat(fd, segments[index].name, 0), 0);
    free(segments);
    close(fd);
}

/* The first segments may be archived once a snapshot stands at their end; without it the log
 * says nothing, and which one is missing is named. */
static void recovery_run__log_begins_with_a_snapshot__needs_it(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seqs[3];
    char words[96];
    char path[64];

    write_three_sessions(fixture, seqs);
    remove_segment(fixture, 0);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    snapshot_path(path, seqs[2]);
    assert_int_equal(unlinkat(fixture->folder.fd, path, 0), 0);
    snapshot_path(path, seqs[1]);
    assert_int_equal(unlinkat(fixture->folder.fd, path, 0), 0);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    assert_int_equal(fixture->report.snapshot_seq, seqs[0]);
    assert_recovers(fixture, seqs[1], false, fixture->story.parts[8].digest);
    assert_fails(fixture, seqs[0] - 1, BTX_FAULT_INPUT,
                 "is not in the log, which begins behind event");

    change_snapshot(fixture, seqs[0], other_chain);
    snprintf(words, sizeof words, "begins with segment 2, and the snapshot of event %llu",
             seqs[0] + 0ULL);
    assert_fails(fixture, UINT64_MAX, BTX_FAULT_CORRUPT, words);
    assert_non_null(strstr(fixture->fault.text, "it stands on another log"));
}

/* ---- What is wrong in a log ---- */

/* Commit records of the test's own making as a session. */
static void write_records(struct fixture *fixture, const void *bytes, size_t length_bytes)
{
    const struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length_bytes};
    struct btx_fault fault = {0};

    begin_writing(fixture);
    assert_int_equal(btx_wal_writer_commit(fixture->writer, &piece, 1, &fault), BTX_OK);
    end_writing(fixture);
}

/* The digest notes are what makes a wrong state visible: one that differs ends the recovery. */
static void recovery_run__digest_differs__corrupt(void **state)
{
    struct fixture *fixture = *state;
    struct btx_state_digest *note;

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 1);
    btx_story_note_digest(&fixture->story);
    note =
        (struct btx_state_digest *)(void *)(fixture->story.bytes + last_part(fixture)->begin_bytes);
    note->sha256[5] ^= 1;
    btx_record_seal(&note->record);
    write_log(fixture);
    assert_fails(fixture, UINT64_MAX, BTX_FAULT_CORRUPT,
                 "segments/00000000000000000001-0000000001.mdb: seq 6: the state is not the one");
}

/* What newer rules decided, older ones must not go on with. */
static void recovery_run__newer_rules__refused(void **state)
{
    struct fixture *fixture = *state;
    union {
        struct btx_engine_started body;
        uint8_t bytes[256];
    } note = {.bytes = {0}};

    note.body.record.length_units = btx_record_units(sizeof note.body);
    note.body.record.kind_flags = BTX_RECORD_NOTE;
    note.body.record.type = BTX_NOTE_ENGINE_STARTED;
    note.body.rules_version = BTX_RULES_VERSION + 1;
    btx_record_seal(&note.body.record);
    write_records(fixture, note.bytes, sizeof note.bytes);
    assert_fails(fixture, UINT64_MAX, BTX_FAULT_LAYOUT,
                 "written by rules version 3, this version knows 2");
}

/* Records may be intact and in order, and yet say what cannot have happened. */
static void recovery_run__impossible_event__corrupt(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *part;
    struct btx_funds_event *event;
    struct btx_record *command;

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 1);
    part = &fixture->story.parts[2]; /* The first Deposit. */
    command = (struct btx_record *)(void *)(fixture->story.bytes + part->begin_bytes);
    event =
        (struct btx_funds_event *)(void *)((uint8_t *)command + btx_record_length_bytes(command));
    event->balance++;
    btx_record_seal(&event->record);
    write_log(fixture);
    assert_fails(fixture, UINT64_MAX, BTX_FAULT_CORRUPT,
                 "segments/00000000000000000001-0000000001.mdb: seq 3: Funds: the balance");
}

/* Recover with room for @accounts and @orders only. */
static enum btx_fault_code recover_into(struct fixture *fixture, uint32_t accounts, uint32_t orders)
{
    const struct btx_recovery_options options = {.root = fixture->folder.path,
                                                 .at_seq = UINT64_MAX};
    struct btx_core_capacity capacity = btx_story_capacity;
    struct btx_fault fault = {0};

    capacity.accounts = accounts;
    capacity.orders = orders;
    btx_exchange_close(&fixture->exchange);
    memset(&fixture->fault, 0, sizeof fixture->fault);
    assert_int_equal(btx_exchange_open(&fixture->exchange, &capacity, &fault), BTX_OK);
    return btx_recovery_run(&fixture->exchange, &options, &fixture->report, &fixture->fault);
}

/* Too little room is the operator's to mend, and no damage: by the fold and by a snapshot. */
static void recovery_run__too_little_room__limit(void **state)
{
    struct fixture *fixture = *state;

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 3);
    write_log(fixture);
    assert_int_equal(recover_into(fixture, 2, 2), BTX_FAULT_LIMIT);
    assert_non_null(strstr(fixture->fault.text,
                           "more orders, positions or stakes than the capacity, "
                           "which is 2 orders, 1000 positions"));
    assert_int_equal(recover_into(fixture, 2, 3), BTX_OK);
    write_snapshot(fixture, 0);
    assert_int_equal(recover_into(fixture, 1, 3), BTX_FAULT_LIMIT);
    assert_non_null(strstr(fixture->fault.text, "snapshot 00000000000000000008.snap: "));
    assert_non_null(strstr(fixture->fault.text, "which is 1 accounts"));
}

/* Garble the first record of part @index in segment 1, wherever it lies; the part begins a batch
 * that is greater than a node, so that it lies in one place only. */
static void garble_part(struct fixture *fixture, size_t index)
{
    const uint8_t *record = fixture->story.bytes + fixture->story.parts[index].begin_bytes;
    const int fd = openat(fixture->folder.fd, "segments/00000000000000000001-0000000001.mdb",
                          O_RDWR | O_CLOEXEC);
    static uint8_t file[1 << 20];
    const ssize_t length = pread(fd, file, sizeof file, 0);
    size_t at = 0;

    assert_true(length > 0 && (size_t)length < sizeof file);
    while (at + 128 <= (size_t)length && memcmp(file + at, record, 128) != 0)
        at += 8;
    assert_true(at + 128 <= (size_t)length);
    assert_int_equal(pwrite(fd, "torn", 4, (off_t)at + 40), 4);
    close(fd);
}

/* A torn end is cut and told, and the state is that before it; the next writer goes on there, and
 * from then on it is no damage. */
static void recovery_run__torn_end__cut(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *parts;

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 40);
    parts = fixture->story.parts;
    begin_writing(fixture);
    commit_parts(fixture, 20);
    commit_parts(fixture, 20);
    end_writing(fixture);
    garble_part(fixture, 20);

    assert_recovers(fixture, UINT64_MAX, false, parts[19].digest);
    assert_true(fixture->report.cut);
    assert_int_equal(fixture->report.cut_where.batch, 2);
    assert_int_equal(fixture->report.position.seq, parts[19].seq);
    assert_fails(fixture, parts[20].seq, BTX_FAULT_INPUT, "is not in the log");
    fixture->written_parts = 20;
    write_log(fixture);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
    assert_false(fixture->report.cut);
}

/* Damage of what was once acknowledged is not passed over: recovery says where, and stops. */
static void recovery_run__damage_before_the_end__corrupt(void **state)
{
    struct fixture *fixture = *state;

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 40);
    begin_writing(fixture);
    commit_parts(fixture, 20);
    rotate(fixture);
    commit_parts(fixture, 20);
    end_writing(fixture);
    begin_writing(fixture); /* Brings the seal of the second segment. */
    commit_parts(fixture, parts_left(fixture));
    end_writing(fixture);
    garble_part(fixture, 0);

    assert_fails(fixture, UINT64_MAX, BTX_FAULT_CORRUPT,
                 "segments/00000000000000000001-0000000001.mdb: ");
    assert_non_null(strstr(fixture->fault.text, "batch 1"));
    assert_int_equal(fixture->report.events, 0);
}

/* The state is that of the end that was found, whatever was written since: a writer recovers while
 * nobody writes, but an auditor may be late. */
static void recovery_run__log_grew_since__state_at_that_end(void **state)
{
    struct fixture *fixture = *state;
    const struct btx_story_part *parts;

    btx_story_open(&fixture->story, &btx_story_capacity);
    btx_story_begin_market(&fixture->story, 3);
    parts = fixture->story.parts;
    begin_writing(fixture);
    commit_parts(fixture, 2);
    end_writing(fixture);
    begin_writing(fixture);
    commit_parts(fixture, parts_left(fixture));
    assert_recovers(fixture, UINT64_MAX, false, parts[1].digest);
    assert_int_equal(fixture->report.position.seq, parts[1].seq);
    assert_fails(fixture, parts[2].seq, BTX_FAULT_INPUT, "is not in the log");
    end_writing(fixture);
    assert_recovers(fixture, UINT64_MAX, false, last_part(fixture)->digest);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(recovery_run__random_flow_at_every_tx__its_state),
        TEST(recovery_run__inside_a_command__goes_on_equally),
        TEST(recovery_run__at_an_event_inside_a_tx__refused),
        TEST(recovery_run__nothing_yet__empty_state),
        TEST(recovery_run__any_way_to_the_end__same_position),
        TEST(recovery_run__snapshot_that_is_wrong__next_older_one),
        TEST(recovery_run__snapshot_of_no_state__begins_anew),
        TEST(recovery_run__snapshot_of_another_event__refused),
        TEST(recovery_run__log_begins_with_a_snapshot__needs_it),
        TEST(recovery_run__digest_differs__corrupt),
        TEST(recovery_run__newer_rules__refused),
        TEST(recovery_run__impossible_event__corrupt),
        TEST(recovery_run__too_little_room__limit),
        TEST(recovery_run__torn_end__cut),
        TEST(recovery_run__damage_before_the_end__corrupt),
        TEST(recovery_run__log_grew_since__state_at_that_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
