/* SPDX-License-Identifier: Apache-2.0 */
/* fitness.c - looks for the log's disk, below it, and at its filesystem. */
#include "image/wal_disk/fitness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

#include "image/disk/layout.h"
#include "image/wal_disk/filesystem_kind.h"
#include "image/wal_disk/origin.h"

static void judge(struct btx_wal_disk *disk, enum btx_wal_disk_verdict verdict, const char *format,
                  ...) BTX_PRINTF(3, 4);

static void judge(struct btx_wal_disk *disk, enum btx_wal_disk_verdict verdict, const char *format,
                  ...)
{
    va_list arguments;

    disk->verdict = verdict;
    va_start(arguments, format);
    (void)vsnprintf(disk->why, sizeof(disk->why), format, arguments); /* What is too long is cut. */
    va_end(arguments);
}

static bool is_wal(const struct btx_gpt_partition *partition, const void *type)
{
    return btx_guid_equal(&partition->type, type) && strcmp(partition->label, BTX_WAL_LABEL) == 0;
}

static void judge_filesystem(const struct btx_machine *machine, struct btx_wal_disk *disk)
{
    uint8_t head[BTX_FILESYSTEM_HEAD_BYTES];
    enum btx_filesystem_kind kind;
    char path[PATH_MAX];
    ssize_t got;
    int fd;

    CHECK(snprintf(path, sizeof(path), "%s/dev/%s", machine->root, disk->place.device) <
          (int)sizeof(path));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    got = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
    if (fd < 0 && errno == ENOENT) {
        judge(disk, BTX_WAL_DISK_UNREADABLE, "%s is in the partition table, and not there yet",
              disk->place.device);
    } else if (got != (ssize_t)sizeof(head)) {
        judge(disk, BTX_WAL_DISK_UNREADABLE, "%s cannot be read: %s (look at the disk)",
              disk->place.device, got < 0 ? strerror(errno) : "it is too small");
    } else {
        kind = btx_filesystem_kind_of(head);
        if (btx_filesystem_kind_allowed(kind))
            judge(disk, BTX_WAL_DISK_FIT, "the log is on %s (%s)", disk->place.device,
                  btx_filesystem_kind_name(kind));
        else
            judge(disk, BTX_WAL_DISK_FILESYSTEM,
                  "%s has %s, and a log needs ext4 with a journal or XFS (make one, on a disk "
                  "without a log)",
                  disk->place.device, btx_filesystem_kind_name(kind));
    }
    if (fd >= 0)
        (void)close(fd); /* It was only read. */
}

enum btx_fault_code btx_wal_disk_look(const struct btx_machine *machine,
                                      struct btx_wal_disk *ret_disk, struct btx_fault *reterr_fault)
{
    struct btx_places found;
    struct btx_guid type;
    const char *network;

    CHECK(btx_guid_from_text(BTX_WAL_TYPE, &type));
    if (btx_partition_search(machine, is_wal, &type, &found, NULL, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "looking for the log's disk");
    if (found.count == 0) {
        judge(ret_disk, BTX_WAL_DISK_NONE,
              "no disk has a partition labelled " BTX_WAL_LABEL " of type " BTX_WAL_TYPE
              " (attach the disk of the log)");
        return BTX_OK;
    }
    ret_disk->place = found.places[0];
    network = btx_disk_network(machine, ret_disk->place.disk);
    if (found.count > 1)
        judge(ret_disk, BTX_WAL_DISK_SEVERAL,
              "there are two logs, on %s and on %s (remove the disk that is not this exchange's)",
              found.places[0].device, found.places[1].device);
    else if (network != NULL)
        judge(ret_disk, BTX_WAL_DISK_REMOTE,
              "%s is reached over a network (%s), where a second machine could write to it "
              "unseen (attach a local disk)",
              ret_disk->place.device, network);
    else
        judge_filesystem(machine, ret_disk);
    return BTX_OK;
}
