/* SPDX-License-Identifier: Apache-2.0 */
/* writer_lock.c - a POSIX record lock, and a guard against its trap.
 *
 * Why not flock() or an open file description lock: both live on in a forked child, even one that
 * executes another program, until the last descriptor is closed (measured).  A record lock belongs
 * to the process.  But closing any descriptor of the file gives it back, so nothing here opens a
 * file that this process has locked: its device and inode are compared first, by path. */
#include "engine/wal/writer_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/wal/log_folder.h"

enum { LOCK_FILE_MODE = 0640, HOLDER_TEXT_BYTES = 320 };

/* The locks of this process.  The mutex also keeps a look at a file apart from taking it: the end
 * of the look closes the file. */
static pthread_mutex_t guard_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct btx_writer_lock *guard_first;

static void guard_enter(void)
{
    CHECK(pthread_mutex_lock(&guard_mutex) == 0);
}

static void guard_leave(void)
{
    CHECK(pthread_mutex_unlock(&guard_mutex) == 0);
}

/* The lock that this process holds on that file; NULL when it has none.  What the parent of this
 * process held is in the list too, and not ours. */
static const struct btx_writer_lock *guard_find(const struct stat *status)
{
    for (const struct btx_writer_lock *lock = guard_first; lock != NULL; lock = lock->next) {
        if (lock->device == status->st_dev && lock->inode == status->st_ino &&
            lock->pid == getpid())
            return lock;
    }
    return NULL;
}

static void guard_remove(const struct btx_writer_lock *lock)
{
    struct btx_writer_lock **link = &guard_first;

    while (*link != NULL && *link != lock)
        link = &(*link)->next;
    CHECK(*link == lock);
    *link = lock->next;
}

/* ---- The record ---- */

static bool record_valid(const struct btx_wal_lock_record *record)
{
    return memcmp(record->magic, BTX_WAL_LOCK_MAGIC, sizeof record->magic) == 0 &&
           record->crc == btx_crc32c(0, record, offsetof(struct btx_wal_lock_record, crc)) &&
           record->epoch != 0 && record->epoch != UINT64_MAX && record->pid > 0 &&
           btx_wal_text_valid(record->program, sizeof record->program) &&
           btx_wal_text_valid(record->host, sizeof record->host) &&
           btx_wal_text_valid(record->boot_id, sizeof record->boot_id) &&
           btx_wal_bytes_are_zero(record->reserved, sizeof record->reserved);
}

/* True when there is one that can be believed; else it is all zeros, and errno says whether the
 * disk did not give it. */
static bool record_read(int fd, struct btx_wal_lock_record *ret_record)
{
    if (pread(fd, ret_record, sizeof *ret_record, 0) == (ssize_t)sizeof *ret_record &&
        record_valid(ret_record))
        return true;
    memset(ret_record, 0, sizeof *ret_record);
    return false;
}

static void boot_id_read(char ret_text[static 40])
{
    char text[40] = "";
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd >= 0) {
        got = read(fd, text, sizeof text - 1);
        (void)close(fd); /* Nothing was written by it. */
        text[got > 0 ? got : 0] = '\0';
        text[strcspn(text, "\n")] = '\0';
    }
    btx_wal_text_set(ret_text, sizeof text, text); /* Empty without /proc: it is for people. */
}

void btx_writer_lock_print(const struct btx_wal_lock_record *record, char *text, size_t size_bytes)
{
    const time_t seconds = (time_t)(record->since_ns / UINT64_C(1000000000));
    char since[32];
    struct tm tm;

    CHECK(gmtime_r(&seconds, &tm) != NULL); /* 64 bits of ns end before the year 3000. */
    CHECK(strftime(since, sizeof since, "%Y-%m-%d %H:%M:%S UTC", &tm) != 0);
    (void)snprintf(text, size_bytes, "pid %" PRId64 " (%.*s) on %.*s since %s, epoch %" PRIu64,
                   record->pid, BTX_WAL_TEXT_BYTES, record->program, BTX_WAL_TEXT_BYTES,
                   record->host, since, record->epoch); /* Cut is fine. */
}

/* ---- Taking ---- */

static struct flock whole_file(void)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

/* Who holds it: the kernel knows the pid, the record the rest, if it is of that pid: a holder that
 * has just begun has not written it yet, and in another pid namespace it has another number. */
static enum btx_fault_code fault_held(int fd, int64_t pid, struct btx_fault *reterr_fault)
{
    struct btx_wal_lock_record record;
    char text[HOLDER_TEXT_BYTES];

    if (!record_read(fd, &record))
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                             "locked by pid %" PRId64 ", which has not said more yet", pid);
    btx_writer_lock_print(&record, text, sizeof text);
    if (record.pid == pid)
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0, "locked by %s", text);
    return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                         "locked by pid %" PRId64 "; " BTX_WAL_LOCK_NAME " names %s", pid, text);
}

/* Faults: LOCKED, IO. */
static enum btx_fault_code lock_file(int fd, struct btx_fault *reterr_fault)
{
    /* More than one try only when a holder ended between the two questions. */
    for (int tries = 0; tries < 8; tries++) {
        struct flock wanted = whole_file();

        if (fcntl(fd, F_SETLK, &wanted) == 0)
            return BTX_OK;
        if (errno != EAGAIN && errno != EACCES)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "locking " BTX_WAL_LOCK_NAME);
        if (fcntl(fd, F_GETLK, &wanted) != 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno,
                                 "asking who holds " BTX_WAL_LOCK_NAME);
        if (wanted.l_type != F_UNLCK)
            return fault_held(fd, wanted.l_pid, reterr_fault);
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                         "locked, each time by another process: several are started over and over");
}

/* Whether the path still leads to the open file.  Faults: LOCKED, IO. */
static enum btx_fault_code check_path(int root_fd, uint64_t device, uint64_t inode,
                                      struct btx_fault *reterr_fault)
{
    struct stat status;

    if (fstatat(root_fd, BTX_WAL_LOCK_NAME, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                                 BTX_WAL_LOCK_NAME " was removed while it was held");
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking at " BTX_WAL_LOCK_NAME);
    }
    if (status.st_dev != device || status.st_ino != inode)
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                             BTX_WAL_LOCK_NAME " was replaced by another file while it was held");
    return BTX_OK;
}

/* What is at the path before anything is opened.  Faults: LOCKED, IO. */
static enum btx_fault_code check_unheld(int root_fd, struct btx_fault *reterr_fault)
{
    const struct btx_writer_lock *held;
    char text[HOLDER_TEXT_BYTES];
    struct stat status;

    if (fstatat(root_fd, BTX_WAL_LOCK_NAME, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT)
            return BTX_OK;
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking at " BTX_WAL_LOCK_NAME);
    }
    if (!S_ISREG(status.st_mode))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0,
                             BTX_WAL_LOCK_NAME " is not a regular file");
    held = guard_find(&status);
    if (held == NULL)
        return BTX_OK;
    btx_writer_lock_print(&held->record, text, sizeof text);
    return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0, "locked by this process: %s", text);
}

static enum btx_fault_code take_guarded(struct btx_writer_lock *lock, int root_fd,
                                        struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = check_unheld(root_fd, reterr_fault);
    struct stat status;
    int fd;

    if (code != BTX_OK)
        return code;
    fd = openat(root_fd, BTX_WAL_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                LOCK_FILE_MODE);
    if (fd < 0)
        return btx_wal_write_fault(root_fd, errno, "opening " BTX_WAL_LOCK_NAME, reterr_fault);
    if (fstat(fd, &status) != 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking at " BTX_WAL_LOCK_NAME);
    if (code == BTX_OK)
        code = lock_file(fd, reterr_fault);
    if (code == BTX_OK)
        code = check_path(root_fd, status.st_dev, status.st_ino, reterr_fault);
    errno = 0;
    /* Zeros say that there is none.  One that cannot be read may have the greatest epoch. */
    if (code == BTX_OK && !record_read(fd, &lock->record) && errno != 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading " BTX_WAL_LOCK_NAME);
    if (code != BTX_OK) {
        (void)close(fd); /* Nothing was written by it. */
        return code;
    }
    lock->fd = fd;
    lock->root_fd = root_fd;
    lock->device = status.st_dev;
    lock->inode = status.st_ino;
    lock->pid = getpid();
    lock->next = guard_first;
    guard_first = lock;
    return BTX_OK;
}

enum btx_fault_code btx_writer_lock_take(struct btx_writer_lock *lock, int root_fd,
                                         struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    CHECK(lock->fd == -1);
    guard_enter();
    code = take_guarded(lock, root_fd, reterr_fault);
    guard_leave();
    return code;
}

enum btx_fault_code btx_writer_lock_write_record(struct btx_writer_lock *lock, uint64_t epoch,
                                                 const char *program, const char *host,
                                                 const uint8_t uuid[BTX_WAL_UUID_BYTES],
                                                 uint64_t now_ns, struct btx_fault *reterr_fault)
{
    struct btx_wal_lock_record record = {.epoch = epoch, .since_ns = now_ns, .pid = getpid()};
    enum btx_fault_code code;

    CHECK(lock->fd != -1 && lock->pid == getpid());
    CHECK(epoch != 0 && epoch != UINT64_MAX);
    memcpy(record.magic, BTX_WAL_LOCK_MAGIC, sizeof record.magic);
    btx_wal_text_set(record.program, sizeof record.program, program);
    btx_wal_text_set(record.host, sizeof record.host, host);
    boot_id_read(record.boot_id);
    memcpy(record.uuid, uuid, sizeof record.uuid);
    record.crc = btx_crc32c(0, &record, offsetof(struct btx_wal_lock_record, crc));
    code = btx_wal_write(lock->fd, &record, sizeof record, 0, "writing " BTX_WAL_LOCK_NAME,
                         reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_sync(lock->fd, "syncing " BTX_WAL_LOCK_NAME, reterr_fault);
    /* The file may be new. */
    if (code == BTX_OK)
        code = btx_wal_sync(lock->root_fd, "syncing the folder of the log", reterr_fault);
    if (code == BTX_OK)
        lock->record = record;
    return code;
}

enum btx_fault_code btx_writer_lock_check(const struct btx_writer_lock *lock,
                                          struct btx_fault *reterr_fault)
{
    struct btx_wal_lock_record record;
    char text[HOLDER_TEXT_BYTES];
    enum btx_fault_code code;

    CHECK(lock->fd != -1);
    if (lock->pid != getpid())
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0,
                             "the lock is the parent's, pid %" PRId64, lock->pid);
    code = check_path(lock->root_fd, lock->device, lock->inode, reterr_fault);
    /* Taking again what one has changes nothing.  It fails when the lock was dropped, by code
     * that opened and closed the file, and somebody else has it now; if he had it and is gone, the
     * record is his. */
    if (code == BTX_OK)
        code = lock_file(lock->fd, reterr_fault);
    if (code == BTX_OK && record_read(lock->fd, &record) &&
        memcmp(&record, &lock->record, sizeof record) != 0) {
        btx_writer_lock_print(&record, text, sizeof text);
        return btx_fault_set(reterr_fault, BTX_FAULT_LOCKED, 0, "the lock was lost to %s", text);
    }
    return code;
}

void btx_writer_lock_release(struct btx_writer_lock *lock)
{
    if (lock->fd == -1)
        return;
    guard_enter();
    guard_remove(lock);
    (void)close(lock->fd); /* What was written is synced. */
    lock->fd = -1;
    guard_leave();
}

/* ---- Looking ---- */

static enum btx_fault_code look_open(int fd, struct btx_writer_lock_status *status,
                                     struct btx_fault *reterr_fault)
{
    struct flock wanted = whole_file();

    if (fcntl(fd, F_GETLK, &wanted) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno,
                             "asking who holds " BTX_WAL_LOCK_NAME);
    status->state = wanted.l_type == F_UNLCK ? BTX_WRITER_LOCK_FREE : BTX_WRITER_LOCK_HELD;
    status->holder_pid = wanted.l_type == F_UNLCK ? 0 : wanted.l_pid;
    status->record_valid = record_read(fd, &status->record);
    return BTX_OK;
}

static enum btx_fault_code look_guarded(int root_fd, struct btx_writer_lock_status *ret_status,
                                        struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    struct stat status;
    int fd;

    if (fstatat(root_fd, BTX_WAL_LOCK_NAME, &status, AT_SYMLINK_NOFOLLOW) == 0)
        CHECK(guard_find(&status) == NULL);
    fd = openat(root_fd, BTX_WAL_LOCK_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return BTX_OK;
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening " BTX_WAL_LOCK_NAME);
    code = look_open(fd, ret_status, reterr_fault);
    (void)close(fd); /* Nothing was written by it. */
    return code;
}

enum btx_fault_code btx_writer_lock_look(int root_fd, struct btx_writer_lock_status *ret_status,
                                         struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;

    memset(ret_status, 0, sizeof *ret_status);
    ret_status->state = BTX_WRITER_LOCK_ABSENT;
    guard_enter();
    code = look_guarded(root_fd, ret_status, reterr_fault);
    guard_leave();
    return code;
}
