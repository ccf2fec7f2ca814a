/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_text_decode - arbitrary bytes are refused with a sentence, or are a valid command that is
 * written, and read again, as the very same one; and the fast way and the general way agree. */
#include "engine/base/check.h"
#include "engine/text/command_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct btx_command_text text;
static union btx_command_space command;
static union btx_command_space again;
static char line[BTX_COMMAND_TEXT_BYTES_MAX];
static char line_again[BTX_COMMAND_TEXT_BYTES_MAX];

static void check_sentence(const char *sentence)
{
    const size_t length = strlen(sentence);

    CHECK(length > 0 && length < BTX_COMMAND_TEXT_ERROR_BYTES);
    for (size_t i = 0; i < length; i++)
        CHECK(sentence[i] >= 0x20 && sentence[i] < 0x7f);
}

static void check_command(void)
{
    const size_t length_bytes = btx_record_length_bytes(&command.command.record);
    size_t length;

    CHECK(btx_record_check(&command, sizeof command) == NULL);
    CHECK(command.command.record.crc == 0 && command.command.record.seq == 0);
    CHECK(command.command.record.tx == 0 && command.command.number == 0);
    CHECK(command.command.incarnation == 0 && command.command.producer == 0);
    CHECK(command.command.shed == 0 && command.command.rules == 0);

    length = btx_command_text_encode(&command.command, line);
    CHECK(length <= sizeof line && line[length - 1] == '\n');
    memset(&again, 0x5a, sizeof again);
    CHECK(btx_command_text_decode(&text, line, length, &again) == NULL);
    CHECK(memcmp(&again, &command, length_bytes) == 0);
    CHECK(btx_command_text_encode(&again.command, line_again) == length);
    CHECK(memcmp(line_again, line, length) == 0);
}

/* A space before the line sends it the general way from its start. */
static void check_general_way(const uint8_t *data, size_t size, bool is_accepted)
{
    char *spaced = malloc(size + 1);
    const char *sentence;

    CHECK(spaced != NULL);
    spaced[0] = ' ';
    if (size != 0)
        memcpy(spaced + 1, data, size);
    memset(&again, 0x5a, sizeof again);
    sentence = btx_command_text_decode(&text, spaced, size + 1, &again);
    CHECK((sentence == NULL) == is_accepted);
    if (is_accepted)
        CHECK(memcmp(&again, &command, btx_record_length_bytes(&command.command.record)) == 0);
    free(spaced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *sentence;

    memset(&command, 0xa5, sizeof command); /* An unset field shows up as 0xa5. */
    sentence = btx_command_text_decode(&text, (const char *)data, size, &command);
    if (sentence != NULL)
        check_sentence(sentence);
    if (size < BTX_COMMAND_LINE_BYTES_MAX)
        check_general_way(data, size, sentence == NULL);
    if (sentence == NULL)
        check_command();
    return 0;
}
