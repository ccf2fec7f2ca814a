/* SPDX-License-Identifier: Apache-2.0 */
/* device_mapper.c - the ioctls of /dev/mapper/control: create, load a table, resume. */
#include "image/init/device_mapper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <unistd.h>

#include "engine/base/check.h"

enum { TABLE_BYTES_MAX = 2048 };

/* One request: the head, then a target, then its parameters. */
struct request {
    struct dm_ioctl head;
    struct dm_target_spec target;
    char parameters[TABLE_BYTES_MAX];
};

static void request_init(struct request *request, const char *name)
{
    memset(request, 0, sizeof(*request));
    request->head.version[0] = DM_VERSION_MAJOR;
    request->head.data_size = sizeof(*request);
    request->head.data_start = offsetof(struct request, target);
    request->head.flags = DM_READONLY_FLAG;
    (void)snprintf(request->head.name, sizeof(request->head.name), "%s", name);
}

static enum btx_fault_code create(int control, const char *name, const char *uuid, const char *type,
                                  uint64_t sectors, const char *table,
                                  char ret_device[static BTX_MAPPED_DEVICE_BYTES],
                                  struct btx_fault *reterr_fault)
{
    struct request request;

    request_init(&request, name);
    (void)snprintf(request.head.uuid, sizeof(request.head.uuid), "%s", uuid);
    if (ioctl(control, DM_DEV_CREATE, &request) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making the mapped device");
    (void)snprintf(ret_device, BTX_MAPPED_DEVICE_BYTES, "/dev/dm-%u",
                   minor((dev_t)request.head.dev));
    request_init(&request, name);
    request.head.target_count = 1;
    request.target.length = sectors;
    (void)snprintf(request.target.target_type, sizeof(request.target.target_type), "%s", type);
    (void)snprintf(request.parameters, sizeof(request.parameters), "%s", table);
    if (ioctl(control, DM_TABLE_LOAD, &request) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "loading the table '%s'", table);
    request_init(&request, name);
    /* Not suspending is resuming: the flag DM_SUSPEND_FLAG is not set. */
    if (ioctl(control, DM_DEV_SUSPEND, &request) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "starting the mapped device");
    return BTX_OK;
}

enum btx_fault_code btx_device_mapper_create(const char *name, const char *uuid, const char *type,
                                             uint64_t sectors, const char *table,
                                             char ret_device[static BTX_MAPPED_DEVICE_BYTES],
                                             struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int control;

    CHECK(strlen(table) < TABLE_BYTES_MAX);
    control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno,
                             "the kernel has no device mapper (/dev/mapper/control)");
    code = create(control, name, uuid, type, sectors, table, ret_device, reterr_fault);
    (void)close(control); /* The ioctls have said what there is to say. */
    return code;
}
