/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire_decode - arbitrary bytes are refused with a sentence, or are a record that stays valid,
 * has a name, keeps its tail inside and nothing behind it, and can be sealed. */
#include "engine/base/check.h"
#include "engine/wire/commands.h"
#include "engine/wire/events.h"
#include "engine/wire/notes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sentence is "field: what is wrong", and a literal: nothing of the input is in it. */
static void check_sentence(const char *sentence)
{
    const char *colon = strchr(sentence, ':');

    CHECK(colon != NULL && colon != sentence && colon[1] == ' ' && colon[2] != '\0');
    CHECK(strlen(sentence) < 80);
}

static size_t check_name_and_body(const struct btx_record *record)
{
    const struct btx_term *name = NULL;
    size_t body_bytes = 0;

    switch (btx_record_kind(record)) {
    case BTX_RECORD_COMMAND:
        name = btx_command_name((enum btx_command_type)record->type);
        body_bytes = btx_command_body_bytes(record->type);
        CHECK(btx_command_check((const struct btx_command *)record) == NULL);
        CHECK(btx_record_length_bytes(record) <= BTX_COMMAND_BYTES_MAX);
        break;
    case BTX_RECORD_EVENT:
        name = btx_event_name((enum btx_event_type)record->type);
        body_bytes = btx_event_body_bytes(record->type);
        CHECK(record->seq > 0 && record->tx > 0);
        break;
    case BTX_RECORD_NOTE:
        name = btx_note_name((enum btx_note_type)record->type);
        body_bytes = btx_note_body_bytes(record->type);
        break;
    }
    CHECK(name != NULL && name->length > 0 && strlen(name->text) == name->length);
    CHECK(body_bytes >= sizeof *record);
    return body_bytes;
}

/* What the body announces behind itself, asked of each type by hand. */
static size_t tail_bytes(const struct btx_record *record)
{
    const void *body = record;
    const unsigned kind_type = (unsigned)btx_record_kind(record) << 8 | record->type;

    if (kind_type == (BTX_RECORD_COMMAND << 8 | BTX_COMMAND_OPEN_MARKET))
        return 8u * ((const struct btx_open_market *)body)->runners_count;
    if (kind_type == (BTX_RECORD_COMMAND << 8 | BTX_COMMAND_SETTLE_MARKET))
        return 8u * ((const struct btx_settle_market *)body)->winners_count;
    if (kind_type == (BTX_RECORD_COMMAND << 8 | BTX_COMMAND_PLACE_ORDER))
        return ((const struct btx_place_order *)body)->ref_length;
    if (kind_type == (BTX_RECORD_COMMAND << 8 | BTX_COMMAND_DESCRIBE_MARKET))
        return ((const struct btx_describe_market *)body)->text_length;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_MARKET_OPENED))
        return 8u * ((const struct btx_market_opened *)body)->runners_count;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_ORDER_ACCEPTED))
        return ((const struct btx_order_accepted *)body)->ref_length;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_ORDER_HELD))
        return ((const struct btx_order_held *)body)->ref_length;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_MARKET_DESCRIBED))
        return ((const struct btx_market_described *)body)->text_length;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_ORDER_CANCELLED_BATCHED))
        return 8u * ((const struct btx_order_cancelled_batched *)body)->orders_count;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_MARKET_SETTLING))
        return 8u * ((const struct btx_market_settling *)body)->winners_count;
    if (kind_type == (BTX_RECORD_EVENT << 8 | BTX_EVENT_COMMAND_REJECTED))
        return ((const struct btx_command_rejected *)body)->ref_length;
    if (kind_type == (BTX_RECORD_NOTE << 8 | BTX_NOTE_OPERATOR_ACTION))
        return ((const struct btx_operator_action *)body)->what_length;
    return 0;
}

static void check_valid_record(struct btx_record *record, size_t available_bytes)
{
    const size_t length_bytes = btx_record_length_bytes(record);
    const size_t used_bytes = check_name_and_body(record) + tail_bytes(record);
    const uint8_t *bytes = (const uint8_t *)record;

    CHECK(length_bytes <= available_bytes);
    CHECK(length_bytes <= BTX_RECORD_BYTES_MAX);
    CHECK(used_bytes <= length_bytes && length_bytes - used_bytes < BTX_RECORD_UNIT_BYTES);
    for (size_t i = used_bytes; i < length_bytes; i++)
        CHECK(bytes[i] == 0);

    /* What is behind the record does not matter, and neither does the CRC. */
    CHECK(btx_record_check(record, length_bytes) == NULL);
    btx_record_seal(record);
    CHECK(btx_record_sealed(record));
    CHECK(btx_record_check(record, available_bytes) == NULL);
    ((uint8_t *)record)[length_bytes - 1] ^= 1;
    CHECK(!btx_record_sealed(record));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* calloc() aligns, and the sanitizer sees a read behind the last byte. */
    void *copy = calloc(size != 0 ? size : 1, 1);
    const char *sentence;

    CHECK(copy != NULL);
    if (size != 0)
        memcpy(copy, data, size);
    sentence = btx_record_check(copy, size);
    CHECK(size == 0 || memcmp(copy, data, size) == 0);
    if (sentence != NULL)
        check_sentence(sentence);
    else
        check_valid_record(copy, size);
    free(copy);
    return 0;
}
