/* SPDX-License-Identifier: Apache-2.0 */
/* disk_calls.c - the libc calls that change files, taken over: the system does them, the disk is
 * told.
 *
 * Being in the executable, they are found before libc's, by liblmdb.so too, and before those of
 * the sanitizers.  The real calls go by syscall(), so that nothing of libc calls itself here.
 * Hardened libc headers would replace these functions by others: not in this file. */
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/disk_state.h"

enum { FD_COUNT = 4096, PIECE_COUNT = 1024 };

static struct btx_disk_control control;
static struct btx_disk *current;
static bool direct[FD_COUNT]; /* opened with O_DIRECT, which the system was not told */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread bool inside; /* a call of the disk's or of a hook: the system's alone */
static struct btx_random luck = {{1, 2, 3, 4}}; /* in what calls do and do not */

struct btx_disk_control *btx_disk_control(void)
{
    return &control;
}

void btx_disk_use(struct btx_disk *disk)
{
    current = disk;
}

const char *btx_disk_call_name(enum btx_disk_call call)
{
    static const char *const names[] = {
#define CALL(NAME, name) name,
        BTX_DISK_CALLS(CALL)
#undef CALL
    };

    return names[call];
}

/* Whether the call is the disk's to see.  If so it holds the mutex until leave(). */
static bool enter(void)
{
    if (current == NULL || inside)
        return false;
    inside = true;
    CHECK(pthread_mutex_lock(&mutex) == 0);
    return true;
}

static void leave(void)
{
    const int kept = errno;

    CHECK(pthread_mutex_unlock(&mutex) == 0);
    inside = false;
    errno = kept;
}

void btx_disk_hold(void)
{
    CHECK(enter());
}

void btx_disk_release(void)
{
    leave();
}

static struct disk_file *file_of(int fd)
{
    struct stat status;

    return fstat(fd, &status) == 0 ? btx_disk_find(current, status.st_dev, status.st_ino) : NULL;
}

/* --- Points ----------------------------------------------------------------------------------- */

/* Append @name with each row of digits as one N. */
static void append_pattern(char *target, const char *name)
{
    size_t length = strlen(target);

    for (; *name != '\0' && length + 1 < BTX_DISK_TARGET_BYTES; name++) {
        const bool digit = *name >= '0' && *name <= '9';
        if (!digit)
            target[length++] = *name;
        else if (length == 0 || target[length - 1] != 'N')
            target[length++] = 'N';
    }
    target[length] = '\0';
}

static void append_path(char *target, const struct disk_file *file)
{
    if (file->parent == NULL)
        return;
    append_path(target, file->parent);
    if (target[0] != '\0')
        append_pattern(target, "/");
    append_pattern(target, file->name);
}

/* The point: on @file, or on the entry @name of the folder @file. */
static struct btx_disk_point point_of(enum btx_disk_call call, enum btx_disk_moment moment,
                                      const struct disk_file *file, const char *name)
{
    struct btx_disk_point point = {.call = call, .moment = moment};

    append_path(point.target, file);
    if (name != NULL) {
        if (point.target[0] != '\0')
            append_pattern(point.target, "/");
        append_pattern(point.target, name);
    }
    if (point.target[0] == '\0')
        append_pattern(point.target, ".");
    return point;
}

static void show_point(enum btx_disk_call call, enum btx_disk_moment moment,
                       const struct disk_file *file, const char *name)
{
    if (control.hook == NULL)
        return;
    const struct btx_disk_point point = point_of(call, moment, file, name);
    control.hook(control.hook_context, &point);
}

static bool may_fail(enum btx_disk_call call, const struct disk_file *file, const char *name)
{
    if (control.failed || (control.fail_calls & BTX_DISK_BIT(call)) == 0)
        return false;
    if (control.fail_target == NULL)
        return true;
    const struct btx_disk_point point = point_of(call, BTX_DISK_BEFORE, file, name);
    return strstr(point.target, control.fail_target) != NULL;
}

/* A call begins: on @file, or on the entry @name of the folder @file.  How it is to fail. */
static enum btx_disk_failure begin(enum btx_disk_call call, const struct disk_file *file,
                                   const char *name)
{
    const uint32_t bit = BTX_DISK_BIT(call);

    show_point(call, BTX_DISK_BEFORE, file, name);
    control.calls[call]++;
    if (control.failed && (bit & BTX_DISK_CHANGES) != 0)
        control.changes_after++;
    if (!may_fail(call, file, name) || ++control.fail_count != control.fail_at)
        return BTX_DISK_NO_FAILURE;
    control.failed = true;
    control.failed_at = point_of(call, BTX_DISK_BEFORE, file, name);
    errno = control.error;
    return control.failure;
}

/* --- Opening ---------------------------------------------------------------------------------- */

static int system_openat(int folder_fd, const char *path, int flags, mode_t mode)
{
    return (int)syscall(SYS_openat, folder_fd, path, flags, mode);
}

/* The folder of the disk that @path lies in, and its last name; NULL when it lies elsewhere. */
static struct disk_file *folder_of(int folder_fd, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    char parent[PATH_MAX] = ".";

    *ret_name = slash == NULL ? path : slash + 1;
    if (slash != NULL)
        (void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path) + 1, path);
    if (**ret_name == '\0' || strcmp(*ret_name, ".") == 0)
        return NULL;
    const int fd = system_openat(folder_fd, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    struct disk_file *folder = file_of(fd);
    (void)syscall(SYS_close, fd);
    return folder;
}

static struct disk_file *entry_of(int folder_fd, const char *path)
{
    struct stat status;

    if (fstatat(folder_fd, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return NULL;
    return btx_disk_find(current, status.st_dev, status.st_ino);
}

static void created(struct disk_file *folder, const char *name, bool is_folder,
                    const struct stat *status)
{
    struct disk_file *file =
        btx_disk_add(current, folder, name, is_folder, status->st_dev, status->st_ino);

    (void)btx_disk_rename_entry(current, DISK_NAMING_ADD, folder, name, file);
}

static int open_in(struct disk_file *folder, const char *name, int folder_fd, const char *path,
                   int flags, mode_t mode)
{
    struct disk_file *before = entry_of(folder_fd, path);
    const bool creating = (flags & O_CREAT) != 0 && before == NULL;
    const bool cutting = before != NULL && !before->folder && (flags & O_TRUNC) != 0;
    const enum btx_disk_call call = creating  ? BTX_DISK_CREATE
                                    : cutting ? BTX_DISK_TRUNCATE
                                              : BTX_DISK_OPEN;
    struct stat status;

    CHECK((flags & O_TMPFILE) != O_TMPFILE);
    if (begin(call, folder, name) != BTX_DISK_NO_FAILURE)
        return -1;
    const int fd = system_openat(folder_fd, path, flags & ~O_DIRECT, mode);
    if (fd < 0)
        return fd;
    CHECK(fd < FD_COUNT && fstat(fd, &status) == 0);
    direct[fd] = (flags & O_DIRECT) != 0;
    if (creating)
        created(folder, name, false, &status);
    else if (cutting)
        btx_disk_resized(before, 0);
    if (call != BTX_DISK_OPEN)
        show_point(call, BTX_DISK_DURING, folder, name);
    return fd;
}

static int open_any(int folder_fd, const char *path, int flags, mode_t mode)
{
    struct disk_file *folder;
    const char *name;

    if (!enter())
        return system_openat(folder_fd, path, flags, mode);
    folder = folder_of(folder_fd, path, &name);
    const int fd = folder == NULL ? system_openat(folder_fd, path, flags, mode)
                                  : open_in(folder, name, folder_fd, path, flags, mode);
    leave();
    return fd;
}

/* The mode is there only where a file may be made. */
static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_any(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_any(AT_FDCWD, path, flags, mode);
}

int openat(int folder_fd, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_any(folder_fd, path, flags, mode);
}

int openat64(int folder_fd, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_any(folder_fd, path, flags, mode);
}

int creat(const char *path, mode_t mode)
{
    return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* What hardened headers call instead, when no mode is given. */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags);
int __open64_2(const char *path, int flags)
{
    return open_any(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder_fd, const char *path, int flags);
int __openat_2(int folder_fd, const char *path, int flags)
{
    return open_any(folder_fd, path, flags, 0);
}

int __openat64_2(int folder_fd, const char *path, int flags);
int __openat64_2(int folder_fd, const char *path, int flags)
{
    return open_any(folder_fd, path, flags, 0);
}

int close(int fd)
{
    if (fd >= 0 && fd < FD_COUNT)
        direct[fd] = false;
    return (int)syscall(SYS_close, fd);
}

/* --- Reading ---------------------------------------------------------------------------------- */

/* Past the page cache: the disk says what is there. */
static ssize_t read_direct(const struct disk_file *file, void *bytes, size_t size_bytes,
                           off_t offset)
{
    const uint64_t begin_bytes = (uint64_t)offset;

    if (begin_bytes >= file->size)
        return 0;
    if (size_bytes > file->size - begin_bytes)
        size_bytes = file->size - begin_bytes;
    btx_disk_read(file, bytes, begin_bytes, size_bytes);
    return (ssize_t)size_bytes;
}

static ssize_t read_any(int fd, void *bytes, size_t size_bytes, off_t offset, bool positioned)
{
    ssize_t got;

    if (!enter())
        return positioned ? syscall(SYS_pread64, fd, bytes, size_bytes, offset)
                          : syscall(SYS_read, fd, bytes, size_bytes);
    const struct disk_file *file = file_of(fd);
    if (file != NULL && begin(BTX_DISK_READ, file, NULL) != BTX_DISK_NO_FAILURE)
        got = -1;
    else if (file != NULL && positioned && direct[fd] && !control.no_direct)
        got = read_direct(file, bytes, size_bytes, offset);
    else
        got = positioned ? syscall(SYS_pread64, fd, bytes, size_bytes, offset)
                         : syscall(SYS_read, fd, bytes, size_bytes);
    leave();
    return got;
}

ssize_t read(int fd, void *bytes, size_t size_bytes)
{
    return read_any(fd, bytes, size_bytes, 0, false);
}

ssize_t pread(int fd, void *bytes, size_t size_bytes, off_t offset)
{
    return read_any(fd, bytes, size_bytes, offset, true);
}

ssize_t pread64(int fd, void *bytes, size_t size_bytes, off_t offset)
{
    return read_any(fd, bytes, size_bytes, offset, true);
}

ssize_t __read_chk(int fd, void *bytes, size_t size_bytes, size_t room_bytes);
ssize_t __read_chk(int fd, void *bytes, size_t size_bytes, size_t room_bytes)
{
    CHECK(size_bytes <= room_bytes);
    return read_any(fd, bytes, size_bytes, 0, false);
}

ssize_t __pread_chk(int fd, void *bytes, size_t size_bytes, off_t offset, size_t room_bytes);
ssize_t __pread_chk(int fd, void *bytes, size_t size_bytes, off_t offset, size_t room_bytes)
{
    CHECK(size_bytes <= room_bytes);
    return read_any(fd, bytes, size_bytes, offset, true);
}

ssize_t __pread64_chk(int fd, void *bytes, size_t size_bytes, off_t offset, size_t room_bytes);
ssize_t __pread64_chk(int fd, void *bytes, size_t size_bytes, off_t offset, size_t room_bytes)
{
    CHECK(size_bytes <= room_bytes);
    return read_any(fd, bytes, size_bytes, offset, true);
}

/* --- Writing ---------------------------------------------------------------------------------- */

static ssize_t system_write(int fd, const struct iovec *pieces, int count, off_t offset)
{
    return offset < 0 ? syscall(SYS_writev, fd, pieces, count)
                      : syscall(SYS_pwritev, fd, pieces, count, offset, 0L);
}

/* Files are zeroed ahead all the time: the real one gets a hole, which reads the same. */
static bool is_zeroing(const struct disk_file *file, const struct iovec *pieces, int count,
                       off_t offset)
{
    return count == 1 && offset >= 0 && (uint64_t)offset >= file->size &&
           offset % BTX_DISK_PAGE_BYTES == 0 &&
           btx_disk_all_zero(pieces[0].iov_base, pieces[0].iov_len);
}

static ssize_t write_hole(int fd, const struct iovec *piece, off_t offset)
{
    const ssize_t length = (ssize_t)piece->iov_len;

    return syscall(SYS_ftruncate, fd, offset + length) == 0 ? length : -1;
}

/* Half of what @pieces hold, or less by a few bytes. */
static ssize_t write_half(int fd, const struct iovec *pieces, int count, off_t offset)
{
    struct iovec half[PIECE_COUNT];
    size_t left = 0;
    int used = 0;

    CHECK(count <= PIECE_COUNT);
    for (int i = 0; i < count; i++)
        left += pieces[i].iov_len;
    for (left /= 2; left != 0; used++) {
        half[used] = pieces[used];
        if (half[used].iov_len > left)
            half[used].iov_len = left;
        left -= half[used].iov_len;
    }
    return used == 0 ? 0 : system_write(fd, half, used, offset);
}

/* Tell the disk of @written bytes at @offset. */
static ssize_t tell_written(struct disk_file *file, int fd, ssize_t written, off_t offset,
                            bool synced, enum btx_disk_failure failure)
{
    const uint64_t begin_bytes = (uint64_t)offset;
    const uint64_t end_bytes = begin_bytes + (uint64_t)written;
    const uint64_t number = btx_disk_written(file, fd, begin_bytes, (uint64_t)written);

    if (failure == BTX_DISK_ERROR) {
        btx_disk_lose(file, number, &luck);
        errno = control.error;
        return -1;
    }
    show_point(synced ? BTX_DISK_SYNCED_WRITE : BTX_DISK_WRITE, BTX_DISK_DURING, file, NULL);
    if (synced && !control.lying)
        btx_disk_settle_change(file, number, end_bytes);
    return written;
}

static ssize_t write_to(struct disk_file *file, int fd, const struct iovec *pieces, int count,
                        off_t offset)
{
    const int flags = fcntl(fd, F_GETFL);
    const bool synced = (flags & O_DSYNC) != 0; /* O_SYNC has that bit too */
    const enum btx_disk_failure failure =
        begin(synced ? BTX_DISK_SYNCED_WRITE : BTX_DISK_WRITE, file, NULL);
    const bool positioned = offset >= 0;
    const bool zeroing = failure == BTX_DISK_NO_FAILURE && is_zeroing(file, pieces, count, offset);
    ssize_t written;

    /* A synced write that fails with EIO has reached the cache and then not the disk. */
    if (failure == BTX_DISK_ERROR && !(synced && control.error == EIO))
        return -1;
    if (failure == BTX_DISK_SHORT_WRITE)
        written = write_half(fd, pieces, count, offset);
    else if (zeroing)
        written = write_hole(fd, pieces, offset);
    else
        written = system_write(fd, pieces, count, offset);
    if (written <= 0)
        return written;
    if (!positioned)
        offset = lseek(fd, 0, SEEK_CUR) - written;
    return tell_written(file, zeroing ? -1 : fd, written, offset, synced, failure);
}

static ssize_t write_any(int fd, const struct iovec *pieces, int count, off_t offset)
{
    if (!enter())
        return system_write(fd, pieces, count, offset);
    struct disk_file *file = file_of(fd);
    const ssize_t written = file == NULL ? system_write(fd, pieces, count, offset)
                                         : write_to(file, fd, pieces, count, offset);
    leave();
    return written;
}

static ssize_t write_one(int fd, const void *bytes, size_t length_bytes, off_t offset)
{
    const struct iovec piece = {(void *)(uintptr_t)bytes, length_bytes};

    return write_any(fd, &piece, 1, offset);
}

ssize_t write(int fd, const void *bytes, size_t length_bytes)
{
    return write_one(fd, bytes, length_bytes, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t length_bytes, off_t offset)
{
    return write_one(fd, bytes, length_bytes, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length_bytes, off_t offset)
{
    return write_one(fd, bytes, length_bytes, offset);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    return write_any(fd, pieces, count, -1);
}

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    return write_any(fd, pieces, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t offset)
{
    return write_any(fd, pieces, count, offset);
}

/* --- Sizes ------------------------------------------------------------------------------------ */

static int resize(int fd, off_t size, bool only_larger)
{
    if (!enter())
        return (int)syscall(SYS_ftruncate, fd, size);
    struct disk_file *file = file_of(fd);
    int result = 0;
    if (file != NULL && begin(BTX_DISK_TRUNCATE, file, NULL) != BTX_DISK_NO_FAILURE)
        result = -1;
    else if (file == NULL || !only_larger || (uint64_t)size > file->size)
        result = (int)syscall(SYS_ftruncate, fd, size);
    if (file != NULL && result == 0 && (!only_larger || (uint64_t)size > file->size)) {
        btx_disk_resized(file, (uint64_t)size);
        show_point(BTX_DISK_TRUNCATE, BTX_DISK_DURING, file, NULL);
    }
    leave();
    return result;
}

int ftruncate(int fd, off_t size)
{
    return resize(fd, size, false);
}

int ftruncate64(int fd, off_t size)
{
    return resize(fd, size, false);
}

/* Blocks that are only set aside read as zeros, as holes do. */
int fallocate(int fd, int mode, off_t offset, off_t length)
{
    if (current == NULL || inside)
        return (int)syscall(SYS_fallocate, fd, mode, offset, length);
    CHECK(mode == 0);
    return resize(fd, offset + length, true);
}

int fallocate64(int fd, int mode, off_t offset, off_t length)
{
    return fallocate(fd, mode, offset, length);
}

int posix_fallocate(int fd, off_t offset, off_t length)
{
    return fallocate(fd, 0, offset, length) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off_t offset, off_t length)
{
    return posix_fallocate(fd, offset, length);
}

/* --- Syncs ------------------------------------------------------------------------------------ */

/* There is nothing for the system to do: the real files need not survive anything. */
static int sync_any(int fd, long number)
{
    int result = 0;

    if (!enter())
        return (int)syscall(number, fd);
    struct disk_file *file = file_of(fd);
    if (file == NULL) {
        result = (int)syscall(number, fd);
        leave();
        return result;
    }
    const enum btx_disk_call call = file->folder ? BTX_DISK_FOLDER_SYNC : BTX_DISK_SYNC;
    if (begin(call, file, NULL) != BTX_DISK_NO_FAILURE) {
        if (!file->folder)
            btx_disk_lose(file, 0, &luck);
        errno = control.error;
        result = -1;
    } else {
        show_point(call, BTX_DISK_DURING, file, NULL);
        if (file->folder && !control.lying)
            btx_disk_settle_folder(current, file);
        else if (!control.lying)
            btx_disk_settle(file);
    }
    leave();
    return result;
}

int fsync(int fd)
{
    return sync_any(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_any(fd, SYS_fdatasync);
}

/* It only begins to write and waits for no disk: nothing becomes durable by it. */
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned int flags)
{
    return (int)syscall(SYS_sync_file_range, fd, offset, length, flags);
}

/* Dirty pages stay, clean ones are read from the disk again; or not, it is only advice. */
static int advise(int fd, off_t offset, off_t length, int advice)
{
    if (!enter())
        return syscall(SYS_fadvise64, fd, offset, length, advice) == 0 ? 0 : errno;
    if (advice == POSIX_FADV_DONTNEED) {
        struct disk_file *file = file_of(fd);
        CHECK(file == NULL || (offset == 0 && length == 0));
        if (file != NULL && !control.no_direct && btx_random_chance(&luck, 500))
            btx_disk_forget(file, fd);
    }
    leave();
    return 0;
}

int posix_fadvise(int fd, off_t offset, off_t length, int advice)
{
    return advise(fd, offset, length, advice);
}

int posix_fadvise64(int fd, off_t offset, off_t length, int advice)
{
    return advise(fd, offset, length, advice);
}

/* --- Names ------------------------------------------------------------------------------------ */

static int system_rename(int from_fd, const char *from, int to_fd, const char *to,
                         unsigned int flags)
{
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

static int rename_in(struct disk_file *folder, const char *name, struct disk_file *to_folder,
                     const char *to_name, struct disk_file *file)
{
    struct disk_naming *naming =
        btx_disk_rename_entry(current, DISK_NAMING_MOVE, folder, name, file);

    CHECK(strlen(to_name) < sizeof(naming->to_name));
    naming->to_folder = to_folder;
    strcpy(naming->to_name, to_name);
    file->parent = to_folder;
    strcpy(file->name, to_name);
    show_point(BTX_DISK_RENAME, BTX_DISK_DURING, to_folder, to_name);
    return 0;
}

static int rename_any(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
    const char *name;
    const char *to_name;
    int result;

    if (!enter())
        return system_rename(from_fd, from, to_fd, to, flags);
    struct disk_file *folder = folder_of(from_fd, from, &name);
    struct disk_file *to_folder = folder_of(to_fd, to, &to_name);
    CHECK((folder == NULL) == (to_folder == NULL)); /* Into or out of the disk is not simulated. */
    CHECK(folder == NULL || (flags & ~(unsigned int)RENAME_NOREPLACE) == 0);
    if (folder != NULL && begin(BTX_DISK_RENAME, to_folder, to_name) != BTX_DISK_NO_FAILURE) {
        leave();
        return -1;
    }
    struct disk_file *file = folder == NULL ? NULL : entry_of(from_fd, from);
    result = system_rename(from_fd, from, to_fd, to, flags);
    if (folder != NULL && result == 0)
        result = rename_in(folder, name, to_folder, to_name, file);
    leave();
    return result;
}

int rename(const char *from, const char *to)
{
    return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return rename_any(from_fd, from, to_fd, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
    return rename_any(from_fd, from, to_fd, to, flags);
}

static int unlink_any(int folder_fd, const char *path, int flags)
{
    const char *name;
    int result = -1;

    if (!enter())
        return (int)syscall(SYS_unlinkat, folder_fd, path, flags);
    struct disk_file *folder = folder_of(folder_fd, path, &name);
    struct disk_file *file = folder == NULL ? NULL : entry_of(folder_fd, path);
    if (folder == NULL || begin(BTX_DISK_UNLINK, folder, name) == BTX_DISK_NO_FAILURE)
        result = (int)syscall(SYS_unlinkat, folder_fd, path, flags);
    if (folder != NULL && result == 0) {
        (void)btx_disk_rename_entry(current, DISK_NAMING_REMOVE, folder, name, file);
        show_point(BTX_DISK_UNLINK, BTX_DISK_DURING, folder, name);
    }
    leave();
    return result;
}

int unlink(const char *path)
{
    return unlink_any(AT_FDCWD, path, 0);
}

int unlinkat(int folder_fd, const char *path, int flags)
{
    return unlink_any(folder_fd, path, flags);
}

int rmdir(const char *path)
{
    return unlink_any(AT_FDCWD, path, AT_REMOVEDIR);
}

static int mkdir_in(struct disk_file *folder, const char *name, int folder_fd, const char *path,
                    mode_t mode)
{
    struct stat status;

    if (begin(BTX_DISK_MKDIR, folder, name) != BTX_DISK_NO_FAILURE)
        return -1;
    const int result = (int)syscall(SYS_mkdirat, folder_fd, path, mode);
    if (result != 0)
        return result;
    CHECK(fstatat(folder_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0);
    created(folder, name, true, &status);
    show_point(BTX_DISK_MKDIR, BTX_DISK_DURING, folder, name);
    return 0;
}

static int mkdir_any(int folder_fd, const char *path, mode_t mode)
{
    const char *name;

    if (!enter())
        return (int)syscall(SYS_mkdirat, folder_fd, path, mode);
    struct disk_file *folder = folder_of(folder_fd, path, &name);
    const int result = folder == NULL ? (int)syscall(SYS_mkdirat, folder_fd, path, mode)
                                      : mkdir_in(folder, name, folder_fd, path, mode);
    leave();
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdir_any(AT_FDCWD, path, mode);
}

int mkdirat(int folder_fd, const char *path, mode_t mode)
{
    return mkdir_any(folder_fd, path, mode);
}

/* --- What is not simulated and therefore must not be used ------------------------------------- */

int link(const char *from, const char *to)
{
    return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    CHECK(current == NULL);
    return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int truncate(const char *path, off_t size)
{
    CHECK(current == NULL);
    return (int)syscall(SYS_truncate, path, size);
}

/* --- Space ------------------------------------------------------------------------------------ */

int fstatvfs(int fd, struct statvfs *space)
{
    struct statfs status;

    if (syscall(SYS_fstatfs, fd, &status) != 0)
        return -1;
    *space = (struct statvfs){
        .f_bsize = (unsigned long)status.f_bsize,
        .f_frsize = (unsigned long)status.f_frsize,
        .f_blocks = status.f_blocks,
        .f_bfree = status.f_bfree,
        .f_bavail = status.f_bavail,
        .f_files = status.f_files,
        .f_ffree = status.f_ffree,
        .f_favail = status.f_ffree,
        .f_namemax = (unsigned long)status.f_namelen,
    };
    if (current != NULL && control.free_bytes != 0) {
        space->f_bfree = control.free_bytes / space->f_frsize;
        space->f_bavail = space->f_bfree;
    }
    return 0;
}
