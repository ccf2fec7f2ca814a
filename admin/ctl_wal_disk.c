/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_wal_disk.c - betexctl wal disks and wal init: asks betex-wal-disk of the appliance.
 *
 * Not by way of betex-admin, which cannot touch a disk, and which waits for the log like all
 * others when there is none.  A request is a line; of the answer the first line is 0 or 1, the
 * rest is for people (image/wal_disk/serve.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/ctl_request.h"
#include "admin/remote.h"

#define SOCKET_USUAL "/run/betex-wal-init.sock"
#define HINT "only an appliance has this service"

enum { REQUEST_BYTES = 200 };

/* The text behind the first line, to the screen; *@ret_done is what that line says. */
static enum btx_fault_code take_answer(FILE *from, bool *ret_done, struct btx_fault *reterr_fault)
{
    char line[512];

    if (fgets(line, sizeof line, from) == NULL || (line[0] != '0' && line[0] != '1') ||
        line[1] != '\n')
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "the answer makes no sense");
    *ret_done = line[0] == '0';
    while (fgets(line, sizeof line, from) != NULL)
        fputs(line, stdout);
    if (ferror(from))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading the answer");
    return BTX_OK;
}

static enum btx_fault_code ask(const struct btx_ctl_request *request, const char *line,
                               struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    bool done = false;
    FILE *from;
    int fd = -1;

    if (btx_remote_connect(request->socket != NULL ? request->socket : SOCKET_USUAL, HINT, 0, &fd,
                           reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (send(fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line)) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "asking");
        (void)close(fd);
        return reterr_fault->code;
    }
    from = fdopen(fd, "r");
    if (from == NULL) {
        (void)close(fd);
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "reading the answer");
    }
    code = take_answer(from, &done, reterr_fault);
    (void)fclose(from); /* It was only read. */
    if (code != BTX_OK)
        return code;
    *request->exit_status = done ? 0 : 1; /* The answer has said why. */
    return BTX_OK;
}

enum btx_fault_code btx_ctl_wal_disks(const struct btx_ctl_request *request,
                                      struct btx_fault *reterr_fault)
{
    return ask(request, "disks\n", reterr_fault);
}

enum btx_fault_code btx_ctl_wal_init(const struct btx_ctl_request *request,
                                     struct btx_fault *reterr_fault)
{
    char line[REQUEST_BYTES];
    const char *serial = request->arguments[0];

    if (strchr(serial, '\n') != NULL ||
        snprintf(line, sizeof line, "init %s\n", serial) >= (int)sizeof line)
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "that is no serial number");
    return ask(request, line, reterr_fault);
}
