/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/wal/log_fixture.h"

#include "engine/wal/log_reader.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEGAN_NS (UINT64_C(1700000000) * 1000000000u)

int log_fixture_setup(void **state)
{
    struct log_fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    (void)snprintf(fixture->root, sizeof fixture->root, "%s", P_tmpdir "/betex-log-XXXXXX");
    assert_non_null(mkdtemp(fixture->root));
    fixture->buffer = aligned_alloc(64, LOG_FIXTURE_BUFFER_BYTES);
    assert_non_null(fixture->buffer);
    btx_clock_manual_init(&fixture->clock, BEGAN_NS, 0);
    fixture->options = (struct btx_wal_writer_options){
        .root = fixture->root,
        .program = "test",
        .host = "here",
        .clock = &fixture->clock.clock,
        .threadless = true,
    };
    btx_wal_settings_default(&fixture->options.settings);
    fixture->options.settings.unsafe_filesystem = 1;
    fixture->options.settings.max_segment_events = UINT64_C(1) << 40;
    fixture->options.settings.segment_map_size_bytes = 64u << 20;
    *state = fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *where)
{
    (void)found;
    (void)type;
    (void)where;
    return remove(path);
}

int log_fixture_teardown(void **state)
{
    struct log_fixture *fixture = *state;

    (void)btx_wal_writer_close(fixture->writer, NULL, &(struct btx_fault){0});
    (void)nftw(fixture->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture->buffer);
    free(fixture);
    return 0;
}

void log_fixture_open(struct log_fixture *fixture)
{
    struct btx_fault fault = {0};

    if (btx_wal_writer_open(&fixture->writer, &fixture->options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    fixture->seq = btx_wal_writer_recovered(fixture->writer)->position.seq;
    fixture->tx = btx_wal_writer_recovered(fixture->writer)->position.tx;
}

struct btx_wal_seal log_fixture_close(struct log_fixture *fixture)
{
    struct btx_fault fault = {0};
    struct btx_wal_seal seal = {0};

    if (btx_wal_writer_close(fixture->writer, &seal, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    fixture->writer = NULL;
    return seal;
}

static void fill_header(struct btx_record *record, enum btx_record_kind kind, uint8_t type,
                        const struct log_fixture *fixture)
{
    record->length_units = 1;
    record->kind_flags = (uint8_t)kind;
    record->type = type;
    record->seq = fixture->seq;
    record->tx = fixture->tx;
    record->time_ns = BEGAN_NS + fixture->seq;
}

size_t log_fixture_txs(struct log_fixture *fixture, size_t count)
{
    const size_t length_bytes = count * 2 * BTX_RECORD_UNIT_BYTES;

    assert_true(length_bytes <= LOG_FIXTURE_BUFFER_BYTES);
    memset(fixture->buffer, 0, length_bytes);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = fixture->buffer + i * 2 * BTX_RECORD_UNIT_BYTES;
        struct btx_open_account *command = (void *)at;
        struct btx_account_event *event = (void *)(at + BTX_RECORD_UNIT_BYTES);

        fixture->seq++;
        fixture->tx++;
        fill_header(&command->command.record, BTX_RECORD_COMMAND, BTX_COMMAND_OPEN_ACCOUNT,
                    fixture);
        command->account = fixture->seq;
        btx_record_seal(&command->command.record);
        fill_header(&event->record, BTX_RECORD_EVENT, BTX_EVENT_ACCOUNT_OPENED, fixture);
        event->record.kind_flags |= BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END;
        event->account = fixture->seq;
        btx_record_seal(&event->record);
    }
    return length_bytes;
}

static void commit_buffer(struct log_fixture *fixture, size_t length_bytes)
{
    const struct iovec piece = {fixture->buffer, length_bytes};
    struct btx_fault fault = {0};

    if (btx_wal_writer_commit(fixture->writer, &piece, 1, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
}

void log_fixture_commit(struct log_fixture *fixture, size_t count)
{
    commit_buffer(fixture, log_fixture_txs(fixture, count));
}

void log_fixture_commit_note(struct log_fixture *fixture)
{
    struct btx_clean_stop *note = (void *)fixture->buffer;

    memset(note, 0, BTX_RECORD_UNIT_BYTES);
    fill_header(&note->record, BTX_RECORD_NOTE, BTX_NOTE_CLEAN_STOP, fixture);
    btx_record_seal(&note->record);
    commit_buffer(fixture, BTX_RECORD_UNIT_BYTES);
}

uint64_t log_fixture_read(const struct log_fixture *fixture)
{
    const struct btx_log_options options = {.verify_seals = true};
    struct btx_log_reader *reader;
    const struct btx_record *record;
    struct btx_fault fault = {0};
    uint64_t records = 0;
    uint64_t seq = 0;
    char text[BTX_FAULT_TEXT_BYTES];

    if (btx_log_reader_open(&reader, fixture->root, &options, &fault) != BTX_OK)
        fail_msg("%s", fault.text);
    for (;;) {
        switch (btx_log_reader_next(reader, &record, &fault)) {
        case BTX_LOG_RECORD:
            records++;
            if (btx_record_kind(record) == BTX_RECORD_EVENT)
                assert_int_equal(record->seq, ++seq);
            break;
        case BTX_LOG_END:
            assert_int_equal(seq, fixture->seq);
            btx_log_reader_close(reader);
            return records;
        case BTX_LOG_DAMAGE:
            btx_wal_damage_print(btx_log_reader_damage(reader), text, sizeof text);
            fail_msg("%s", text);
            break;
        case BTX_LOG_FAULT:
            fail_msg("%s", fault.text);
        }
    }
}

void log_fixture_names(const struct log_fixture *fixture, const char *folder, char *text,
                       size_t size_bytes)
{
    char path[128];
    struct dirent **entries;
    size_t used = 0;
    int count;

    (void)snprintf(path, sizeof path, "%s/%s", fixture->root, folder);
    count = scandir(path, &entries, NULL, alphasort);
    assert_true(count >= 0);
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            used += (size_t)snprintf(text + used, size_bytes - used, "%s%s", used ? " " : "",
                                     entries[i]->d_name);
        assert_true(used < size_bytes);
        free(entries[i]);
    }
    free(entries);
}
