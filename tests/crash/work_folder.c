/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/work_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/disk.h"

#define MEMORY_FOLDER "/dev/shm"
#define MEMORY_BYTES_LEAST (UINT64_C(512) << 20)

static void make_in(const char *place, char ret_folder[BTX_WORK_FOLDER_BYTES])
{
    const int length = snprintf(ret_folder, BTX_WORK_FOLDER_BYTES, "%s/betex-crash.XXXXXX", place);

    CHECK(length > 0 && length < BTX_WORK_FOLDER_BYTES);
    CHECK(mkdtemp(ret_folder) != NULL);
}

void btx_work_folder_make_on_disk(char ret_folder[BTX_WORK_FOLDER_BYTES])
{
    const char *place = getenv("BTX_CRASH_FOLDER");

    if (place == NULL)
        place = getenv("TMPDIR");
    make_in(place == NULL ? "/tmp" : place, ret_folder);
}

void btx_work_folder_make(char ret_folder[BTX_WORK_FOLDER_BYTES])
{
    struct statvfs status;

    if (getenv("BTX_CRASH_FOLDER") == NULL && access(MEMORY_FOLDER, W_OK) == 0 &&
        statvfs(MEMORY_FOLDER, &status) == 0 &&
        (uint64_t)status.f_bavail * status.f_frsize >= MEMORY_BYTES_LEAST)
        make_in(MEMORY_FOLDER, ret_folder);
    else
        btx_work_folder_make_on_disk(ret_folder);
}

void btx_work_folder_remove(const char *folder)
{
    btx_disk_folder_clear(folder);
    CHECK(rmdir(folder) == 0);
}
