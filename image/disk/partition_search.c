/* SPDX-License-Identifier: Apache-2.0 */
/* partition_search.c - goes through the table of each disk. */
#include "image/disk/partition_search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

struct search {
    const struct btx_machine *machine;
    btx_partition_wanted wanted;
    const void *context;
    struct btx_places *places;
    uint32_t unreadable;
};

/* The kernel's rule: a "p" between name and number where the name ends in a digit. */
static void device_name(const char *disk, uint32_t number, char name[static BTX_DEVICE_NAME_BYTES])
{
    const char last = disk[strlen(disk) - 1];
    const bool digit = last >= '0' && last <= '9';

    CHECK(snprintf(name, BTX_DEVICE_NAME_BYTES, "%s%s%u", disk, digit ? "p" : "", number) <
          BTX_DEVICE_NAME_BYTES);
}

static bool table_of_disk(const struct search *search, const char *name, struct btx_gpt *ret_gpt)
{
    struct btx_fault fault = {0};
    struct btx_disk disk;
    bool known;

    if (btx_disk_open(search->machine, name, O_RDONLY, &disk, &fault) != BTX_OK)
        return fault.os_error == ENOMEDIUM; /* An empty reader of cards has no table. */
    known = btx_gpt_read(disk.fd, disk.sector_bytes, disk.size_bytes, ret_gpt, &fault) == BTX_OK;
    (void)close(disk.fd); /* It was only read. */
    return known;
}

static void search_disk(struct search *search, const char *disk)
{
    struct btx_gpt gpt = {0};

    if (!table_of_disk(search, disk, &gpt)) {
        search->unreadable++;
        return;
    }
    for (uint32_t i = 0; i < gpt.count; i++) {
        struct btx_place *place = &search->places->places[search->places->count];

        if (search->places->count == BTX_PLACES_MAX ||
            !search->wanted(&gpt.partitions[i], search->context))
            continue;
        (void)strcpy(place->disk, disk); /* Both have the same size. */
        device_name(disk, gpt.partitions[i].number, place->device);
        place->partition = gpt.partitions[i];
        search->places->count++;
    }
}

enum btx_fault_code btx_partition_search(const struct btx_machine *machine,
                                         btx_partition_wanted wanted, const void *context,
                                         struct btx_places *ret_places, uint32_t *ret_unreadable,
                                         struct btx_fault *reterr_fault)
{
    struct search search = {machine, wanted, context, ret_places, 0};
    struct btx_disks disks;

    ret_places->count = 0;
    if (btx_disks_list(machine, &disks, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    for (uint32_t i = 0; i < disks.count; i++)
        search_disk(&search, disks.names[i]);
    if (ret_unreadable != NULL)
        *ret_unreadable = search.unreadable;
    return BTX_OK;
}
