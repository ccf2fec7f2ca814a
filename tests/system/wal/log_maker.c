/* SPDX-License-Identifier: Apache-2.0 */
/* log_maker.c - writes logs for tests, from a story on standard input, line by line:
 *
 *     log_maker ROOT EVENTS < STORY
 *
 * Segments are closed behind EVENTS events.  A line is a command as betex-replay reads it, which
 * is executed, committed and answered with its events; or one of
 *     start N       an EngineStarted note; room for N accounts from here on
 *     operator TEXT an OperatorAction note
 *     digest        a StateDigest note
 *     wrong         a StateDigest note that is wrong
 *     group N       commit N txs at a time from here on; at first each by itself
 *     forge         the last event of the next command gets another content
 *     rotate        close the segment
 *     snapshot      close the log, write a snapshot of its end, open it again
 *     hold          print "held" and wait for the next line
 *     die           end at once, as if killed
 *     stop          a CleanStop note, and close the log
 * A log that is there already is gone on with, by notes alone.  Time stands still, so that equal
 * stories give equal logs but for the uuid. */
#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/exchange/exchange.h"
#include "engine/text/command_text.h"
#include "engine/text/event_text.h"
#include "engine/wal/snapshot.h"
#include "engine/wal/writer.h"
#include "engine/wire/notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOW_NS UINT64_C(1790000000000000000)

union note_space {
    struct btx_record record;
    struct btx_engine_started started;
    struct btx_state_digest digest;
    struct btx_operator_action action;
    uint8_t bytes[2048];
};

struct maker {
    struct btx_clock_manual clock;
    struct btx_wal_writer_options options;
    struct btx_wal_writer *writer;
    struct btx_exchange exchange;
    uint64_t seq;
    uint64_t tx;
    bool forge;
    uint64_t group; /* txs in a commit */
    uint64_t pending_txs;
    size_t pending_bytes;
    uint8_t pending[1 << 22]; /* records of txs that are not yet committed */
    struct btx_command_text decoder;
    union btx_command_space command;
};

static struct maker maker;

static void require(enum btx_fault_code code, const struct btx_fault *fault)
{
    if (code == BTX_OK)
        return;
    fprintf(stderr, "log_maker: %s\n", fault->text);
    exit(1);
}

static void open_exchange(uint32_t accounts)
{
    const struct btx_core_capacity capacity = {accounts, 100, 1000, 10000, 1000, 1000, 100000};
    struct btx_fault fault = {0};

    if (maker.exchange.core == NULL)
        require(btx_exchange_open(&maker.exchange, &capacity, &fault), &fault);
}

static void open_writer(void)
{
    struct btx_fault fault = {0};

    require(btx_wal_writer_open(&maker.writer, &maker.options, &fault), &fault);
    maker.seq = btx_wal_writer_recovered(maker.writer)->position.seq;
    maker.tx = btx_wal_writer_recovered(maker.writer)->position.tx;
}

static void commit(const void *bytes, size_t length_bytes)
{
    const struct iovec piece = {(void *)bytes, length_bytes};
    struct btx_fault fault = {0};

    require(btx_wal_writer_commit(maker.writer, &piece, 1, &fault), &fault);
}

static void flush_txs(void)
{
    if (maker.pending_txs != 0)
        commit(maker.pending, maker.pending_bytes);
    maker.pending_txs = 0;
    maker.pending_bytes = 0;
}

static void commit_tx(const struct btx_tx *tx)
{
    if (tx->length_bytes == 0)
        return;
    CHECK(tx->length_bytes <= sizeof maker.pending - maker.pending_bytes);
    memcpy(maker.pending + maker.pending_bytes, tx->bytes, tx->length_bytes);
    maker.pending_bytes += tx->length_bytes;
    if (++maker.pending_txs >= maker.group || maker.pending_bytes >= sizeof maker.pending / 4)
        flush_txs();
}

static void commit_note(union note_space *note, enum btx_note_type type, size_t tail_bytes)
{
    note->record.kind_flags = BTX_RECORD_NOTE;
    note->record.type = (uint8_t)type;
    note->record.length_units = btx_record_units(btx_note_body_bytes((uint8_t)type) + tail_bytes);
    note->record.seq = maker.seq;
    note->record.tx = maker.tx;
    note->record.time_ns = NOW_NS;
    btx_record_seal(&note->record);
    commit(note, btx_record_length_bytes(&note->record));
}

static void keep_bytes(void *context, const void *bytes, size_t length_bytes)
{
    btx_writer_bytes(context, bytes, length_bytes);
}

/* The state goes on within other capacities, as another engine would go on with it. */
static void move_state(uint32_t accounts)
{
    static uint8_t bytes[1 << 22];
    struct btx_writer writer;

    btx_writer_init(&writer, bytes, sizeof bytes);
    btx_core_save(maker.exchange.core, keep_bytes, &writer);
    CHECK(!writer.overflowed);
    btx_exchange_close(&maker.exchange);
    open_exchange(accounts);
    CHECK(btx_core_load(maker.exchange.core, bytes, writer.length_bytes) == NULL);
}

static void run_start(uint32_t accounts)
{
    union note_space note = {
        .started = {.epoch = btx_wal_writer_epoch(maker.writer),
                    .capacity_accounts = accounts,
                    .capacity_markets = 100,
                    .capacity_runners = 1000,
                    .capacity_orders = 10000,
                    .capacity_positions = 1000,
                    .capacity_stakes = 1000,
                    .capacity_description_bytes = 100000,
                    .rules_version = BTX_RULES_VERSION,
                    .image = "log_maker",
                    .host = "engine-1"},
    };

    if (maker.exchange.core != NULL)
        move_state(accounts);
    open_exchange(accounts);
    commit_note(&note, BTX_NOTE_ENGINE_STARTED, 0);
}

static void run_operator(const char *text)
{
    union note_space note = {.action = {.who = "alice"}};

    note.action.what_length = (uint16_t)strlen(text);
    memcpy(note.bytes + sizeof note.action, text, strlen(text));
    commit_note(&note, BTX_NOTE_OPERATOR_ACTION, strlen(text));
}

static void run_digest(uint8_t flip)
{
    union note_space note = {.digest = {.rules_version = BTX_RULES_VERSION}};

    btx_exchange_digest(&maker.exchange, note.digest.sha256);
    note.digest.sha256[0] ^= flip;
    commit_note(&note, BTX_NOTE_STATE_DIGEST, 0);
}

/* Seal the records of the tx and print its events as they were. */
static void finish_tx(struct btx_tx *tx)
{
    static char line[BTX_EVENT_TEXT_BYTES_MAX];
    const struct btx_record *record = NULL;

    while ((record = btx_tx_next_record(tx, record)) != NULL) {
        const bool last = btx_tx_next_record(tx, record) == NULL;

        if (btx_record_kind(record) == BTX_RECORD_EVENT)
            (void)fwrite(line, 1, btx_event_text_encode(record, line), stdout);
        if (maker.forge && last) {
            ((uint8_t *)record)[sizeof *record] ^= 1; /* The first field behind the header. */
            maker.forge = false;
        }
        btx_record_seal((struct btx_record *)record);
        maker.seq = record->seq;
        maker.tx = record->tx;
    }
}

static void run_command(const char *line, size_t length_bytes)
{
    const struct btx_command *command = &maker.command.command;
    const char *why = btx_command_text_decode(&maker.decoder, line, length_bytes, &maker.command);
    enum btx_step step = BTX_STEP_DUE;

    if (why != NULL) {
        fprintf(stderr, "log_maker: %s\n", why);
        exit(2);
    }
    open_exchange(1000);
    do {
        step = btx_core_step(maker.exchange.core, step == BTX_STEP_MORE ? NULL : command,
                             &maker.exchange.tx);
        finish_tx(&maker.exchange.tx);
        commit_tx(&maker.exchange.tx);
    } while (step != BTX_STEP_DONE);
}

static void run_snapshot(void)
{
    struct btx_snapshot_writer writer = {.fd = -1, .folder_fd = -1};
    struct btx_fault fault = {0};
    struct btx_wal_seal seal;

    require(btx_wal_writer_close(maker.writer, &seal, &fault), &fault);
    require(
        btx_snapshot_begin(&writer, maker.options.root, &seal, BTX_RULES_VERSION, NOW_NS, &fault),
        &fault);
    btx_core_save(maker.exchange.core, btx_snapshot_add, &writer);
    require(btx_snapshot_end(&writer, NULL, &fault), &fault);
    btx_snapshot_done(&writer);
    open_writer();
}

static void run_rotate(void)
{
    struct btx_wal_rotation rotation;
    struct btx_fault fault = {0};

    require(btx_wal_writer_rotate(maker.writer, &rotation, &fault), &fault);
}

static void run_stop(void)
{
    union note_space note = {.record = {.crc = 0}};
    struct btx_fault fault = {0};

    commit_note(&note, BTX_NOTE_CLEAN_STOP, 0);
    require(btx_wal_writer_close(maker.writer, NULL, &fault), &fault);
    btx_exchange_close(&maker.exchange);
    (void)fflush(stdout);
    exit(0);
}

static void run_line(const char *line, size_t length_bytes)
{
    if (*line == '{') {
        run_command(line, length_bytes);
        return;
    }
    flush_txs();
    if (strncmp(line, "group ", 6) == 0)
        maker.group = strtoull(line + 6, NULL, 10);
    else if (strncmp(line, "start ", 6) == 0)
        run_start((uint32_t)strtoul(line + 6, NULL, 10));
    else if (strncmp(line, "operator ", 9) == 0)
        run_operator(line + 9);
    else if (strcmp(line, "digest") == 0)
        run_digest(0);
    else if (strcmp(line, "wrong") == 0)
        run_digest(1);
    else if (strcmp(line, "forge") == 0)
        maker.forge = true;
    else if (strcmp(line, "rotate") == 0)
        run_rotate();
    else if (strcmp(line, "snapshot") == 0)
        run_snapshot();
    else if (strcmp(line, "stop") == 0)
        run_stop();
    else if (strcmp(line, "hold") == 0)
        (void)puts("held"); /* Written at once, below. */
    else if (strcmp(line, "die") != 0)
        exit(2);
    (void)fflush(stdout);
    if (strcmp(line, "die") == 0)
        _exit(0);
}

int main(int argument_count, char **arguments)
{
    char line[BTX_COMMAND_LINE_BYTES_MAX + 1];

    if (argument_count != 3)
        return 2;
    btx_clock_manual_init(&maker.clock, NOW_NS, NOW_NS);
    maker.options = (struct btx_wal_writer_options){
        .root = arguments[1],
        .program = "log_maker",
        .host = "engine-1",
        .clock = &maker.clock.clock,
        .threadless = true,
    };
    btx_wal_settings_default(&maker.options.settings);
    maker.options.settings.max_segment_events = strtoull(arguments[2], NULL, 10);
    maker.options.settings.min_segment_age_ns = 0;
    maker.options.settings.segment_map_size_bytes = UINT64_C(64) << 20;
    maker.options.settings.low_space_bytes = 0;
    maker.options.settings.stop_bytes = 0;
    maker.options.settings.unsafe_filesystem = 1;
    open_writer();
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t length_bytes = strcspn(line, "\n");

        line[length_bytes] = '\0';
        run_line(line, length_bytes);
    }
    return 2; /* A story ends with stop or die. */
}
