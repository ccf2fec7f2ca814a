/* SPDX-License-Identifier: Apache-2.0 */
/* own_status.c - what betex-admin tells of itself: a page like those of others, but in its own
 * memory, since it is the one who asks. */
#include <fcntl.h>
#include <unistd.h>

#include "admin/server.h"
#include "engine/wal/log_folder.h"
#include "engine/wal/writer_lock.h"

void btx_own_status_open(struct btx_admin_server *server)
{
    const struct btx_status_options options = {
        .parts = UINT64_C(1) << BTX_STATUS_PART_ADMIN,
        .incarnation = btx_clock_wall_ns(server->clock),
        .version = BTX_VERSION,
        .clock = server->clock,
    };

    btx_status_shared_init(&server->own_page, &options);
    btx_status_writer_init(&server->own, &server->own_page, BTX_STATUS_PART_ADMIN);
    btx_status_common(&server->own, BTX_STATUS_COMMON_PART_STATE, BTX_STATUS_PART_RUNNING);
}

/* What the kernel says of the lock, beside what its record says.  A log that cannot be looked into
 * leaves both unknown. */
static void show_lock(const struct btx_status_writer *own, const char *wal_root)
{
    uint64_t view = BTX_STATUS_ABSENT;
    uint64_t pid = BTX_STATUS_ABSENT;
    struct btx_writer_lock_status lock;
    struct btx_fault ignored = {0};
    int root_fd = -1;

    if (btx_wal_folder_open(&root_fd, AT_FDCWD, wal_root, &ignored) == BTX_OK &&
        btx_writer_lock_look(root_fd, &lock, &ignored) == BTX_OK) {
        if (lock.state == BTX_WRITER_LOCK_FREE) {
            view = BTX_STATUS_KERNEL_FREE;
        } else if (lock.state == BTX_WRITER_LOCK_HELD) {
            pid = (uint64_t)lock.holder_pid;
            view = lock.record_valid && lock.record.pid == lock.holder_pid
                       ? BTX_STATUS_KERNEL_AGREES
                       : BTX_STATUS_KERNEL_OTHER;
        }
    }
    if (root_fd >= 0)
        (void)close(root_fd); /* Only looked at. */
    btx_status_set(own, BTX_STATUS_LOCK_KERNEL, view);
    btx_status_set(own, BTX_STATUS_LOCK_KERNEL_PID, pid);
}

void btx_own_status_show(const struct btx_admin_server *server)
{
    const struct btx_status_writer *own = &server->own;
    uint64_t sessions = 0;

    for (size_t i = 0; i < BTX_ADMIN_CALLS_MAX; i++)
        sessions += server->calls[i] != NULL ? 1 : 0;
    btx_status_beat(own, btx_clock_monotonic_ns(server->clock));
    btx_status_set(own, BTX_STATUS_ADMIN_SESSIONS, sessions);
    btx_status_set(own, BTX_STATUS_ADMIN_COMMANDS, server->changes);
    btx_status_set(own, BTX_STATUS_ADMIN_OVERRUNS, server->overruns);
    if (btx_engine_link_why(server) == NULL)
        btx_status_set(own, BTX_STATUS_ADMIN_SEQ, server->model.seq);
    show_lock(own, server->wal_root);
}
