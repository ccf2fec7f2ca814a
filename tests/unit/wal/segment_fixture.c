/* SPDX-License-Identifier: Apache-2.0 */
#include "segment_fixture.h"

#include <endian.h>
#include <string.h>

#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"

/* Every record here has one unit. */
enum { UNIT_BYTES = BTX_RECORD_UNIT_BYTES, TX_EVENTS_MAX = 50 };
static_assert(sizeof(struct btx_account_command) <= UNIT_BYTES, "one unit");
static_assert(sizeof(struct btx_account_event) <= UNIT_BYTES, "one unit");
static_assert(sizeof(struct btx_clean_stop) <= UNIT_BYTES, "one unit");

static uint64_t time_next(struct segment_fixture *fixture)
{
    fixture->position.time_ns += 1000 + fixture->position.seq % 7;
    return fixture->position.time_ns;
}

void segment_fixture_make(struct segment_fixture *fixture)
{
    struct btx_fault fault = {0};

    *fixture = (struct segment_fixture){.segments_fd = -1};
    temp_folder_make(&fixture->folder);
    CHECK(btx_wal_id_ensure(fixture->folder.fd, "fixture", 1, &fixture->id, &fault) == BTX_OK);
    CHECK(btx_wal_folder_open(&fixture->segments_fd, fixture->folder.fd, BTX_WAL_SEGMENTS_NAME,
                              &fault) == BTX_OK);
}

static void header_make(struct segment_fixture *fixture)
{
    struct btx_wal_header *header = &fixture->header;

    *header = (struct btx_wal_header){
        .magic = BTX_WAL_HEADER_MAGIC,
        .format = BTX_WAL_FORMAT,
        .segment = fixture->number,
        .epoch = 1,
        .created_ns = 1000000 + fixture->number,
        .first_seq = fixture->position.seq + 1,
        .first_tx = fixture->position.tx + 1,
        .first_batch = fixture->position.batch + 1,
        .previous_bytes = fixture->segment_bytes,
        .host = "fixture",
    };
    memcpy(header->uuid, fixture->id.uuid, sizeof header->uuid);
    header->crc = btx_crc32c(0, header, offsetof(struct btx_wal_header, crc));
}

void segment_fixture_begin(struct segment_fixture *fixture, size_t map_bytes, size_t zero_bytes)
{
    struct btx_fault fault = {0};
    MDB_txn *transaction;

    segment_fixture_end(fixture);
    fixture->number++;
    header_make(fixture);
    fixture->segment_bytes = 0;
    fixture->has_header = false;
    fixture->batch_count = 0;
    fixture->bytes_count = 0;
    btx_log_segment_name(&fixture->segment, fixture->position.seq + 1, fixture->number);
    CHECK((size_t)snprintf(fixture->path, sizeof fixture->path, "%s/%s/%s", fixture->folder.path,
                           BTX_WAL_SEGMENTS_NAME, fixture->segment.name) < sizeof fixture->path);
    CHECK(btx_wal_chain_begin(&fixture->chain, &fixture->header,
                              fixture->number == 1 ? (const uint8_t[BTX_WAL_HASH_BYTES]){0}
                                                   : fixture->seal.hash,
                              &fault) == BTX_OK);
    CHECK(mdb_env_create(&fixture->environment) == 0);
    CHECK(mdb_env_set_mapsize(fixture->environment, map_bytes) == 0);
    CHECK(mdb_env_open(fixture->environment, fixture->path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC,
                       0640) == 0);
    CHECK(mdb_txn_begin(fixture->environment, NULL, 0, &transaction) == 0);
    CHECK(mdb_dbi_open(transaction, NULL, 0, &fixture->database) == 0);
    CHECK(mdb_txn_commit(transaction) == 0);
    if (zero_bytes != 0) {
        CHECK(truncate(fixture->path, (off_t)zero_bytes) == 0);
    }
}

static void put(struct segment_fixture *fixture, MDB_txn *transaction, uint64_t seq,
                uint64_t number, const void *value, size_t length_bytes)
{
    uint64_t key_numbers[2] = {htobe64(seq), htobe64(number)};
    MDB_val key = {sizeof key_numbers, key_numbers};
    MDB_val data = {length_bytes, (void *)(uintptr_t)value};

    CHECK(mdb_put(transaction, fixture->database, &key, &data, MDB_NOOVERWRITE) == 0);
}

void segment_fixture_put(struct segment_fixture *fixture, uint64_t seq, uint64_t number,
                         const void *value, size_t length_bytes)
{
    MDB_txn *transaction;

    CHECK(mdb_txn_begin(fixture->environment, NULL, 0, &transaction) == 0);
    put(fixture, transaction, seq, number, value, length_bytes);
    CHECK(mdb_txn_commit(transaction) == 0);
}

void segment_fixture_seal(struct segment_fixture *fixture)
{
    if (!fixture->has_seal)
        return;
    segment_fixture_put(fixture, 0, fixture->seal.segment, &fixture->seal, sizeof fixture->seal);
    fixture->has_seal = false;
}

/* --- Records ---------------------------------------------------------------------------------- */

static void *record_begin(uint8_t *bytes, enum btx_record_kind kind, uint8_t type)
{
    struct btx_record *record = (void *)bytes;

    memset(bytes, 0, UNIT_BYTES);
    record->length_units = 1;
    record->kind_flags = (uint8_t)kind;
    record->type = type;
    return bytes;
}

static void note_make(struct segment_fixture *fixture, uint8_t *bytes)
{
    struct btx_clean_stop *note = record_begin(bytes, BTX_RECORD_NOTE, BTX_NOTE_CLEAN_STOP);

    note->record.seq = fixture->position.seq;
    note->record.tx = fixture->position.tx;
    note->record.time_ns = fixture->position.time_ns;
    btx_record_seal(&note->record);
}

static void command_make(struct segment_fixture *fixture, uint8_t *bytes)
{
    struct btx_account_command *command =
        record_begin(bytes, BTX_RECORD_COMMAND, BTX_COMMAND_FREEZE_ACCOUNT);

    command->account = 1 + fixture->position.seq;
    command->command.record.seq = fixture->position.seq + 1;
    command->command.record.tx = fixture->position.tx + 1;
    command->command.record.time_ns = time_next(fixture);
    btx_record_seal(&command->command.record);
}

static void event_make(struct segment_fixture *fixture, uint8_t *bytes, uint8_t flags)
{
    struct btx_account_event *event =
        record_begin(bytes, BTX_RECORD_EVENT, BTX_EVENT_ACCOUNT_FROZEN);

    event->account = 1 + fixture->position.seq;
    event->record.kind_flags |= flags;
    event->record.seq = ++fixture->position.seq;
    event->record.tx = fixture->position.tx + 1;
    event->record.time_ns = fixture->position.time_ns;
    btx_record_seal(&event->record);
    if ((flags & BTX_RECORD_TX_END) != 0)
        fixture->position.tx++;
}

/* Fill @units records. */
static void records_make(struct segment_fixture *fixture, uint8_t *bytes, size_t units)
{
    if (units == 1)
        note_make(fixture, bytes);
    while (units > 1) {
        size_t events = units - 1 < TX_EVENTS_MAX ? units - 1 : TX_EVENTS_MAX;

        if (units - 1 - events == 1)
            events--; /* No single record may be left over. */
        command_make(fixture, bytes);
        for (size_t i = 1; i <= events; i++)
            event_make(fixture, bytes + i * UNIT_BYTES,
                       i == events ? BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END : 0);
        bytes += (events + 1) * UNIT_BYTES;
        units -= events + 1;
    }
}

static uint8_t *batch_remember(struct segment_fixture *fixture, size_t length_bytes)
{
    if (fixture->batch_count == fixture->batch_room) {
        fixture->batch_room = fixture->batch_room != 0 ? 2 * fixture->batch_room : 64;
        fixture->batches =
            reallocarray(fixture->batches, fixture->batch_room, sizeof *fixture->batches);
        CHECK(fixture->batches != NULL);
    }
    if (fixture->bytes_room - fixture->bytes_count < length_bytes) {
        fixture->bytes_room = 2 * fixture->bytes_room + length_bytes;
        fixture->bytes = realloc(fixture->bytes, fixture->bytes_room);
        CHECK(fixture->bytes != NULL);
    }
    fixture->batches[fixture->batch_count++] = (struct fixture_batch){
        .seq = fixture->position.seq + 1,
        .number = ++fixture->position.batch,
        .offset_bytes = fixture->bytes_count,
        .length_bytes = length_bytes,
    };
    fixture->bytes_count += length_bytes;
    fixture->segment_bytes += length_bytes;
    return fixture->bytes + fixture->bytes_count - length_bytes;
}

void segment_fixture_batch(struct segment_fixture *fixture, size_t units)
{
    uint8_t *bytes = batch_remember(fixture, units * UNIT_BYTES);
    const struct fixture_batch *batch = &fixture->batches[fixture->batch_count - 1];
    const struct btx_wal_batch chained = {
        .seq = batch->seq,
        .number = batch->number,
        .bytes = bytes,
        .length_bytes = batch->length_bytes,
    };
    MDB_txn *transaction;

    records_make(fixture, bytes, units);
    btx_wal_chain_add(&fixture->chain, &chained, chained.length_bytes, &fixture->position);
    CHECK(mdb_txn_begin(fixture->environment, NULL, 0, &transaction) == 0);
    if (!fixture->has_header)
        put(fixture, transaction, 0, 0, &fixture->header, sizeof fixture->header);
    put(fixture, transaction, batch->seq, batch->number, bytes, batch->length_bytes);
    CHECK(mdb_txn_commit(transaction) == 0);
    fixture->has_header = true;
}

/* --- The file --------------------------------------------------------------------------------- */

void segment_fixture_end(struct segment_fixture *fixture)
{
    if (fixture->environment == NULL)
        return;
    segment_fixture_seal(fixture);
    mdb_env_close(fixture->environment);
    fixture->environment = NULL;
    btx_wal_chain_end(&fixture->chain, 2000000 + fixture->number, &fixture->seal);
    btx_wal_chain_done(&fixture->chain);
    fixture->has_seal = true;
}

size_t segment_fixture_pages(const struct segment_fixture *fixture)
{
    MDB_envinfo information;

    CHECK(mdb_env_info(fixture->environment, &information) == 0);
    return information.me_last_pgno + 1;
}

uint8_t *segment_fixture_file(const struct segment_fixture *fixture, size_t *ret_bytes)
{
    struct stat status;
    uint8_t *bytes;
    int fd = open(fixture->path, O_RDONLY | O_CLOEXEC);

    CHECK(fd >= 0 && fstat(fd, &status) == 0);
    bytes = malloc((size_t)status.st_size);
    CHECK(bytes != NULL);
    CHECK(read(fd, bytes, (size_t)status.st_size) == status.st_size);
    CHECK(close(fd) == 0);
    *ret_bytes = (size_t)status.st_size;
    return bytes;
}

void segment_fixture_remove(struct segment_fixture *fixture)
{
    segment_fixture_end(fixture);
    free(fixture->batches);
    free(fixture->bytes);
    (void)close(fixture->segments_fd);
    temp_folder_remove(&fixture->folder);
}
