/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_plain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/wire/record.h"

/* A megabyte at a time is as fast as more, and the alignment is what O_DIRECT may ask for. */
#define ZERO_BYTES (UINT64_C(1) << 20)
#define ALIGNMENT 4096u
/* Read back in pieces of this, what is cut off at its end carried over to the next one. */
#define READ_BYTES (UINT64_C(4) << 20)

static void file_name(uint32_t number, char name[32])
{
    (void)snprintf(name, 32, "plain-%06u.dat", number);
}

static enum btx_fault_code write_all(int fd, const uint8_t *bytes, size_t length_bytes,
                                     uint64_t offset_bytes, struct btx_fault *reterr_fault)
{
    while (length_bytes > 0) {
        const ssize_t written = pwrite(fd, bytes, length_bytes, (off_t)offset_bytes);
        if (written <= 0) {
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, written < 0 ? errno : ENOSPC,
                                 "plain file: pwrite");
        }
        bytes += written;
        length_bytes -= (size_t)written;
        offset_bytes += (uint64_t)written;
    }
    return BTX_OK;
}

static enum btx_fault_code sync_file(int fd, struct btx_fault *reterr_fault)
{
    return fdatasync(fd) == 0
               ? BTX_OK
               : btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "plain file: fdatasync");
}

/* Write the zeros through @fd and sync them. */
static enum btx_fault_code zero(const struct btx_bench_plain *plain, int fd,
                                struct btx_fault *reterr_fault)
{
    for (uint64_t at = 0; at < plain->file_bytes; at += ZERO_BYTES) {
        if (write_all(fd, plain->zeros, ZERO_BYTES, at, reterr_fault) != BTX_OK) {
            return reterr_fault->code;
        }
    }
    return sync_file(fd, reterr_fault);
}

/* Make file number @number, zeroed and durable. */
static enum btx_fault_code make_file(struct btx_bench_plain *plain, uint32_t number, int *ret_fd,
                                     struct btx_fault *reterr_fault)
{
    char name[32];
    int direct_fd = -1;
    file_name(number, name);
    const int fd = openat(plain->folder_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", name);
    }
    if (plain->direct) {
        direct_fd = openat(plain->folder_fd, name, O_WRONLY | O_DIRECT | O_CLOEXEC);
    }
    enum btx_fault_code code = zero(plain, direct_fd < 0 ? fd : direct_fd, reterr_fault);
    if (direct_fd >= 0) {
        (void)close(direct_fd); /* Synced. */
    }
    if (code == BTX_OK && fsync(plain->folder_fd) != 0) {
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: fsync of its folder", name);
    }
    if (code != BTX_OK) {
        (void)close(fd); /* It is given up. */
        return code;
    }
    *ret_fd = fd;
    return BTX_OK;
}

/* The thread of a sustained run. */
static void *make_files(void *context)
{
    struct btx_bench_plain *plain = context;
    struct btx_fault fault = {0};
    int fd = -1;
    CHECK(pthread_mutex_lock(&plain->mutex) == 0);
    while (!plain->stop && !plain->failed) {
        if (plain->files_made - plain->files_taken == BTX_BENCH_PLAIN_AHEAD) {
            CHECK(pthread_cond_wait(&plain->changed, &plain->mutex) == 0);
            continue;
        }
        const uint32_t number = plain->files_made;
        CHECK(pthread_mutex_unlock(&plain->mutex) == 0);
        const enum btx_fault_code code = make_file(plain, number, &fd, &fault);
        CHECK(pthread_mutex_lock(&plain->mutex) == 0);
        if (code == BTX_OK) {
            plain->ready[number % BTX_BENCH_PLAIN_AHEAD] = fd;
            plain->files_made++;
        } else {
            plain->fault = fault;
            plain->failed = true;
        }
        CHECK(pthread_cond_broadcast(&plain->changed) == 0);
    }
    CHECK(pthread_mutex_unlock(&plain->mutex) == 0);
    return NULL;
}

/* Go on with the next file if there is one, or @wait for it.  *ret_taken: whether it did; the
 * descriptor of the last one is then the caller's. */
static enum btx_fault_code take_file(struct btx_bench_plain *plain, bool wait, bool *ret_taken,
                                     struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;
    CHECK(pthread_mutex_lock(&plain->mutex) == 0);
    while (wait && plain->files_made == plain->files_taken && !plain->failed) {
        CHECK(pthread_cond_wait(&plain->changed, &plain->mutex) == 0);
    }
    *ret_taken = plain->files_made != plain->files_taken;
    if (*ret_taken) {
        plain->fd = plain->ready[plain->files_taken % BTX_BENCH_PLAIN_AHEAD];
        plain->files_taken++;
        plain->offset_bytes = 0;
        CHECK(pthread_cond_broadcast(&plain->changed) == 0);
    } else if (plain->failed) {
        *reterr_fault = plain->fault;
        code = plain->fault.code;
    }
    CHECK(pthread_mutex_unlock(&plain->mutex) == 0);
    return code;
}

/* The present file is full: take the next one.  There is none yet: go on behind the zeros of this
 * one, which is slower but no stall. */
static enum btx_fault_code change_file(struct btx_bench_plain *plain,
                                       struct btx_fault *reterr_fault)
{
    const uint64_t end_bytes = plain->offset_bytes;
    const int last_fd = plain->fd;
    bool taken = false;
    enum btx_fault_code code = take_file(plain, false, &taken, reterr_fault);
    if (taken) {
        if (end_bytes < plain->file_bytes && ftruncate(last_fd, (off_t)end_bytes) != 0) {
            code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "plain file: ftruncate");
        }
        (void)close(last_fd); /* Synced by its last commit. */
    } else if (end_bytes <= plain->file_bytes) {
        plain->waits++; /* Once a file, but for a commit that ends where the zeros do. */
    }
    return code;
}

static bool takes_direct(const struct btx_bench_plain *plain)
{
    const int fd =
        openat(plain->folder_fd, "direct.tmp", O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    const bool takes = fd >= 0 && pwrite(fd, plain->zeros, ZERO_BYTES, 0) == (ssize_t)ZERO_BYTES;
    if (fd >= 0) {
        (void)close(fd); /* Only tried. */
    }
    (void)unlinkat(plain->folder_fd, "direct.tmp", 0); /* It may not have been made. */
    return takes;
}

enum btx_fault_code btx_bench_plain_open(struct btx_bench_plain *plain, const char *path,
                                         uint64_t zeroed_bytes, bool sustained,
                                         struct btx_fault *reterr_fault)
{
    *plain = (struct btx_bench_plain){.fd = -1, .sustained = sustained};
    plain->file_bytes = (zeroed_bytes + ZERO_BYTES - 1) / ZERO_BYTES * ZERO_BYTES;
    plain->zeros = aligned_alloc(ALIGNMENT, ZERO_BYTES);
    CHECK(plain->zeros != NULL);
    memset(plain->zeros, 0, ZERO_BYTES);
    plain->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (plain->folder_fd < 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", path);
    }
    /* In a burst the zeros stay in the page cache, which makes small commits a third faster. */
    plain->direct = sustained && takes_direct(plain);
    if (!sustained) {
        return make_file(plain, 0, &plain->fd, reterr_fault);
    }
    CHECK(pthread_mutex_init(&plain->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&plain->changed, NULL) == 0);
    CHECK(pthread_create(&plain->thread, NULL, make_files, plain) == 0);
    bool taken = false;
    return take_file(plain, true, &taken, reterr_fault);
}

enum btx_fault_code btx_bench_plain_commit(struct btx_bench_plain *plain, const uint8_t *bytes,
                                           size_t length_bytes, struct btx_fault *reterr_fault)
{
    if (plain->sustained && plain->offset_bytes + length_bytes > plain->file_bytes &&
        change_file(plain, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    const enum btx_fault_code code =
        write_all(plain->fd, bytes, length_bytes, plain->offset_bytes, reterr_fault);
    plain->offset_bytes += length_bytes;
    return code != BTX_OK ? code : sync_file(plain->fd, reterr_fault);
}

/* End the thread and remove what it made in vain. */
static void stop_thread(struct btx_bench_plain *plain)
{
    char name[32];
    CHECK(pthread_mutex_lock(&plain->mutex) == 0);
    plain->stop = true;
    CHECK(pthread_cond_broadcast(&plain->changed) == 0);
    CHECK(pthread_mutex_unlock(&plain->mutex) == 0);
    CHECK(pthread_join(plain->thread, NULL) == 0);
    CHECK(pthread_cond_destroy(&plain->changed) == 0);
    CHECK(pthread_mutex_destroy(&plain->mutex) == 0);
    for (; plain->files_taken != plain->files_made; plain->files_taken++) {
        file_name(plain->files_taken, name);
        (void)close(plain->ready[plain->files_taken % BTX_BENCH_PLAIN_AHEAD]); /* Unused. */
        (void)unlinkat(plain->folder_fd, name, 0); /* Verify finds it if it stays. */
    }
}

enum btx_fault_code btx_bench_plain_close(struct btx_bench_plain *plain,
                                          struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;
    if (plain->folder_fd < 0) {
        return BTX_OK;
    }
    if (plain->sustained) {
        stop_thread(plain);
    }
    if (plain->fd >= 0) {
        if (ftruncate(plain->fd, (off_t)plain->offset_bytes) != 0 || fsync(plain->fd) != 0) {
            code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "plain file: its end");
        }
        (void)close(plain->fd); /* Synced. */
    }
    (void)close(plain->folder_fd); /* Only read. */
    free(plain->zeros);
    *plain = (struct btx_bench_plain){.folder_fd = -1, .fd = -1};
    return code;
}

/* Check the whole records at the beginning of the @length_bytes at @bytes; returns how many bytes
 * they take, and sets *ret_why when one of them is wrong. */
static size_t check_records(const uint8_t *bytes, size_t length_bytes, uint64_t *events,
                            const char **ret_why)
{
    size_t at = 0;
    while (length_bytes - at >= BTX_RECORD_UNIT_BYTES) {
        const struct btx_record *record = (const void *)(bytes + at);
        if (record->length_units != 0 && btx_record_length_bytes(record) > length_bytes - at) {
            break;
        }
        *ret_why = btx_record_check(record, length_bytes - at);
        if (*ret_why == NULL && !btx_record_sealed(record)) {
            *ret_why = "crc: wrong";
        }
        if (*ret_why == NULL && btx_record_kind(record) == BTX_RECORD_EVENT) {
            (*events)++;
            *ret_why = record->seq == *events ? NULL : "seq: not the next one";
        }
        if (*ret_why != NULL) {
            break;
        }
        at += btx_record_length_bytes(record);
    }
    return at;
}

static enum btx_fault_code verify_file(int fd, const char *name, uint8_t *room, uint64_t *events,
                                       uint64_t *bytes, struct btx_fault *reterr_fault)
{
    size_t held_bytes = 0;
    for (;;) {
        const char *why = NULL;
        const ssize_t got = read(fd, room + held_bytes, READ_BYTES);
        if (got < 0) {
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", name);
        }
        held_bytes += (size_t)got;
        const size_t checked_bytes = check_records(room, held_bytes, events, &why);
        *bytes += checked_bytes;
        held_bytes -= checked_bytes;
        if (why == NULL && got == 0 && held_bytes > 0) {
            why = "ends within a record";
        }
        if (why != NULL) {
            return btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0, "%s: event %llu: %s", name,
                                 (unsigned long long)*events, why);
        }
        if (got == 0) {
            return BTX_OK;
        }
        memmove(room, room + checked_bytes, held_bytes);
    }
}

enum btx_fault_code btx_bench_plain_verify(const char *path, uint64_t *ret_events,
                                           uint64_t *ret_bytes, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = BTX_OK;
    const int folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint8_t *room = aligned_alloc(ALIGNMENT, READ_BYTES + (UINT64_C(1) << 20));
    CHECK(room != NULL);
    *ret_events = 0;
    *ret_bytes = 0;
    for (uint32_t number = 0; code == BTX_OK; number++) {
        char name[32];
        file_name(number, name);
        const int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            break;
        }
        code = verify_file(fd, name, room, ret_events, ret_bytes, reterr_fault);
        (void)close(fd); /* Only read. */
    }
    free(room);
    if (folder_fd >= 0) {
        (void)close(folder_fd); /* Only read. */
    }
    return code;
}
