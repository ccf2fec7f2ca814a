/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch.c - rules 1 to 6 of engine/wal/README.md section 2: each broken once. */
#include "engine/wal/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "batch_builder.h"

/* The batch that every violation starts from:
 *   0 note | 1 command, 2 event, 3 event end | 4 command, 5 event end | 6 note */
enum { RECORDS = 7 };
static const size_t record_at[RECORDS] = {0, 64, 128, 256, 384, 448, 576};
static const size_t whole_bytes = 640;

static struct btx_wal_position behind_three_events(void)
{
    return (struct btx_wal_position){.seq = 3, .tx = 2, .batch = 5, .time_ns = 90};
}

static struct btx_wal_batch build(struct batch_builder *builder)
{
    builder->position = behind_three_events();
    batch_begin(builder);
    (void)batch_note(builder);
    batch_tx(builder, 2);
    batch_tx(builder, 1);
    (void)batch_note(builder);
    return batch_end(builder);
}

static struct btx_record *record_in(struct batch_builder *builder, size_t index)
{
    return (struct btx_record *)(builder->bytes + record_at[index]);
}

/* Check a copy that ends where its memory ends, so that a sanitizer sees what reads behind it. */
static struct btx_wal_batch_check check_copy(const struct btx_wal_batch *batch,
                                             struct btx_wal_position *position)
{
    struct btx_wal_batch copy = *batch;
    struct btx_wal_batch_check check;
    uint8_t *bytes = malloc(batch->length_bytes);

    assert_non_null(bytes);
    memcpy(bytes, batch->bytes, batch->length_bytes);
    copy.bytes = bytes;
    check = btx_wal_batch_check(&copy, position);
    free(bytes);
    return check;
}

static void assert_same_position(const struct btx_wal_position *position,
                                 const struct btx_wal_position *expected)
{
    assert_int_equal(position->seq, expected->seq);
    assert_int_equal(position->tx, expected->tx);
    assert_int_equal(position->batch, expected->batch);
    assert_int_equal(position->time_ns, expected->time_ns);
    assert_int_equal(position->in_command, expected->in_command);
}

static void batch_check__right_batch__valid_and_position_moves(void **state)
{
    struct batch_builder builder;
    const struct btx_wal_batch batch = build(&builder);
    struct btx_wal_position position = behind_three_events();
    const struct btx_wal_batch_check check = check_copy(&batch, &position);

    (void)state;
    assert_null(check.why);
    assert_int_equal(check.valid_bytes, whole_bytes);
    assert_same_position(&position, &builder.position);
    assert_int_equal(position.seq, 6);
    assert_int_equal(position.tx, 4);
    assert_int_equal(position.batch, 6);
}

/* One field of one record, which is sealed again behind the change. */
struct violation {
    size_t record;
    enum { FIELD_SEQ, FIELD_TX, FIELD_TIME, FIELD_KIND_FLAGS, FIELD_LENGTH, FIELD_CRC } field;
    uint64_t value;
    size_t noticed_at;  /* record at which it is noticed */
    size_t valid_bytes; /* what is whole before it */
    const char *why;
};

static const struct violation violations[] = {
    /* Rule 2: valid and sealed. */
    {2, FIELD_CRC, 1, 2, 64, "CRC is wrong"},
    {6, FIELD_CRC, 1, 6, 576, "CRC is wrong"},
    {3, FIELD_KIND_FLAGS, 0x42, 3, 64, "flags: unknown bits"},
    {0, FIELD_LENGTH, 0, 0, 0, "length: zero"},
    {6, FIELD_LENGTH, 2, 6, 576, "length: more than there is"},
    /* Rule 3: seqs. */
    {0, FIELD_SEQ, 4, 0, 0, "seq: a note names the event before it"},
    {0, FIELD_SEQ, 2, 0, 0, "seq: a note names the event before it"},
    {1, FIELD_SEQ, 3, 1, 64, "seq: a command names the next event"},
    {1, FIELD_SEQ, 5, 1, 64, "seq: a command names the next event"},
    {2, FIELD_SEQ, 5, 2, 64, "seq: not the next one"},
    {3, FIELD_SEQ, 4, 3, 64, "seq: not the next one"},
    {3, FIELD_SEQ, 6, 3, 64, "seq: not the next one"},
    /* Rule 4: txs. */
    {0, FIELD_TX, 3, 0, 0, "tx: a note names the one before it"},
    {1, FIELD_TX, 2, 1, 64, "tx: not the next one"},
    {1, FIELD_TX, 4, 1, 64, "tx: not the next one"},
    {2, FIELD_TX, 4, 2, 64, "tx: not the next one"},
    {5, FIELD_TX, 3, 5, 384, "tx: not the next one"},
    {3, FIELD_KIND_FLAGS, 0x02, 4, 64, "command: within a tx"},
    {5, FIELD_KIND_FLAGS, 0x02, 6, 384, "note: within a tx"},
    /* Rule 5: where commands begin and go on. */
    {3, FIELD_KIND_FLAGS, 0x12, 4, 384, "command: the one before is not finished"},
    {2, FIELD_KIND_FLAGS, 0x32, 3, 256, "event: without a command"},
    {2, FIELD_KIND_FLAGS, 0x12, 3, 256, "tx: not the next one"},
    /* Rule 6: time. */
    {1, FIELD_TIME, 89, 1, 64, "time: before that of the record before"},
    {2, FIELD_TIME, 90, 2, 64, "time: before that of the record before"},
    {4, FIELD_TIME, 90, 4, 384, "time: before that of the record before"},
};

static void violate(struct btx_record *record, const struct violation *row)
{
    switch (row->field) {
    case FIELD_SEQ:
        record->seq = row->value;
        break;
    case FIELD_TX:
        record->tx = row->value;
        break;
    case FIELD_TIME:
        record->time_ns = row->value;
        break;
    case FIELD_KIND_FLAGS:
        record->kind_flags = (uint8_t)row->value;
        break;
    case FIELD_LENGTH:
        record->length_units = (uint16_t)row->value;
        return; /* A CRC over a wrong length would read behind the bytes. */
    case FIELD_CRC:
        record->crc ^= (uint32_t)row->value;
        return;
    }
    btx_record_seal(record);
}

/* Each is a way in which a damaged or foreign log could lie to recovery. */
static void batch_check__each_violation__named_and_all_before_it_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(violations); i++) {
        const struct violation *row = &violations[i];
        struct batch_builder builder;
        const struct btx_wal_batch batch = build(&builder);
        struct btx_wal_position position = behind_three_events();
        struct btx_wal_batch_check check;

        violate(record_in(&builder, row->record), row);
        check = check_copy(&batch, &position);
        if (check.why == NULL || strcmp(check.why, row->why) != 0)
            fail_msg("row %zu: want '%s', got '%s'", i, row->why, check.why ? check.why : "valid");
        assert_int_equal(check.offset_bytes, record_at[row->noticed_at]);
        assert_int_equal(check.valid_bytes, row->valid_bytes);
        assert_int_equal(position.batch, row->valid_bytes == 0 ? 5 : 6);
    }
}

/* Rule 1: a batch of another place in the log is right in itself, and still not the next one. */
static void batch_check__wrong_key__refused_whole(void **state)
{
    static const struct {
        uint64_t seq;
        uint64_t number;
        const char *why;
    } rows[] = {
        {4, 5, "key: not the next batch"},
        {4, 7, "key: not the next batch"},
        {3, 6, "key: not the next seq"},
        {5, 6, "key: not the next seq"},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++) {
        const struct btx_wal_position before = behind_three_events();
        struct btx_wal_position position = before;
        struct batch_builder builder;
        struct btx_wal_batch batch = build(&builder);
        struct btx_wal_batch_check check;

        batch.seq = rows[i].seq;
        batch.number = rows[i].number;
        check = btx_wal_batch_check(&batch, &position);
        assert_string_equal(check.why, rows[i].why);
        assert_int_equal(check.valid_bytes, 0);
        assert_same_position(&position, &before);
    }
}

static void batch_check__no_bytes__refused(void **state)
{
    struct batch_builder builder;
    struct btx_wal_batch batch = build(&builder);
    struct btx_wal_position position = behind_three_events();

    (void)state;
    batch.length_bytes = 0;
    assert_string_equal(btx_wal_batch_check(&batch, &position).why, "no record");
}

/* A torn tail must leave exactly the txs and notes that are whole, wherever it is torn. */
static void batch_check__cut_at_every_byte__whole_part_kept(void **state)
{
    static const size_t whole[] = {0, 64, 384, 576, 640};
    struct batch_builder builder;
    struct btx_wal_batch batch = build(&builder);

    (void)state;
    for (batch.length_bytes = 1; batch.length_bytes < whole_bytes; batch.length_bytes++) {
        struct btx_wal_position position = behind_three_events();
        const struct btx_wal_batch_check check = check_copy(&batch, &position);
        size_t last = 0;

        while (whole[last + 1] <= batch.length_bytes)
            last++;
        assert_int_equal(check.valid_bytes, whole[last]);
        assert_int_equal(check.why == NULL, whole[last] == batch.length_bytes);
        assert_int_equal(position.batch, last == 0 ? 5 : 6);
        assert_int_equal(position.seq, last < 2 ? 3 : last == 2 ? 5 : 6);
    }
}

/* A long command is many txs; batches are cut between any two of them. */
static void batch_check__command_over_two_batches__goes_on_without_command(void **state)
{
    struct batch_builder builder = {0};
    struct btx_wal_position position = {0};
    struct btx_wal_batch batch;

    (void)state;
    batch_begin(&builder);
    (void)batch_command(&builder);
    (void)batch_event(&builder, BTX_RECORD_TX_END);
    (void)batch_note(&builder);
    batch = batch_end(&builder);
    assert_null(btx_wal_batch_check(&batch, &position).why);
    assert_true(position.in_command);

    batch_begin(&builder);
    (void)batch_event(&builder, BTX_RECORD_TX_END);
    (void)batch_event(&builder, BTX_RECORD_TX_END | BTX_RECORD_COMMAND_END);
    batch_tx(&builder, 1);
    batch = batch_end(&builder);
    assert_null(btx_wal_batch_check(&batch, &position).why);
    assert_false(position.in_command);
    assert_same_position(&position, &builder.position);
}

/* A note has the clock of the machine, which may be behind that of the core. */
static void batch_check__note_before_the_time_of_events__valid(void **state)
{
    struct batch_builder builder;
    const struct btx_wal_batch batch = build(&builder);
    struct btx_wal_position position = behind_three_events();

    (void)state;
    assert_int_equal(record_in(&builder, 6)->time_ns, 0);
    assert_null(btx_wal_batch_check(&batch, &position).why);
    assert_int_equal(position.time_ns, 92);
}

/* Behind damage a log can only be read on if a batch says by itself where it belongs. */
static void batch_origin__batches_of_all_beginnings__lead_to_themselves(void **state)
{
    struct batch_builder builder = {0};
    struct btx_wal_position origin;
    struct btx_wal_batch batch = build(&builder);

    (void)state;
    origin = btx_wal_batch_origin(&batch);
    assert_int_equal(origin.time_ns, 0);
    origin.time_ns = 90;
    assert_same_position(&origin, &(struct btx_wal_position){3, 2, 5, 90, false});

    builder.position.in_command = true;
    batch_begin(&builder);
    (void)batch_note(&builder);
    (void)batch_event(&builder, BTX_RECORD_TX_END);
    batch = batch_end(&builder);
    origin = btx_wal_batch_origin(&batch);
    assert_same_position(&origin, &(struct btx_wal_position){6, 4, 6, 0, true});
    assert_null(btx_wal_batch_check(&batch, &origin).why);

    batch_begin(&builder);
    (void)batch_note(&builder);
    batch = batch_end(&builder);
    origin = btx_wal_batch_origin(&batch);
    assert_same_position(&origin, &(struct btx_wal_position){7, 5, 7, 0, false});
}

/* The bytes are not checked yet when the origin is asked for. */
static void batch_origin__hostile_bytes__reads_nothing_behind_them(void **state)
{
    struct batch_builder builder;
    struct btx_wal_batch batch = build(&builder);

    (void)state;
    record_in(&builder, 0)->length_units = UINT16_MAX;
    assert_int_equal(btx_wal_batch_origin(&batch).tx, 2);
    record_in(&builder, 0)->length_units = 0;
    assert_int_equal(btx_wal_batch_origin(&batch).tx, 2);
    batch.length_bytes = sizeof(struct btx_record) - 1;
    assert_int_equal(btx_wal_batch_origin(&batch).tx, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_check__right_batch__valid_and_position_moves),
        cmocka_unit_test(batch_check__each_violation__named_and_all_before_it_kept),
        cmocka_unit_test(batch_check__wrong_key__refused_whole),
        cmocka_unit_test(batch_check__no_bytes__refused),
        cmocka_unit_test(batch_check__cut_at_every_byte__whole_part_kept),
        cmocka_unit_test(batch_check__command_over_two_batches__goes_on_without_command),
        cmocka_unit_test(batch_check__note_before_the_time_of_events__valid),
        cmocka_unit_test(batch_origin__batches_of_all_beginnings__lead_to_themselves),
        cmocka_unit_test(batch_origin__hostile_bytes__reads_nothing_behind_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
