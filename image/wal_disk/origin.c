/* SPDX-License-Identifier: Apache-2.0 */
/* origin.c - knows networks by drivers, sessions and transports below a disk. */
#include "image/wal_disk/origin.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

const char *btx_disk_network(const struct btx_machine *machine, const char *name)
{
    static const struct {
        const char *prefix;
        const char *network;
    } drivers[] = {{"nbd", "NBD"}, {"rbd", "Ceph RBD"}, {"drbd", "DRBD"}};
    char path[PATH_MAX];
    char target[PATH_MAX];

    for (size_t i = 0; i < BTX_COUNT_OF(drivers); i++) {
        if (strncmp(name, drivers[i].prefix, strlen(drivers[i].prefix)) == 0)
            return drivers[i].network;
    }
    if (snprintf(path, sizeof(path), "%s/sys/block/%s", machine->root, name) >= (int)sizeof(path))
        return NULL;
    if (realpath(path, target) != NULL && strstr(target, "/session") != NULL)
        return "iSCSI";
    if (strncmp(name, "nvme", 4) == 0 && is_nvme_over_fabrics(path))
        return "NVMe over fabrics";
    return NULL;
}
