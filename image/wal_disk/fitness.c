/* SPDX-License-Identifier: Apache-2.0 */
/* fitness.c - looks for the log's disk, below it, and at its filesystem. */
#include "image/wal_disk/fitness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

#include "image/disk/layout.h"
#include "image/wal_disk/filesystem_kind.h"

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

/* --- What is below the disk ------------------------------------------------------------------- */

/* True when the file @folder/@name is there and says something else than "pcie". */
static bool is_fabric(const char *folder, const char *name)
{
    char path[PATH_MAX];
    char transport[32];
    ssize_t length;
    int fd;

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, transport, sizeof(transport) - 1);
    (void)close(fd); /* It was only read. */
    transport[length > 0 ? length : 0] = '\0';
    transport[strcspn(transport, " \n")] = '\0';
    return strcmp(transport, "pcie") != 0;
}

/* Above an NVMe disk is its controller; or a subsystem, which has a controller for each path. */
static bool is_nvme_over_fabrics(const char *disk_folder)
{
    char folder[PATH_MAX];
    struct dirent *entry;
    bool found;
    DIR *paths;

    if (snprintf(folder, sizeof(folder), "%s/device", disk_folder) >= (int)sizeof(folder))
        return false;
    found = is_fabric(folder, "transport");
    paths = opendir(folder);
    if (paths == NULL)
        return found;
    while ((entry = readdir(paths)) != NULL) {
        char name[sizeof(entry->d_name) + sizeof("/transport")];

        if (strncmp(entry->d_name, "nvme", 4) != 0)
            continue;
        (void)snprintf(name, sizeof(name), "%s/transport", entry->d_name);
        found = found || is_fabric(folder, name);
    }
    (void)closedir(paths);
    return found;
}

/* How the disk is reached when that is a network; NULL when it is not. */
static const char *network_below(const struct btx_machine *machine, const char *disk)
{
    static const struct {
        const char *prefix;
        const char *network;
    } drivers[] = {{"nbd", "NBD"}, {"rbd", "Ceph RBD"}, {"drbd", "DRBD"}};
    char path[PATH_MAX];
    char target[PATH_MAX];

    for (size_t i = 0; i < BTX_COUNT_OF(drivers); i++) {
        if (strncmp(disk, drivers[i].prefix, strlen(drivers[i].prefix)) == 0)
            return drivers[i].network;
    }
    if (snprintf(path, sizeof(path), "%s/sys/block/%s", machine->root, disk) >= (int)sizeof(path))
        return NULL;
    if (realpath(path, target) != NULL && strstr(target, "/session") != NULL)
        return "iSCSI";
    if (strncmp(disk, "nvme", 4) == 0 && is_nvme_over_fabrics(path))
        return "NVMe over fabrics";
    return NULL;
}

/* --- What is on it ---------------------------------------------------------------------------- */

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
    if (got != (ssize_t)sizeof(head)) {
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
    network = network_below(machine, ret_disk->place.disk);
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
