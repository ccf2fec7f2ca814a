/* SPDX-License-Identifier: Apache-2.0 */
/* log_folder.c - names, identity, and writes that last.
 *
 * Whatever is made here is made so that a power cut at any point leaves either nothing, or the
 * whole of it, or a temporary that the next call replaces: written under a temporary name, synced,
 * renamed, and the folder synced. */
#include "engine/wal/log_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "engine/base/crc32c.h"

/* Group may read: auditors and gateways run under other users. */
enum { FOLDER_MODE = 0750, FILE_MODE = 0640 };

enum { SEQ_DIGITS = 20, NUMBER_DIGITS = 10 };
static_assert(SEQ_DIGITS + 1 + NUMBER_DIGITS + sizeof BTX_WAL_SEGMENT_ENDING <= BTX_WAL_NAME_BYTES,
              "a segment's name fits");

/* A filesystem with less room than this is full: XFS still claims a MiB when it takes nothing. */
#define FULL_BYTES (UINT64_C(8) << 20)

/* ---- Names ---- */

void btx_log_segment_name(struct btx_log_segment *segment, uint64_t first_seq, uint64_t number)
{
    CHECK(number >= 1 && number <= BTX_WAL_SEGMENT_NUMBER_MAX);
    memset(segment, 0, sizeof *segment);
    segment->first_seq = first_seq;
    segment->number = number;
    (void)snprintf(segment->name, sizeof segment->name, "%0*" PRIu64 "-%0*" PRIu64 "%s", SEQ_DIGITS,
                   first_seq, NUMBER_DIGITS, number, BTX_WAL_SEGMENT_ENDING); /* It fits. */
}

/* Exactly @count digits at @text. */
static bool digits_parse(const char *text, int count, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    }
    *ret_value = value;
    return true;
}

bool btx_log_segment_parse(const char *name, struct btx_log_segment *ret_segment)
{
    uint64_t first_seq;
    uint64_t number;

    if (!digits_parse(name, SEQ_DIGITS, &first_seq) || name[SEQ_DIGITS] != '-' ||
        !digits_parse(name + SEQ_DIGITS + 1, NUMBER_DIGITS, &number) ||
        strcmp(name + SEQ_DIGITS + 1 + NUMBER_DIGITS, BTX_WAL_SEGMENT_ENDING) != 0 || number == 0)
        return false;
    btx_log_segment_name(ret_segment, first_seq, number);
    return true;
}

/* ---- Listing ---- */

/* A stream of its own over the folder @fd, so that the place in it is not shared. */
static DIR *folder_stream(int fd)
{
    int own_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream;

    if (own_fd < 0)
        return NULL;
    stream = fdopendir(own_fd);
    if (stream == NULL)
        (void)close(own_fd); /* Nothing was written by it. */
    return stream;
}

static int segment_compare(const void *left, const void *right)
{
    const struct btx_log_segment *a = left;
    const struct btx_log_segment *b = right;

    return (a->number > b->number) - (a->number < b->number);
}

struct segment_array {
    struct btx_log_segment *segments;
    size_t count;
    size_t capacity;
};

static bool segment_array_add(struct segment_array *array, const struct btx_log_segment *segment)
{
    if (array->count == array->capacity) {
        size_t capacity = array->capacity == 0 ? 64 : 2 * array->capacity;
        void *grown = reallocarray(array->segments, capacity, sizeof *array->segments);

        if (grown == NULL)
            return false;
        array->segments = grown;
        array->capacity = capacity;
    }
    array->segments[array->count++] = *segment;
    return true;
}

static enum btx_fault_code segments_read(DIR *stream, struct segment_array *array,
                                         struct btx_fault *reterr_fault)
{
    for (;;) {
        struct btx_log_segment segment;
        const struct dirent *entry;

        errno = 0;
        entry = readdir(stream);
        if (entry == NULL && errno != 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "listing the segments");
        if (entry == NULL)
            return BTX_OK;
        if (btx_log_segment_parse(entry->d_name, &segment) && !segment_array_add(array, &segment))
            return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0,
                                 "no memory to list more than %zu segments", array->count);
    }
}

static enum btx_fault_code segments_order(struct segment_array *array,
                                          struct btx_fault *reterr_fault)
{
    if (array->count != 0)
        qsort(array->segments, array->count, sizeof *array->segments, segment_compare);
    for (size_t i = 1; i < array->count; i++) {
        const struct btx_log_segment *before = &array->segments[i - 1];
        const struct btx_log_segment *segment = &array->segments[i];

        if (segment->number == before->number)
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                                 "segments: '%s' and '%s' have one number", before->name,
                                 segment->name);
        if (segment->first_seq < before->first_seq)
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                                 "segments: '%s' comes after '%s' but begins before it",
                                 segment->name, before->name);
    }
    return BTX_OK;
}

enum btx_fault_code btx_log_segments_list(int segments_fd, struct btx_log_segment **ret_segments,
                                          size_t *ret_count, struct btx_fault *reterr_fault)
{
    struct segment_array array = {0};
    DIR *stream = folder_stream(segments_fd);
    enum btx_fault_code code;

    *ret_segments = NULL;
    *ret_count = 0;
    if (stream == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "listing the segments");
    code = segments_read(stream, &array, reterr_fault);
    (void)closedir(stream); /* Nothing was written by it. */
    if (code == BTX_OK)
        code = segments_order(&array, reterr_fault);
    if (code != BTX_OK) {
        free(array.segments);
        return code;
    }
    *ret_segments = array.segments;
    *ret_count = array.count;
    return BTX_OK;
}

/* ---- Writes that last ---- */

enum btx_fault_code btx_wal_write_fault(int fd, int os_error, const char *what,
                                        struct btx_fault *reterr_fault)
{
    struct statvfs space;

    if (os_error == ENOSPC || os_error == EDQUOT)
        return btx_fault_set(reterr_fault, BTX_FAULT_DISK_FULL, os_error, "%s", what);
    if (os_error == EIO && fstatvfs(fd, &space) == 0) {
        uint64_t free_bytes = (uint64_t)space.f_bavail * space.f_frsize;

        if (free_bytes < FULL_BYTES)
            return btx_fault_set(reterr_fault, BTX_FAULT_DISK_FULL, os_error,
                                 "%s: only %" PRIu64 " bytes are left on the filesystem", what,
                                 free_bytes);
    }
    return btx_fault_set(reterr_fault, BTX_FAULT_IO, os_error, "%s", what);
}

enum btx_fault_code btx_wal_write(int fd, const void *bytes, size_t length_bytes,
                                  uint64_t offset_bytes, const char *what,
                                  struct btx_fault *reterr_fault)
{
    const uint8_t *next = bytes;

    while (length_bytes != 0) {
        ssize_t written = pwrite(fd, next, length_bytes, (off_t)offset_bytes);

        if (written < 0 && errno == EINTR)
            continue;
        /* A disk that fills up cuts a write short; the next call then says so.  One that takes
         * nothing and says nothing is broken. */
        if (written <= 0)
            return btx_wal_write_fault(fd, written < 0 ? errno : EIO, what, reterr_fault);
        next += written;
        length_bytes -= (size_t)written;
        offset_bytes += (uint64_t)written;
    }
    return BTX_OK;
}

enum btx_fault_code btx_wal_sync(int fd, const char *what, struct btx_fault *reterr_fault)
{
    /* fsync and not fdatasync: for a folder the latter may leave out new names (ext4), and for a
     * file of this folder's making there is nothing that could be left out with profit. */
    if (fsync(fd) != 0)
        return btx_wal_write_fault(fd, errno, what, reterr_fault);
    return BTX_OK;
}

static bool is_temporary(const char *name)
{
    const size_t length = strlen(name);
    const size_t ending = sizeof BTX_WAL_TEMPORARY_ENDING - 1;

    return length > ending && strcmp(name + length - ending, BTX_WAL_TEMPORARY_ENDING) == 0;
}

enum btx_fault_code btx_wal_temporaries_remove(int folder_fd, struct btx_fault *reterr_fault)
{
    DIR *stream = folder_stream(folder_fd);
    const struct dirent *entry;
    int error = 0;

    if (stream == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking for left-over files");
    for (;;) {
        errno = 0;
        entry = readdir(stream);
        if (entry == NULL) {
            error = errno;
            break;
        }
        /* EISDIR: a folder of that name is nothing that we made. */
        if (is_temporary(entry->d_name) && unlinkat(folder_fd, entry->d_name, 0) != 0 &&
            errno != ENOENT && errno != EISDIR) {
            error = errno;
            break;
        }
    }
    if (error != 0)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, error, "removing left-over files%s%s",
                            entry == NULL ? "" : ": ", entry == NULL ? "" : entry->d_name);
    (void)closedir(stream); /* Nothing was written by it. */
    return error != 0 ? BTX_FAULT_IO : btx_wal_sync(folder_fd, "syncing the folder", reterr_fault);
}

enum btx_fault_code btx_wal_folder_open(int *ret_fd, int parent_fd, const char *name,
                                        struct btx_fault *reterr_fault)
{
    *ret_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*ret_fd < 0) {
        bool missing = errno == ENOENT || errno == ENOTDIR;

        return btx_fault_set(reterr_fault, missing ? BTX_FAULT_CONFIG : BTX_FAULT_IO, errno,
                             "opening the folder '%s'", name);
    }
    return BTX_OK;
}

/* ---- Texts in records ---- */

void btx_wal_text_set(char *field, size_t size_bytes, const char *text)
{
    CHECK(size_bytes != 0);
    memset(field, 0, size_bytes);
    for (size_t i = 0; i < size_bytes - 1 && text[i] != '\0'; i++)
        field[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
}

bool btx_wal_text_valid(const char *field, size_t size_bytes)
{
    size_t length = strnlen(field, size_bytes);

    if (length == size_bytes)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (field[i] < ' ' || field[i] > '~')
            return false;
    }
    return btx_wal_bytes_are_zero(field + length, size_bytes - length);
}

bool btx_wal_bytes_are_zero(const void *bytes, size_t length_bytes)
{
    const uint8_t *byte = bytes;

    for (size_t i = 0; i < length_bytes; i++) {
        if (byte[i] != 0)
            return false;
    }
    return true;
}

/* ---- Identity ---- */

/* NULL, or what is wrong.  The version is looked at last: the frame of a sector with a CRC at its
 * end is to stay in all versions. */
static const char *id_check(const struct btx_wal_id *id)
{
    if (memcmp(id->magic, BTX_WAL_ID_MAGIC, sizeof id->magic) != 0)
        return "this is no wal.id";
    if (id->crc != btx_crc32c(0, id, offsetof(struct btx_wal_id, crc)))
        return "CRC is wrong";
    if (id->format != BTX_WAL_FORMAT)
        return NULL;
    if (id->reserved != 0 || !btx_wal_bytes_are_zero(id->reserved_bytes, sizeof id->reserved_bytes))
        return "reserved bytes are not zero";
    if ((id->uuid[6] & 0xf0) != 0x40 || (id->uuid[8] & 0xc0) != 0x80)
        return "uuid: not one of version 4";
    if (!btx_wal_text_valid(id->host, sizeof id->host))
        return "host: not a padded text";
    return NULL;
}

static enum btx_fault_code id_read_open(int fd, struct btx_wal_id *ret_id,
                                        struct btx_fault *reterr_fault)
{
    struct stat status;
    const char *sentence;
    ssize_t got;

    if (fstat(fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, BTX_WAL_ID_NAME);
    if (status.st_size != (off_t)sizeof *ret_id)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             BTX_WAL_ID_NAME ": want a file of %zu bytes", sizeof *ret_id);
    got = pread(fd, ret_id, sizeof *ret_id, 0);
    if (got != (ssize_t)sizeof *ret_id)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, got < 0 ? errno : EIO,
                             "reading " BTX_WAL_ID_NAME);
    sentence = id_check(ret_id);
    if (sentence != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, BTX_WAL_ID_NAME ": %s", sentence);
    if (ret_id->format != BTX_WAL_FORMAT)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             BTX_WAL_ID_NAME ": the log has format %" PRIu32
                                             ", this program knows %u",
                             ret_id->format, BTX_WAL_FORMAT);
    return BTX_OK;
}

enum btx_fault_code btx_wal_id_read(int root_fd, struct btx_wal_id *ret_id,
                                    struct btx_fault *reterr_fault)
{
    /* O_NONBLOCK: a pipe of that name must not hold us up. */
    int fd = openat(root_fd, BTX_WAL_ID_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    enum btx_fault_code code;

    if (fd < 0)
        return btx_fault_set(reterr_fault, errno == ENOENT ? BTX_FAULT_CONFIG : BTX_FAULT_IO, errno,
                             errno == ENOENT ? "there is no log here: " BTX_WAL_ID_NAME
                                             : "opening " BTX_WAL_ID_NAME);
    code = id_read_open(fd, ret_id, reterr_fault);
    (void)close(fd); /* Nothing was written by it. */
    return code;
}

/* Make the folder @name where it is missing, and sync it.  One that is somewhere else is refused:
 * the filesystem was only looked at for the root. */
static enum btx_fault_code folder_ensure(int root_fd, const char *name,
                                         struct btx_fault *reterr_fault)
{
    struct stat root;
    struct stat folder;
    enum btx_fault_code code;
    int fd;

    if (mkdirat(root_fd, name, FOLDER_MODE) != 0 && errno != EEXIST)
        return btx_wal_write_fault(root_fd, errno, name, reterr_fault);
    if (fstat(root_fd, &root) != 0 || fstatat(root_fd, name, &folder, AT_SYMLINK_NOFOLLOW) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", name);
    if (!S_ISDIR(folder.st_mode) || folder.st_dev != root.st_dev)
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "%s: want a folder on the filesystem of the log (no link, no mount)",
                             name);
    code = btx_wal_folder_open(&fd, root_fd, name, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_wal_sync(fd, name, reterr_fault);
    (void)close(fd); /* It is synced. */
    return code;
}

static enum btx_fault_code id_write(int root_fd, const struct btx_wal_id *id,
                                    struct btx_fault *reterr_fault)
{
    static const char temporary[] = BTX_WAL_ID_NAME BTX_WAL_TEMPORARY_ENDING;
    enum btx_fault_code code;
    int fd;

    if (unlinkat(root_fd, temporary, 0) != 0 && errno != ENOENT)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "removing %s", temporary);
    fd = openat(root_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return btx_wal_write_fault(root_fd, errno, temporary, reterr_fault);
    code = btx_wal_write(fd, id, sizeof *id, 0, temporary, reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_sync(fd, temporary, reterr_fault);
    (void)close(fd); /* It is synced, or the fault is known. */
    if (code == BTX_OK && renameat(root_fd, temporary, root_fd, BTX_WAL_ID_NAME) != 0)
        code = btx_wal_write_fault(root_fd, errno, BTX_WAL_ID_NAME, reterr_fault);
    return code;
}

static enum btx_fault_code id_make(int root_fd, const char *host, uint64_t now_ns,
                                   struct btx_fault *reterr_fault)
{
    struct btx_wal_id id = {.format = BTX_WAL_FORMAT, .created_ns = now_ns};

    memcpy(id.magic, BTX_WAL_ID_MAGIC, sizeof id.magic);
    if (getrandom(id.uuid, sizeof id.uuid, 0) != (ssize_t)sizeof id.uuid)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "no random bytes for the log's id");
    id.uuid[6] = (uint8_t)((id.uuid[6] & 0x0f) | 0x40);
    id.uuid[8] = (uint8_t)((id.uuid[8] & 0x3f) | 0x80);
    btx_wal_text_set(id.host, sizeof id.host, host);
    id.crc = btx_crc32c(0, &id, offsetof(struct btx_wal_id, crc));
    return id_write(root_fd, &id, reterr_fault);
}

/* Segments without the identity that they name: somebody lost a file, and a new identity would
 * make the segments strangers. */
static enum btx_fault_code refuse_segments(int root_fd, struct btx_fault *reterr_fault)
{
    struct btx_log_segment *segments;
    enum btx_fault_code code;
    size_t count;
    int fd;

    code = btx_wal_folder_open(&fd, root_fd, BTX_WAL_SEGMENTS_NAME, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_log_segments_list(fd, &segments, &count, reterr_fault);
    (void)close(fd); /* Nothing was written by it. */
    if (code != BTX_OK)
        return code;
    free(segments);
    if (count != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "there are %zu segments but no " BTX_WAL_ID_NAME
                             " (copy it back from where the log came from)",
                             count);
    return BTX_OK;
}

enum btx_fault_code btx_wal_id_ensure(int root_fd, const char *host, uint64_t now_ns,
                                      struct btx_wal_id *ret_id, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = folder_ensure(root_fd, BTX_WAL_SEGMENTS_NAME, reterr_fault);

    if (code == BTX_OK)
        code = folder_ensure(root_fd, BTX_WAL_SNAPSHOTS_NAME, reterr_fault);
    if (code == BTX_OK && faccessat(root_fd, BTX_WAL_ID_NAME, F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
        errno == ENOENT) {
        code = refuse_segments(root_fd, reterr_fault);
        if (code == BTX_OK)
            code = id_make(root_fd, host, now_ns, reterr_fault);
    }
    /* Also when nothing was made now: a writer that was killed may have made it and not synced. */
    if (code == BTX_OK)
        code = btx_wal_sync(root_fd, "syncing the folder of the log", reterr_fault);
    return code == BTX_OK ? btx_wal_id_read(root_fd, ret_id, reterr_fault) : code;
}
