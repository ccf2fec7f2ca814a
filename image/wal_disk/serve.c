/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - requests about disks, and their answers. */
#include "image/wal_disk/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/wal_disk/disk_survey.h"
#include "image/wal_disk/initialise.h"

enum { REQUEST_BYTES = 256 };

static enum btx_fault_code read_line(int in, char line[static REQUEST_BYTES],
                                     struct btx_fault *reterr_fault)
{
    size_t length = 0;
    ssize_t got;

    for (;;) {
        got = read(in, line + length, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading the request");
        if (got == 0 || length == REQUEST_BYTES - 1)
            return btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0,
                                 "want a line of at most %d bytes", REQUEST_BYTES - 1);
        if (line[length] == '\n') {
            line[length] = '\0';
            return BTX_OK;
        }
        length++;
    }
}

static enum btx_fault_code answer_disks(const struct btx_machine *machine, int out,
                                        struct btx_fault *reterr_fault)
{
    struct btx_disk_survey survey;
    struct btx_disks disks;

    if (btx_disks_list(machine, &disks, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    (void)dprintf(out, "0\n%-10s %-24s %10s  %-20s %s\n", "DISK", "SERIAL", "SIZE", "MODEL",
                  "CONTENT");
    for (uint32_t i = 0; i < disks.count; i++) {
        btx_disk_survey(machine, disks.names[i], &survey);
        (void)dprintf(out, "%-10s %-24s %7.1f GB  %-20s %s\n", survey.name,
                      survey.serial[0] != '\0' ? survey.serial : "-",
                      (double)survey.size_bytes / 1e9, survey.model[0] != '\0' ? survey.model : "-",
                      survey.content);
    }
    return BTX_OK;
}

static enum btx_fault_code answer_init(const struct btx_machine *machine, const char *serial,
                                       int out, struct btx_fault *reterr_fault)
{
    char answer[BTX_WAL_DISK_ANSWER_BYTES];
    bool done;

    if (btx_wal_disk_initialise(machine, serial, &done, answer, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    (void)dprintf(out, "%d\n%s\n", done ? 0 : 1, answer);
    /* For the journal: who asked has it on the screen. */
    fprintf(stderr, "init %s: %s\n", serial, answer);
    return BTX_OK;
}

enum btx_fault_code btx_wal_disk_serve(const struct btx_machine *machine, int in, int out,
                                       struct btx_fault *reterr_fault)
{
    static const char init[] = "init ";
    char line[REQUEST_BYTES];
    enum btx_fault_code code;

    code = read_line(in, line, reterr_fault);
    if (code == BTX_OK) {
        if (strcmp(line, "disks") == 0)
            code = answer_disks(machine, out, reterr_fault);
        else if (strncmp(line, init, sizeof(init) - 1) == 0)
            code = answer_init(machine, line + sizeof(init) - 1, out, reterr_fault);
        else
            code = btx_fault_set(reterr_fault, BTX_FAULT_INPUT, 0, "want disks, or init SERIAL");
    }
    if (code != BTX_OK)
        (void)dprintf(out, "1\n%s\n", reterr_fault->text);
    return code;
}
