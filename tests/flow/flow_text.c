/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/flow/flow_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BLOCK_BYTES = 1024 * 1024 };

/* Everything from @file, which zlib unpacks where it is packed. */
static enum btx_fault_code read_all(struct btx_flow_text *text, gzFile file,
                                    struct btx_fault *reterr_fault)
{
    size_t size_bytes = 0;

    for (;;) {
        int got;

        if (size_bytes - text->length_bytes < BLOCK_BYTES) {
            char *bytes;

            size_bytes = 2 * size_bytes + BLOCK_BYTES;
            bytes = realloc(text->bytes, size_bytes);
            if (bytes == NULL)
                return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room");
            text->bytes = bytes;
        }
        got = gzread(file, text->bytes + text->length_bytes, BLOCK_BYTES);
        if (got < 0) {
            int code;
            const char *why = gzerror(file, &code);

            return btx_fault_set(reterr_fault, code == Z_ERRNO ? BTX_FAULT_IO : BTX_FAULT_CORRUPT,
                                 code == Z_ERRNO ? errno : 0, "cannot be read: %s", why);
        }
        if (got == 0)
            return BTX_OK;
        text->length_bytes += (size_t)got;
    }
}

enum btx_fault_code btx_flow_text_open(struct btx_flow_text *text, const char *path,
                                       struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    gzFile file;

    memset(text, 0, sizeof *text);
    file = gzopen(path, "rb");
    if (file == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot be opened", path);
    code = read_all(text, file, reterr_fault);
    /* Only closing tells that a packed file ends before its end mark. */
    if (gzclose(file) != Z_OK && code == BTX_OK)
        code = btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "cut short");
    if (code == BTX_OK)
        return BTX_OK;
    btx_flow_text_close(text);
    return btx_fault_wrap(reterr_fault, "%s", path);
}

bool btx_flow_text_line(struct btx_flow_text *text, const char **ret_line, size_t *ret_length_bytes)
{
    const char *line = text->bytes + text->position_bytes;
    const size_t left_bytes = text->length_bytes - text->position_bytes;
    const char *feed;

    if (left_bytes == 0)
        return false;
    feed = memchr(line, '\n', left_bytes);
    *ret_line = line;
    *ret_length_bytes = feed != NULL ? (size_t)(feed - line) : left_bytes;
    text->position_bytes += *ret_length_bytes + (feed != NULL ? 1 : 0);
    return true;
}

void btx_flow_text_close(struct btx_flow_text *text)
{
    free(text->bytes);
    memset(text, 0, sizeof *text);
}
