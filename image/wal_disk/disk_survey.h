/* SPDX-License-Identifier: Apache-2.0 */
/* disk_survey.h - what a person must know of a disk before it becomes the log's. */
#ifndef BTX_WAL_DISK_DISK_SURVEY_H
#define BTX_WAL_DISK_DISK_SURVEY_H

#include <stdbool.h>

#include "image/disk/disks.h"

enum { BTX_DISK_CONTENT_BYTES = 256 };

struct btx_disk_survey {
    char name[BTX_DEVICE_NAME_BYTES];
    char serial[BTX_DISK_FACT_BYTES]; /* "" when the disk tells none */
    char model[BTX_DISK_FACT_BYTES];
    uint64_t size_bytes;
    bool read_only;
    /* Proven to hold nothing: no partition, and the first and last MiB are zero. */
    bool blank;
    char content[BTX_DISK_CONTENT_BYTES]; /* for people: "blank", "esp, betex-config", ... */
};

/* Look at the disk @name.  One that cannot be read is not blank, and its content says so. */
void btx_disk_survey(const struct btx_machine *machine, const char *name,
                     struct btx_disk_survey *ret_survey);

#endif
