/* SPDX-License-Identifier: Apache-2.0 */
/* disk_survey.c - serial number, size and content of a disk. */
#include "image/wal_disk/disk_survey.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/disk/gpt.h"

enum {
    MIB = 1 << 20,
    VPD_HEADER_BYTES = 4, /* before the serial number of a SCSI disk */
};

/* virtio and others, NVMe, SCSI and SATA: each keeps it somewhere else. */
static void find_serial(const struct btx_machine *machine, const char *name,
                        char serial[static BTX_DISK_FACT_BYTES])
{
    btx_disk_fact(machine, name, "serial", serial);
    if (serial[0] == '\0')
        btx_disk_fact(machine, name, "device/serial", serial);
    if (serial[0] == '\0') {
        char page[PATH_MAX];
        ssize_t length;
        int fd;

        if (snprintf(page, sizeof(page), "%s/sys/block/%s/device/vpd_pg80", machine->root, name) >=
            (int)sizeof(page))
            return;
        fd = open(page, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return;
        length = read(fd, page, BTX_DISK_FACT_BYTES - 1);
        (void)close(fd); /* It was only read. */
        for (ssize_t i = VPD_HEADER_BYTES; i < length; i++) {
            const size_t used = strlen(serial);

            if (page[i] > 0x20 && page[i] < 0x7f) {
                serial[used] = page[i];
                serial[used + 1] = '\0';
            }
        }
    }
}

static bool is_zero(int fd, uint64_t offset)
{
    uint8_t *bytes = calloc(1, MIB);
    bool zero = bytes != NULL && pread(fd, bytes, MIB, (off_t)offset) == MIB;

    for (size_t i = 0; zero && i < MIB; i++)
        zero = bytes[i] == 0;
    free(bytes);
    return zero;
}

static void name_partitions(const struct btx_gpt *gpt, char content[static BTX_DISK_CONTENT_BYTES])
{
    int used = 0;

    for (uint32_t i = 0; i < gpt->count && used < BTX_DISK_CONTENT_BYTES; i++)
        used += snprintf(content + used, (size_t)(BTX_DISK_CONTENT_BYTES - used), "%s%s",
                         i == 0 ? "" : ", ",
                         gpt->partitions[i].label[0] != '\0' ? gpt->partitions[i].label : "?");
}

static void look_at_content(const struct btx_disk *disk, struct btx_disk_survey *survey)
{
    struct btx_fault fault = {0};
    struct btx_gpt gpt;

    if (btx_gpt_read(disk->fd, disk->sector_bytes, disk->size_bytes, &gpt, &fault) == BTX_OK &&
        gpt.count > 0) {
        name_partitions(&gpt, survey->content);
        return;
    }
    survey->blank = disk->size_bytes >= 2 * (uint64_t)MIB && is_zero(disk->fd, 0) &&
                    is_zero(disk->fd, disk->size_bytes - MIB);
    (void)strcpy(survey->content, survey->blank ? "blank" : "not blank");
}

void btx_disk_survey(const struct btx_machine *machine, const char *name,
                     struct btx_disk_survey *ret_survey)
{
    struct btx_fault fault = {0};
    struct btx_disk disk;
    char text[BTX_DISK_FACT_BYTES];

    memset(ret_survey, 0, sizeof(*ret_survey));
    (void)snprintf(ret_survey->name, sizeof(ret_survey->name), "%s", name);
    find_serial(machine, name, ret_survey->serial);
    btx_disk_fact(machine, name, "device/model", ret_survey->model);
    btx_disk_fact(machine, name, "ro", text);
    ret_survey->read_only = strcmp(text, "1") == 0;
    if (btx_disk_open(machine, name, O_RDONLY, &disk, &fault) != BTX_OK) {
        (void)strcpy(ret_survey->content, "cannot be read");
        return;
    }
    ret_survey->size_bytes = disk.size_bytes;
    look_at_content(&disk, ret_survey);
    (void)close(disk.fd); /* It was only read. */
}
