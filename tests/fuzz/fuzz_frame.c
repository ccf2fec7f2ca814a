/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_frame - arbitrary bytes from a client are part of a frame, refused with a sentence, or whole
 * frames that never reach beyond their bytes; a command among them encodes to the same bytes. */
#include "engine/base/check.h"
#include "tls/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sentence(const char *sentence)
{
    const char *colon = strchr(sentence, ':');

    CHECK(colon != NULL && colon != sentence && colon[1] == ' ' && colon[2] != '\0');
}

static void check_command(const struct btx_frame *frame)
{
    static union btx_command_space space;
    static _Alignas(8) uint8_t again[BTX_FRAME_CLIENT_BYTES_MAX];
    const char *why;

    memset(&space, 0xa5, sizeof space); /* What is not set shows. */
    why = btx_frame_command(frame, &space);
    if (why != NULL) {
        check_sentence(why);
        return;
    }
    CHECK(btx_record_check(&space, sizeof space) == NULL);
    CHECK(btx_frame_put_command(again, frame->header->request, &space.command) ==
          frame->header->length_bytes);
    CHECK(memcmp(again, frame->header, frame->header->length_bytes) == 0);
}

static void check_all(const uint8_t *bytes, size_t size, enum btx_frame_sender sender)
{
    size_t at = 0;

    for (;;) {
        struct btx_frame frame;
        const char *why = NULL;
        const enum btx_frame_part part =
            btx_frame_read(bytes + at, size - at, sender, &frame, &why);

        if (part == BTX_FRAME_BAD)
            check_sentence(why);
        if (part != BTX_FRAME_WHOLE)
            return;
        CHECK(frame.header->length_bytes <= size - at);
        CHECK(sender == BTX_FRAME_FROM_GATEWAY ||
              frame.header->length_bytes <= BTX_FRAME_CLIENT_BYTES_MAX);
        CHECK(frame.body_bytes + sizeof *frame.header == frame.header->length_bytes);
        if (btx_frame_is_command(frame.type))
            check_command(&frame);
        at += frame.header->length_bytes;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size); /* Aligned, and with an end that a sanitizer guards. */

    if (size == 0 || copy == NULL) {
        free(copy);
        return 0;
    }
    memcpy(copy, data, size);
    check_all(copy, size, BTX_FRAME_FROM_CLIENT);
    check_all(copy, size, BTX_FRAME_FROM_GATEWAY);
    free(copy);
    return 0;
}
