/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot.c - writing: everything into a temporary file, the header last, then sync, rename, sync
 * of the folder, so that a file with the name of a snapshot is always a whole one.  Loading:
 * nothing is believed, and no memory is taken, before header and file size agree. */
#include "engine/wal/snapshot.h"

#include "engine/base/check.h"
#include "engine/base/crc32c.h"
#include "engine/wal/log_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* One write at a time: enough that the calls cost nothing beside the bytes. */
enum { BUFFER_BYTES = 1024 * 1024 };
enum { SEQ_DIGITS = 20 };

#define HEADER_BYTES sizeof(struct btx_wal_snapshot_header)
#define HEADER_CRC_BYTES offsetof(struct btx_wal_snapshot_header, crc)

void btx_snapshot_name(char ret_name[BTX_WAL_NAME_BYTES], uint64_t seq)
{
    snprintf(ret_name, BTX_WAL_NAME_BYTES, "%0*" PRIu64 BTX_WAL_SNAPSHOT_ENDING, SEQ_DIGITS, seq);
}

bool btx_snapshot_name_parse(const char *name, uint64_t *ret_seq)
{
    char canonical[BTX_WAL_NAME_BYTES];
    uint64_t seq = 0;

    for (size_t i = 0; i < SEQ_DIGITS; i++) {
        if (name[i] < '0' || name[i] > '9')
            return false;
        seq = 10 * seq + (uint64_t)(name[i] - '0'); /* Too great a number wraps, and differs. */
    }
    btx_snapshot_name(canonical, seq);
    if (strcmp(name, canonical) != 0)
        return false;
    *ret_seq = seq;
    return true;
}

static void temporary_name(char ret_name[BTX_WAL_NAME_BYTES], uint64_t seq)
{
    btx_snapshot_name(ret_name, seq);
    strcat(ret_name, BTX_WAL_TEMPORARY_ENDING); /* 29 bytes of BTX_WAL_NAME_BYTES. */
}

/* The identity of the log at @root, and its folder of snapshots. */
static enum btx_fault_code open_folder(const char *root, struct btx_wal_id *ret_id,
                                       int *ret_folder_fd, struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int root_fd;

    code = btx_wal_folder_open(&root_fd, AT_FDCWD, root, reterr_fault);
    if (code != BTX_OK)
        return code;
    code = btx_wal_id_read(root_fd, ret_id, reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_folder_open(ret_folder_fd, root_fd, BTX_WAL_SNAPSHOTS_NAME, reterr_fault);
    close(root_fd);
    return code;
}

static void fill_header(struct btx_snapshot_writer *writer, const struct btx_wal_id *id,
                        const struct btx_wal_seal *seal, uint32_t rules_version, uint64_t now_ns)
{
    struct btx_wal_snapshot_header *header = &writer->header;

    memset(header, 0, sizeof *header);
    memcpy(header->magic, BTX_WAL_SNAPSHOT_MAGIC, sizeof header->magic);
    header->format = BTX_WAL_FORMAT;
    header->rules_version = rules_version;
    memcpy(header->uuid, id->uuid, sizeof header->uuid);
    header->segment = seal->segment;
    header->seq = seal->last_seq;
    header->tx = seal->last_tx;
    header->created_ns = now_ns;
    memcpy(header->chain, seal->hash, sizeof header->chain);
}

static enum btx_fault_code create_file(struct btx_snapshot_writer *writer,
                                       struct btx_fault *reterr_fault)
{
    char name[BTX_WAL_NAME_BYTES];

    temporary_name(name, writer->header.seq);
    writer->fd =
        openat(writer->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (writer->fd < 0)
        return btx_wal_write_fault(writer->folder_fd, errno, "making the file", reterr_fault);
    return BTX_OK;
}

enum btx_fault_code btx_snapshot_begin(struct btx_snapshot_writer *writer, const char *root,
                                       const struct btx_wal_seal *seal, uint32_t rules_version,
                                       uint64_t now_ns, struct btx_fault *reterr_fault)
{
    struct btx_wal_id id;
    enum btx_fault_code code;

    memset(writer, 0, sizeof *writer);
    writer->fd = -1;
    writer->folder_fd = -1;
    code = open_folder(root, &id, &writer->folder_fd, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "snapshot");
    fill_header(writer, &id, seal, rules_version, now_ns);
    /* What a crash left of an earlier one: nobody else writes any now. */
    code = btx_wal_temporaries_remove(writer->folder_fd, reterr_fault);
    if (code == BTX_OK)
        code = btx_sha256_init(&writer->sha256, reterr_fault);
    if (code == BTX_OK)
        code = create_file(writer, reterr_fault);
    if (code == BTX_OK) {
        writer->buffer = malloc(BUFFER_BYTES);
        if (writer->buffer == NULL)
            code = btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room for a buffer");
    }
    if (code != BTX_OK) {
        btx_snapshot_done(writer);
        return btx_fault_wrap(reterr_fault, "snapshot");
    }
    return BTX_OK;
}

/* Write what is buffered where it belongs: behind the header and the state before it. */
static enum btx_fault_code flush_buffer(struct btx_snapshot_writer *writer)
{
    const size_t length_bytes = writer->buffered_bytes;
    const uint64_t offset_bytes = HEADER_BYTES + writer->header.length_bytes - length_bytes;

    writer->buffered_bytes = 0;
    return btx_wal_write(writer->fd, writer->buffer, length_bytes, offset_bytes,
                         "writing the state", &writer->fault);
}

void btx_snapshot_add(void *context, const void *bytes, size_t length_bytes)
{
    struct btx_snapshot_writer *writer = context;
    const uint8_t *next = bytes;

    CHECK(writer->buffer != NULL);
    btx_sha256_update(&writer->sha256, bytes, length_bytes);
    while (length_bytes > 0 && writer->fault.code == BTX_OK) {
        const size_t room_bytes = BUFFER_BYTES - writer->buffered_bytes;
        const size_t piece_bytes = length_bytes < room_bytes ? length_bytes : room_bytes;

        memcpy(writer->buffer + writer->buffered_bytes, next, piece_bytes);
        writer->buffered_bytes += piece_bytes;
        writer->header.length_bytes += piece_bytes;
        next += piece_bytes;
        length_bytes -= piece_bytes;
        if (writer->buffered_bytes == BUFFER_BYTES)
            (void)flush_buffer(writer); /* The fault stays, and end reports it. */
    }
}

/* Rename the finished file and make that durable too. */
static enum btx_fault_code publish(struct btx_snapshot_writer *writer,
                                   struct btx_fault *reterr_fault)
{
    char temporary[BTX_WAL_NAME_BYTES];
    char name[BTX_WAL_NAME_BYTES];
    enum btx_fault_code code;

    temporary_name(temporary, writer->header.seq);
    btx_snapshot_name(name, writer->header.seq);
    if (renameat(writer->folder_fd, temporary, writer->folder_fd, name) != 0)
        return btx_wal_write_fault(writer->folder_fd, errno, "naming the file", reterr_fault);
    close(writer->fd); /* It is synced: closing has nothing to report. */
    writer->fd = -1;
    code = btx_wal_sync(writer->folder_fd, "syncing the folder", reterr_fault);
    /* Whether the name is durable is unknown: without it there is no snapshot, for certain. */
    if (code != BTX_OK)
        (void)unlinkat(writer->folder_fd, name, 0);
    return code;
}

enum btx_fault_code btx_snapshot_end(struct btx_snapshot_writer *writer,
                                     uint8_t ret_digest[BTX_SHA256_BYTES],
                                     struct btx_fault *reterr_fault)
{
    struct btx_wal_snapshot_header *header = &writer->header;
    enum btx_fault_code code;

    CHECK(writer->buffer != NULL);
    code = writer->fault.code;
    if (code == BTX_OK)
        code = flush_buffer(writer);
    if (code != BTX_OK)
        *reterr_fault = writer->fault;
    btx_sha256_final(&writer->sha256, header->digest);
    header->crc = btx_crc32c(0, header, HEADER_CRC_BYTES);
    if (code == BTX_OK)
        code =
            btx_wal_write(writer->fd, header, HEADER_BYTES, 0, "writing the header", reterr_fault);
    if (code == BTX_OK)
        code = btx_wal_sync(writer->fd, "syncing the file", reterr_fault);
    if (code == BTX_OK)
        code = publish(writer, reterr_fault);
    if (code == BTX_OK && ret_digest != NULL)
        memcpy(ret_digest, header->digest, BTX_SHA256_BYTES);
    btx_snapshot_done(writer);
    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "snapshot");
}

void btx_snapshot_done(struct btx_snapshot_writer *writer)
{
    char name[BTX_WAL_NAME_BYTES];

    if (writer->fd >= 0) {
        temporary_name(name, writer->header.seq);
        close(writer->fd);                          /* Nobody will read it: nothing to report. */
        (void)unlinkat(writer->folder_fd, name, 0); /* What stays goes with the next snapshot. */
    }
    if (writer->folder_fd >= 0)
        close(writer->folder_fd);
    writer->fd = -1;
    writer->folder_fd = -1;
    btx_sha256_done(&writer->sha256);
    free(writer->buffer);
    writer->buffer = NULL;
}

enum btx_fault_code btx_snapshot_remove(const char *root, uint64_t seq,
                                        struct btx_fault *reterr_fault)
{
    char name[BTX_WAL_NAME_BYTES];
    enum btx_fault_code code;
    struct btx_wal_id id;
    int folder_fd;

    btx_snapshot_name(name, seq);
    code = open_folder(root, &id, &folder_fd, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "snapshot %s", name);
    if (unlinkat(folder_fd, name, 0) != 0 && errno != ENOENT)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "cannot remove");
    if (code == BTX_OK)
        code = btx_wal_sync(folder_fd, "syncing the folder", reterr_fault);
    (void)close(folder_fd); /* It is synced. */
    return code == BTX_OK ? BTX_OK : btx_fault_wrap(reterr_fault, "snapshot %s", name);
}

/* Why @header cannot be that of snapshot @seq of a file of @file_bytes; NULL when it can. */
static const char *wrong_header(const struct btx_wal_snapshot_header *header, uint64_t seq,
                                const struct btx_wal_id *id, uint64_t file_bytes)
{
    if (memcmp(header->magic, BTX_WAL_SNAPSHOT_MAGIC, sizeof header->magic) != 0)
        return "it does not begin as a snapshot";
    if (header->crc != btx_crc32c(0, header, HEADER_CRC_BYTES))
        return "the CRC of its header is wrong";
    if (!btx_wal_bytes_are_zero(header->reserved, sizeof header->reserved))
        return "reserved bytes of its header are not zero";
    if (memcmp(header->uuid, id->uuid, sizeof header->uuid) != 0)
        return "it belongs to another log";
    if (header->seq != seq)
        return "it has the name of another one";
    if (file_bytes - HEADER_BYTES < header->length_bytes)
        return "it is cut short";
    if (file_bytes - HEADER_BYTES > header->length_bytes)
        return "there are bytes behind its end";
    return NULL;
}

/* Read exactly @length_bytes at @offset_bytes of the snapshot. */
static enum btx_fault_code read_piece(int fd, void *ret_bytes, size_t length_bytes,
                                      uint64_t offset_bytes, struct btx_fault *reterr_fault)
{
    size_t read_bytes = 0;

    while (read_bytes < length_bytes) {
        const ssize_t got = pread(fd, (uint8_t *)ret_bytes + read_bytes, length_bytes - read_bytes,
                                  (off_t)(offset_bytes + read_bytes));

        if (got == 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "it is cut short");
        if (got < 0 && errno != EINTR)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "cannot read");
        if (got > 0)
            read_bytes += (size_t)got;
    }
    return BTX_OK;
}

static enum btx_fault_code read_header(struct btx_snapshot *snapshot, int fd, uint64_t seq,
                                       const struct btx_wal_id *id, struct btx_fault *reterr_fault)
{
    struct btx_wal_snapshot_header *header = &snapshot->header;
    enum btx_fault_code code;
    const char *why;
    struct stat status;

    if (fstat(fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "cannot look at it");
    if (!S_ISREG(status.st_mode))
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "it is not a file");
    if ((uint64_t)status.st_size < HEADER_BYTES)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "it is cut short");
    code = read_piece(fd, header, HEADER_BYTES, 0, reterr_fault);
    if (code != BTX_OK)
        return code;
    why = wrong_header(header, seq, id, (uint64_t)status.st_size);
    /* The format stands before all that a later format may have changed. */
    if (memcmp(header->magic, BTX_WAL_SNAPSHOT_MAGIC, sizeof header->magic) == 0 &&
        header->format != BTX_WAL_FORMAT && header->crc == btx_crc32c(0, header, HEADER_CRC_BYTES))
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "it has format %" PRIu32 ", this version reads %u", header->format,
                             BTX_WAL_FORMAT);
    if (why != NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0, "%s", why);
    return BTX_OK;
}

/* Memory of our own, read with pread: a mapped file that somebody cuts would be a SIGBUS. */
static enum btx_fault_code read_state(struct btx_snapshot *snapshot, int fd,
                                      struct btx_fault *reterr_fault)
{
    const size_t length_bytes = snapshot->header.length_bytes;
    struct btx_sha256 sha256 = {0};
    uint8_t digest[BTX_SHA256_BYTES];
    enum btx_fault_code code;
    void *memory;

    /* A state of no bytes is none, but it has a digest: what it means is the core's to say. */
    snapshot->mapped_bytes = length_bytes > 0 ? length_bytes : 1;
    memory = mmap(NULL, snapshot->mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    if (memory == MAP_FAILED)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, errno, "no room for its %zu bytes",
                             length_bytes);
    snapshot->state = memory;
    code = read_piece(fd, memory, length_bytes, HEADER_BYTES, reterr_fault);
    if (code == BTX_OK)
        code = btx_sha256_init(&sha256, reterr_fault);
    if (code == BTX_OK) {
        btx_sha256_update(&sha256, memory, length_bytes);
        btx_sha256_final(&sha256, digest);
        if (memcmp(digest, snapshot->header.digest, sizeof digest) != 0)
            code = btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                                 "its state has another digest than its header says");
    }
    btx_sha256_done(&sha256);
    return code;
}

enum btx_fault_code btx_snapshot_load(struct btx_snapshot *snapshot, const char *root, uint64_t seq,
                                      struct btx_fault *reterr_fault)
{
    char name[BTX_WAL_NAME_BYTES];
    enum btx_fault_code code;
    struct btx_wal_id id;
    int folder_fd;
    int fd;

    memset(snapshot, 0, sizeof *snapshot);
    btx_snapshot_name(name, seq);
    code = open_folder(root, &id, &folder_fd, reterr_fault);
    if (code != BTX_OK)
        return btx_fault_wrap(reterr_fault, "snapshot %s", name);
    /* O_NONBLOCK: a pipe of that name must not make anybody wait. */
    fd = openat(folder_fd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "cannot open");
    if (code == BTX_OK)
        code = read_header(snapshot, fd, seq, &id, reterr_fault);
    if (code == BTX_OK)
        code = read_state(snapshot, fd, reterr_fault);
    if (fd >= 0)
        close(fd);
    close(folder_fd);
    if (code != BTX_OK) {
        btx_snapshot_unload(snapshot);
        return btx_fault_wrap(reterr_fault, "snapshot %s", name);
    }
    return BTX_OK;
}

void btx_snapshot_unload(struct btx_snapshot *snapshot)
{
    if (snapshot->state != NULL)
        (void)munmap(snapshot->state, snapshot->mapped_bytes); /* Only a bug could make it fail. */
    snapshot->state = NULL;
}

static int compare_seqs(const void *left, const void *right)
{
    const uint64_t *a = left;
    const uint64_t *b = right;

    return (*a > *b) - (*a < *b);
}

/* All names in @folder that are those of snapshots, in the folder's order. */
static enum btx_fault_code collect_seqs(DIR *folder, uint64_t **ret_seqs, size_t *ret_count,
                                        struct btx_fault *reterr_fault)
{
    const struct dirent *entry;
    uint64_t *seqs = NULL;
    size_t count = 0;
    size_t room = 0;
    uint64_t seq;

    while (errno = 0, (entry = readdir(folder)) != NULL) {
        if (!btx_snapshot_name_parse(entry->d_name, &seq))
            continue;
        if (count == room) {
            uint64_t *more;

            room = room == 0 ? 64 : 2 * room;
            more = reallocarray(seqs, room, sizeof *seqs);
            if (more == NULL) {
                free(seqs);
                return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM,
                                     "no room for a list of snapshots");
            }
            seqs = more;
        }
        seqs[count++] = seq;
    }
    if (errno != 0) {
        free(seqs);
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot read the folder",
                             BTX_WAL_SNAPSHOTS_NAME);
    }
    *ret_seqs = seqs;
    *ret_count = count;
    return BTX_OK;
}

enum btx_fault_code btx_snapshot_list(const char *root, uint64_t **ret_seqs, size_t *ret_count,
                                      struct btx_fault *reterr_fault)
{
    enum btx_fault_code code;
    int folder_fd = -1;
    int root_fd;
    DIR *folder;

    *ret_seqs = NULL;
    *ret_count = 0;
    code = btx_wal_folder_open(&root_fd, AT_FDCWD, root, reterr_fault);
    if (code != BTX_OK)
        return code;
    folder_fd = openat(root_fd, BTX_WAL_SNAPSHOTS_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(root_fd);
    if (folder_fd < 0 && errno == ENOENT)
        return BTX_OK; /* They are short cuts: a log without the folder is whole. */
    folder = folder_fd < 0 ? NULL : fdopendir(folder_fd);
    if (folder == NULL) {
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot open the folder",
                             BTX_WAL_SNAPSHOTS_NAME);
        if (folder_fd >= 0)
            close(folder_fd);
        return code;
    }
    code = collect_seqs(folder, ret_seqs, ret_count, reterr_fault);
    closedir(folder);
    if (code == BTX_OK && *ret_count > 0)
        qsort(*ret_seqs, *ret_count, sizeof **ret_seqs, compare_seqs);
    return code;
}
