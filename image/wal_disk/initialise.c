/* SPDX-License-Identifier: Apache-2.0 */
/* initialise.c - filesystem first, partition table last: before that the disk has no log. */
#include "image/wal_disk/initialise.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/check.h"

#include "image/disk/gpt_write.h"
#include "image/disk/layout.h"
#include "image/wal_disk/disk_survey.h"
#include "image/wal_disk/fitness.h"
#include "image/wal_disk/origin.h"

#define MAKE_FILESYSTEM "/usr/sbin/mke2fs"

/* Less is no disk for a log: the settings' own reserves are larger. */
enum { SIZE_MIB_MIN = 256 };

static bool refuse(char *answer, const char *format, ...) BTX_PRINTF(2, 3);

/* Always true: there is a refusal. */
static bool refuse(char *answer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(answer, BTX_WAL_DISK_ANSWER_BYTES, format, arguments);
    va_end(arguments);
    return true;
}

/* The one disk with that serial number.  True: @answer says why there is none. */
static bool find_refused(const struct btx_machine *machine, const struct btx_disks *disks,
                         const char *serial, struct btx_disk_survey *ret_survey, char *answer)
{
    struct btx_disk_survey survey;
    uint32_t found = 0;

    for (uint32_t i = 0; i < disks->count; i++) {
        btx_disk_survey(machine, disks->names[i], &survey);
        if (survey.serial[0] != '\0' && strcmp(survey.serial, serial) == 0) {
            *ret_survey = survey;
            found++;
        }
    }
    if (found == 0)
        return refuse(answer, "no disk has the serial number '%s' (look at the list of disks)",
                      serial);
    if (found > 1)
        return refuse(answer, "%" PRIu32 " disks have the serial number '%s' (remove the others)",
                      found, serial);
    return false;
}

static bool disk_refused(const struct btx_machine *machine, const struct btx_disk_survey *survey,
                         char *answer)
{
    const char *network = btx_disk_network(machine, survey->name);

    if (network != NULL)
        return refuse(answer,
                      "%s is reached over a network (%s), where a second machine could write to "
                      "it unseen (attach a local disk)",
                      survey->name, network);
    if (survey->read_only)
        return refuse(answer, "%s is write-protected", survey->name);
    if (!survey->blank)
        return refuse(answer,
                      "%s is not blank: %s (only a disk that holds nothing is taken; wipe it "
                      "elsewhere)",
                      survey->name, survey->content);
    if (survey->size_bytes < (uint64_t)SIZE_MIB_MIN << 20)
        return refuse(answer, "%s has less than %d MiB", survey->name, SIZE_MIB_MIN);
    return false;
}

/* ext4 as a log wants it: few large files, a journal, all of it made now (nothing is left to be
 * made behind the engine's back), and an error stops writing. */
static enum btx_fault_code make_filesystem(const struct btx_machine *machine, const char *name,
                                           uint64_t size_bytes, struct btx_fault *reterr_fault)
{
    const uint64_t blocks = btx_gpt_partition_bytes(size_bytes) / 4096;
    char device[PATH_MAX];
    char count[32];
    char *const arguments[] = {"mke2fs",
                               "-q",
                               "-F",
                               "-t",
                               "ext4",
                               "-b",
                               "4096",
                               "-L",
                               BTX_WAL_LABEL,
                               "-m",
                               "0",
                               "-T",
                               "largefile4",
                               "-e",
                               "remount-ro",
                               "-E",
                               "offset=1048576,nodiscard,lazy_itable_init=0,lazy_journal_init=0",
                               device,
                               count,
                               NULL};
    char *const environment[] = {NULL};
    pid_t child;
    int status;
    int error;

    static_assert(BTX_GPT_ALIGN_BYTES == 1048576, "as the offset says");
    CHECK(snprintf(device, sizeof(device), "%s/dev/%s", machine->root, name) < (int)sizeof(device));
    (void)snprintf(count, sizeof(count), "%" PRIu64, blocks);
    error = posix_spawn(&child, MAKE_FILESYSTEM, NULL, NULL, arguments, environment);
    if (error != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, error, "starting %s", MAKE_FILESYSTEM);
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "waiting for mke2fs");
    }
    if (status != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "mke2fs on %s failed (status %#x)",
                             name, (unsigned)status);
    return BTX_OK;
}

static enum btx_fault_code random_guid(struct btx_guid *guid, struct btx_fault *reterr_fault)
{
    if (getrandom(guid->bytes, sizeof(guid->bytes), 0) != (ssize_t)sizeof(guid->bytes))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "drawing random numbers");
    guid->bytes[7] = (uint8_t)((guid->bytes[7] & 0x0f) | 0x40); /* version 4, RFC 4122 */
    guid->bytes[8] = (uint8_t)((guid->bytes[8] & 0x3f) | 0x80);
    return BTX_OK;
}

static enum btx_fault_code write_table(const struct btx_machine *machine, const char *name,
                                       struct btx_fault *reterr_fault)
{
    struct btx_gpt_plan plan = {.label = BTX_WAL_LABEL};
    enum btx_fault_code code;
    struct btx_disk disk;

    CHECK(btx_guid_from_text(BTX_WAL_TYPE, &plan.type));
    if (random_guid(&plan.disk, reterr_fault) != BTX_OK ||
        random_guid(&plan.unique, reterr_fault) != BTX_OK ||
        btx_disk_open(machine, name, O_RDWR | O_EXCL, &disk, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    code = btx_gpt_write(disk.fd, disk.sector_bytes, disk.size_bytes, &plan, reterr_fault);
    /* At the close udevd has the kernel read the table.  Doing it here as well would take the
     * partition's device away again from whoever mounts it. */
    if (close(disk.fd) != 0 && code == BTX_OK)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "closing the disk");
    return code;
}

enum btx_fault_code btx_wal_disk_initialise(const struct btx_machine *machine, const char *serial,
                                            bool *ret_done,
                                            char ret_answer[static BTX_WAL_DISK_ANSWER_BYTES],
                                            struct btx_fault *reterr_fault)
{
    struct btx_disk_survey survey;
    struct btx_wal_disk there;
    struct btx_disks disks;

    *ret_done = false;
    if (btx_wal_disk_look(machine, &there, reterr_fault) != BTX_OK ||
        btx_disks_list(machine, &disks, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (there.verdict != BTX_WAL_DISK_NONE) {
        (void)refuse(ret_answer, "there is a disk of the log already: %s", there.why);
        return BTX_OK;
    }
    if (find_refused(machine, &disks, serial, &survey, ret_answer) ||
        disk_refused(machine, &survey, ret_answer))
        return BTX_OK;
    if (make_filesystem(machine, survey.name, survey.size_bytes, reterr_fault) != BTX_OK ||
        write_table(machine, survey.name, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "making %s the log's", survey.name);
    (void)snprintf(ret_answer, BTX_WAL_DISK_ANSWER_BYTES, "%s (%s) is the disk of the log now",
                   survey.name, serial);
    *ret_done = true;
    return BTX_OK;
}
