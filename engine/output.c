/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/output.h"

#include "engine/base/check.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As much as a reader of the other side of a pipe takes at once, and more would leave the cache
 * before it is written. */
enum { BLOCK_BYTES = 256 * 1024 };

enum btx_fault_code btx_output_open(struct btx_output *output, int fd, size_t claim_bytes_max,
                                    struct btx_fault *reterr_fault)
{
    memset(output, 0, sizeof *output);
    output->fd = fd;
    output->size_bytes = BLOCK_BYTES + claim_bytes_max;
    output->bytes = malloc(output->size_bytes);
    if (output->bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room to write blocks");
    return BTX_OK;
}

enum btx_fault_code btx_output_claim(struct btx_output *output, size_t length_bytes,
                                     char **ret_room, struct btx_fault *reterr_fault)
{
    CHECK(length_bytes <= output->size_bytes - BLOCK_BYTES);
    if (BTX_UNLIKELY(output->length_bytes >= BLOCK_BYTES)) {
        const enum btx_fault_code code = btx_output_flush(output, reterr_fault);

        if (code != BTX_OK)
            return code;
    }
    *ret_room = output->bytes + output->length_bytes;
    return BTX_OK;
}

void btx_output_commit(struct btx_output *output, size_t length_bytes)
{
    CHECK(length_bytes <= output->size_bytes - output->length_bytes);
    output->length_bytes += length_bytes;
}

enum btx_fault_code btx_output_flush(struct btx_output *output, struct btx_fault *reterr_fault)
{
    const size_t length_bytes = output->length_bytes;
    size_t written_bytes = 0;

    output->length_bytes = 0;
    while (written_bytes < length_bytes) {
        struct pollfd wanted = {.fd = output->fd, .events = POLLOUT};
        const ssize_t wrote =
            write(output->fd, output->bytes + written_bytes, length_bytes - written_bytes);

        if (wrote >= 0)
            written_bytes += (size_t)wrote;
        else if (errno == EAGAIN)
            (void)poll(&wanted, 1, -1); /* Whatever it says, the next write knows better. */
        else if (errno == ENOSPC || errno == EDQUOT)
            return btx_fault_set(reterr_fault, BTX_FAULT_DISK_FULL, errno, "cannot write");
        else if (errno != EINTR)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "cannot write");
    }
    return BTX_OK;
}

void btx_output_close(struct btx_output *output)
{
    free(output->bytes);
    output->bytes = NULL;
}
