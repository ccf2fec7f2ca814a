/* SPDX-License-Identifier: Apache-2.0 */
/* config_file.c - the bytes of a configuration file, which may also be a pipe. */
#include "engine/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Read until the end or until @size_bytes are there. */
static enum btx_fault_code read_whole(int fd, const char *path, char *bytes, size_t size_bytes,
                                      size_t *ret_length_bytes, struct btx_fault *reterr_fault)
{
    size_t length_bytes = 0;

    while (length_bytes < size_bytes) {
        const ssize_t count = read(fd, bytes + length_bytes, size_bytes - length_bytes);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot read", path);
        if (count == 0)
            break;
        length_bytes += (size_t)count;
    }
    *ret_length_bytes = length_bytes;
    return BTX_OK;
}

static enum btx_fault_code read_and_parse(struct btx_config *config, int fd, const char *path,
                                          struct btx_fault *reterr_fault)
{
    const size_t size_bytes =
        BTX_CONFIG_FILE_BYTES_MAX + 1; /* One more tells that it is too long. */
    char *bytes = malloc(size_bytes);
    enum btx_fault_code code;
    size_t length_bytes = 0;

    if (bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "%s", path);
    code = read_whole(fd, path, bytes, size_bytes, &length_bytes, reterr_fault);
    if (code == BTX_OK)
        code = btx_config_parse(config, path, bytes, length_bytes, reterr_fault);
    free(bytes);
    return code;
}

enum btx_fault_code btx_config_read(struct btx_config *config, const char *path,
                                    struct btx_fault *reterr_fault)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum btx_fault_code code;

    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, errno, "%s: cannot open", path);
    code = read_and_parse(config, fd, path, reterr_fault);
    (void)close(fd); /* Nothing was written. */
    return code;
}
