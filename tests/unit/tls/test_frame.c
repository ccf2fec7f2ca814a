/* SPDX-License-Identifier: Apache-2.0 */
/* test_frame.c - the frames of betex/1: every byte that is wrong is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/base/attributes.h"
#include "engine/wire/events.h"
#include "tls/frame.h"

/* Room for a frame, and what lies behind it. */
struct room {
    _Alignas(8) uint8_t bytes[BTX_FRAME_BYTES_MAX + 64];
};

static struct room room;

static struct btx_frame_header *header(void)
{
    return (struct btx_frame_header *)(void *)room.bytes;
}

/* What reading @available_bytes says: NULL for a whole frame, "part", or why it is bad. */
static const char *read_bytes(size_t available_bytes, enum btx_frame_sender sender)
{
    struct btx_frame frame;
    const char *why = NULL;

    switch (btx_frame_read(room.bytes, available_bytes, sender, &frame, &why)) {
    case BTX_FRAME_PART:
        return "part";
    case BTX_FRAME_WHOLE:
        return NULL;
    case BTX_FRAME_BAD:
        return why;
    case BTX_FRAME_PART_COUNT:
        break;
    }
    fail();
    return NULL;
}

static const char *read_client(void)
{
    return read_bytes(sizeof room.bytes, BTX_FRAME_FROM_CLIENT);
}

static const char *read_gateway(void)
{
    return read_bytes(sizeof room.bytes, BTX_FRAME_FROM_GATEWAY);
}

static struct btx_place_order *build_place(union btx_command_space *space, const char *ref)
{
    struct btx_place_order *order = (void *)btx_command_begin(space, BTX_COMMAND_PLACE_ORDER);

    order->account = 1001;
    order->market = 7;
    order->price = 25000;
    order->size = 100000;
    order->cseq = 3;
    order->side = BTX_ORDER_SIDE_BACK;
    order->ref_length = (uint8_t)strlen(ref);
    order->present = order->ref_length == 0 ? 0 : BTX_PLACE_ORDER_HAS_REF;
    memcpy(order + 1, ref, strlen(ref));
    btx_command_set_length(space, strlen(ref));
    return order;
}

/* The byte of the PLACE in the room that stands for a field of the record. */
#define PLACE_BYTE(field)                                                                          \
    room.bytes[BTX_FRAME_HEADER_BYTES + offsetof(struct btx_place_order, field) -                  \
               sizeof(struct btx_command)]

static size_t put_place(const char *ref)
{
    union btx_command_space space;

    (void)build_place(&space, ref);
    return btx_frame_put_command(room.bytes, 55, &space.command);
}

/* A command that goes through a frame is the same command. */
static void frame_command__of_a_place__is_what_was_put(void **state)
{
    union btx_command_space before;
    union btx_command_space after;
    struct btx_frame frame;
    const char *why = NULL;

    (void)state;
    (void)build_place(&before, "a reference of mine");
    memset(&after, 0xa5, sizeof after);
    (void)btx_frame_put_command(room.bytes, 55, &before.command);
    assert_int_equal(
        btx_frame_read(room.bytes, sizeof room.bytes, BTX_FRAME_FROM_CLIENT, &frame, &why),
        BTX_FRAME_WHOLE);
    assert_int_equal(frame.header->request, 55);
    assert_null(btx_frame_command(&frame, &after));
    assert_int_equal(btx_record_length_bytes(&before.command.record),
                     btx_record_length_bytes(&after.command.record));
    assert_memory_equal(&before, &after, btx_record_length_bytes(&before.command.record));
}

/* TCP cuts where it likes: no part of a frame is more than a part. */
static void frame_read__each_part_of_a_frame__is_a_part(void **state)
{
    size_t length_bytes = put_place("0123456789");

    (void)state;
    for (size_t bytes = 0; bytes < length_bytes; bytes++)
        assert_string_equal(read_bytes(bytes, BTX_FRAME_FROM_CLIENT), "part");
    assert_null(read_bytes(length_bytes, BTX_FRAME_FROM_CLIENT));
}

/* A lie about the length is found from the header alone: nobody has to wait for 4 GiB. */
static void frame_read__lies_about_the_length__are_bad(void **state)
{
    static const uint32_t lengths[] = {0, 8, 15, 16, 88, 95, 97, 100, 168, 4096, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(lengths); i++) {
        (void)put_place("");
        assert_int_equal(header()->length_bytes, 96);
        header()->length_bytes = lengths[i];
        if (read_bytes(sizeof(struct btx_frame_header), BTX_FRAME_FROM_CLIENT) == NULL ||
            strcmp(read_bytes(sizeof(struct btx_frame_header), BTX_FRAME_FROM_CLIENT), "part") == 0)
            fail_msg("length %u is believed", (unsigned)lengths[i]);
    }
}

/* The text's own length must be that of the frame. */
static void frame_read__a_ref_of_another_length__is_bad(void **state)
{
    (void)state;
    (void)put_place("0123456789");
    PLACE_BYTE(ref_length) = 17;
    assert_string_equal(read_client(), "length: not what the body says");
    PLACE_BYTE(ref_length) = 8;
    assert_string_equal(read_client(), "length: not what the body says");
    PLACE_BYTE(ref_length) = 9;
    assert_string_equal(read_client(), "zeros: something behind the end");
}

/* Types have a direction: a client is no gateway. */
static void frame_read__types_of_the_other_side__are_bad(void **state)
{
    unsigned client = 0;
    unsigned gateway = 0;

    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        memset(&room, 0, sizeof room);
        header()->type = (uint8_t)type;
        header()->length_bytes = 16;
        client += strcmp(read_client() == NULL ? "" : read_client(), "type: unknown") != 0;
        gateway += strcmp(read_gateway() == NULL ? "" : read_gateway(), "type: unknown") != 0;
    }
    assert_int_equal(client, 15);
    assert_int_equal(gateway, 11);
}

static void frame_read__flags_and_reserved_of_a_client__are_bad(void **state)
{
    (void)state;
    (void)put_place("");
    header()->flags = BTX_FRAME_LAST;
    assert_string_equal(read_client(), "flags: unknown");
    (void)put_place("");
    header()->reserved = 1;
    assert_string_equal(read_client(), "reserved: not zero");
}

static void frame_read__hello_with_what_is_not_there_yet__is_bad(void **state)
{
    struct btx_frame_hello *hello;

    (void)state;
    hello = btx_frame_begin(room.bytes, BTX_FRAME_HELLO, 0, 1, sizeof *hello);
    hello->version = 9; /* The session's to judge. */
    hello->flags = BTX_FRAME_HELLO_CANCEL | BTX_FRAME_HELLO_SEQUENCE;
    assert_null(read_client());
    hello->flags = 4;
    assert_string_equal(read_client(), "flags: unknown");
    hello->flags = 0;
    hello->lane = 1;
    assert_string_equal(read_client(), "reserved: not zero");
}

static void frame_read__wishes_out_of_their_range__are_bad(void **state)
{
    struct btx_frame_book_wish *book;
    struct btx_frame_stream_wish *stream;

    (void)state;
    book = btx_frame_begin(room.bytes, BTX_FRAME_QUERY_BOOK, 0, 1, sizeof *book);
    assert_string_equal(read_client(), "levels: out of range");
    book->levels = BTX_FRAME_LEVELS_MAX;
    assert_null(read_client());
    book->levels++;
    assert_string_equal(read_client(), "levels: out of range");
    stream = btx_frame_begin(room.bytes, BTX_FRAME_SUBSCRIBE_ORDERS, 0, 1, sizeof *stream);
    assert_null(read_client());
    stream->from_now = 1;
    assert_null(read_client());
    stream->from_now = 2;
    assert_string_equal(read_client(), "from_now, after_seq: out of range");
    stream->from_now = 1;
    stream->after_seq = 1;
    assert_string_equal(read_client(), "from_now, after_seq: out of range");
}

/* What engine/wire finds wrong in a command is wrong here, too. */
static void frame_command__a_field_out_of_range__says_which(void **state)
{
    union btx_command_space space;
    struct btx_frame frame;
    const char *why = NULL;

    (void)state;
    (void)put_place("");
    PLACE_BYTE(side) = 17;
    assert_int_equal(
        btx_frame_read(room.bytes, sizeof room.bytes, BTX_FRAME_FROM_CLIENT, &frame, &why),
        BTX_FRAME_WHOLE);
    assert_non_null(strstr(btx_frame_command(&frame, &space), "side"));
}

/* Without an account it would be everybody's orders. */
static void frame_command__cancel_all_without_account__is_refused(void **state)
{
    union btx_command_space space;
    struct btx_cancel_orders *cancel = (void *)btx_command_begin(&space, BTX_COMMAND_CANCEL_ORDERS);
    struct btx_frame frame;
    const char *why = NULL;

    (void)state;
    (void)btx_frame_put_command(room.bytes, 1, &cancel->command);
    assert_int_equal(
        btx_frame_read(room.bytes, sizeof room.bytes, BTX_FRAME_FROM_CLIENT, &frame, &why),
        BTX_FRAME_WHOLE);
    assert_string_equal(btx_frame_command(&frame, &space), "account: missing");
}

/* An event is a record of engine/wire, whole and checked. */
static void frame_read__an_event__is_checked_as_a_record(void **state)
{
    struct btx_account_event *event;

    (void)state;
    event = btx_frame_begin(room.bytes, BTX_FRAME_EVENT, 0, 0, 64);
    event->record = (struct btx_record){.length_units = 1,
                                        .kind_flags = BTX_RECORD_EVENT,
                                        .type = BTX_EVENT_ACCOUNT_OPENED,
                                        .seq = 1,
                                        .tx = 1};
    event->account = 5;
    assert_null(read_gateway());
    event->record.seq = 0;
    assert_non_null(read_gateway());
    event->record.seq = 1;
    event->record.length_units = 2;
    assert_non_null(read_gateway());
}

static void frame_read__lists_that_lie_about_their_count__are_bad(void **state)
{
    struct btx_frame_book *book;

    (void)state;
    book = btx_frame_begin(room.bytes, BTX_FRAME_BOOK, BTX_FRAME_UPDATE_OF, 0, sizeof *book + 32);
    book->backs = 1;
    book->lays = 1;
    assert_null(read_gateway());
    book->lays = 2;
    assert_string_equal(read_gateway(), "length: not what the body says");
    book->lays = BTX_FRAME_LEVELS_MAX + 1;
    assert_string_equal(read_gateway(), "levels: out of range");
}

static void frame_status_name__each_code__has_a_sentence(void **state)
{
    (void)state;
    assert_string_equal(btx_frame_status_name(BTX_FRAME_STATUS_BUSY), "BUSY");
    for (uint16_t code = 1; code <= 15; code++) {
        assert_non_null(btx_frame_status_name(code));
        assert_in_range(strlen(btx_frame_status_sentence(code)), 1, BTX_FRAME_TEXT_BYTES_MAX);
    }
    assert_null(btx_frame_status_name(16));
    assert_null(btx_frame_status_sentence(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_command__of_a_place__is_what_was_put),
        cmocka_unit_test(frame_read__each_part_of_a_frame__is_a_part),
        cmocka_unit_test(frame_read__lies_about_the_length__are_bad),
        cmocka_unit_test(frame_read__a_ref_of_another_length__is_bad),
        cmocka_unit_test(frame_read__types_of_the_other_side__are_bad),
        cmocka_unit_test(frame_read__flags_and_reserved_of_a_client__are_bad),
        cmocka_unit_test(frame_read__hello_with_what_is_not_there_yet__is_bad),
        cmocka_unit_test(frame_read__wishes_out_of_their_range__are_bad),
        cmocka_unit_test(frame_command__a_field_out_of_range__says_which),
        cmocka_unit_test(frame_command__cancel_all_without_account__is_refused),
        cmocka_unit_test(frame_read__an_event__is_checked_as_a_record),
        cmocka_unit_test(frame_read__lists_that_lie_about_their_count__are_bad),
        cmocka_unit_test(frame_status_name__each_code__has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
