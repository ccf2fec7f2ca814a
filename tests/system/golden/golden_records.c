/* SPDX-License-Identifier: Apache-2.0 */
/* golden_records.c - whether the bytes of a log still mean what they meant:
 *
 *     golden_records ROOT
 *
 * Checks every record of the log at ROOT with the wire library alone: that it is valid and sealed,
 * and that a command comes out of its own text as it went in, byte for byte, but for what has no
 * text (engine/text/README.md).  Prints the SHA-256 of all records, one behind the other. */
#include "engine/base/check.h"
#include "engine/base/sha256.h"
#include "engine/text/command_text.h"
#include "engine/wal/log_reader.h"
#include "engine/wire/commands.h"
#include "engine/wire/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const struct btx_record *record, const char *why)
{
    fprintf(stderr, "golden_records: kind %d, type %d, seq %" PRIu64 ": %s\n",
            (int)btx_record_kind(record), record->type, record->seq, why);
    exit(1);
}

static void require(enum btx_fault_code code, const struct btx_fault *fault)
{
    if (code == BTX_OK)
        return;
    fprintf(stderr, "golden_records: %s\n", fault->text);
    exit(1);
}

/* What a text does not say, and what is set when a command is executed. */
static void strip(struct btx_command *command)
{
    command->record.crc = 0;
    command->record.seq = 0;
    command->record.tx = 0;
    command->number = 0;
    command->incarnation = 0;
    command->producer = 0;
    command->shed = 0;
    command->rules = 0;
    if (command->record.type == BTX_COMMAND_CANCEL_ORDERS)
        ((struct btx_cancel_orders *)command)->disconnect = 0;
}

static void check_text(const struct btx_record *record)
{
    static char text[BTX_COMMAND_TEXT_BYTES_MAX];
    static struct btx_command_text decoder;
    static union btx_command_space before;
    static union btx_command_space after;
    const size_t length_bytes = btx_record_length_bytes(record);
    size_t text_bytes;
    const char *why;

    CHECK(length_bytes <= sizeof before);
    memcpy(&before, record, length_bytes);
    strip(&before.command);
    text_bytes = btx_command_text_encode(&before.command, text);
    CHECK(text_bytes > 0 && text[text_bytes - 1] == '\n');
    why = btx_command_text_decode(&decoder, text, text_bytes - 1, &after);
    if (why != NULL)
        fail(record, why);
    if (memcmp(&before, &after, length_bytes) != 0)
        fail(record, "its text gives another command");
}

static void check(const struct btx_record *record)
{
    const char *why = btx_record_check(record, btx_record_length_bytes(record));

    if (why != NULL)
        fail(record, why);
    if (!btx_record_sealed(record))
        fail(record, "its CRC is wrong");
    if (btx_record_kind(record) == BTX_RECORD_COMMAND)
        check_text(record);
}

/* The next record; NULL at the end. */
static const struct btx_record *next(struct btx_log_reader *reader)
{
    const struct btx_record *record = NULL;
    struct btx_fault fault = {0};

    switch (btx_log_reader_next(reader, &record, &fault)) {
    case BTX_LOG_RECORD:
        return record;
    case BTX_LOG_END:
        return NULL;
    case BTX_LOG_DAMAGE:
        fprintf(stderr, "golden_records: the log is damaged\n");
        exit(1);
    case BTX_LOG_FAULT:
        require(fault.code, &fault);
    }
    return NULL;
}

int main(int argument_count, char **arguments)
{
    const struct btx_log_options options = {.from_seq = 0};
    uint8_t digest[BTX_SHA256_BYTES];
    char hex[BTX_SHA256_HEX_BYTES];
    struct btx_sha256 sha256 = {0};
    struct btx_fault fault = {0};
    const struct btx_record *record;
    struct btx_log_reader *reader;

    if (argument_count != 2)
        return 2;
    require(btx_sha256_init(&sha256, &fault), &fault);
    require(btx_log_reader_open(&reader, arguments[1], &options, &fault), &fault);
    while ((record = next(reader)) != NULL) {
        check(record);
        btx_sha256_update(&sha256, record, btx_record_length_bytes(record));
    }
    btx_sha256_final(&sha256, digest);
    btx_sha256_hex(digest, hex);
    (void)puts(hex);
    btx_log_reader_close(reader);
    btx_sha256_done(&sha256);
    return 0;
}
