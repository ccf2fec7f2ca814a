/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/segment_file.h"

#include "engine/base/check.h"
#include "engine/wal/log_folder.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ZERO_PIECE_BYTES = 128 << 10,
    CUT_PIECE_BYTES = 8 << 20,
    FILE_MODE = 0640,
    META_PAGES = 2,
};

/* The one place that turns an LMDB code into a fault. */
static enum btx_fault_code fault_from_lmdb(const struct btx_segment_file *file, int result,
                                           const char *call, struct btx_fault *reterr_fault)
{
    mdb_filehandle_t fd = -1;

    if (result == ENOMEM)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, result, "segments/%s: %s", file->name,
                             call);
    if (result < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "segments/%s: %s: %s", file->name, call,
                             mdb_strerror(result));
    if (file->environment != NULL)
        (void)mdb_env_get_fd(file->environment, &fd); /* -1 stays when it has none. */
    (void)btx_wal_write_fault(fd, result, call, reterr_fault);
    return btx_fault_wrap(reterr_fault, "segments/%s", file->name);
}

static int open_environment(struct btx_segment_file *file, const char *path)
{
    MDB_env *environment = NULL;
    MDB_txn *transaction;
    MDB_stat statistics;
    int result = mdb_env_create(&environment);

    if (result != 0)
        return result;
    file->environment = environment;
    result = mdb_env_set_mapsize(environment, file->map_bytes);
    if (result != 0)
        return result;
    result = mdb_env_open(environment, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS, FILE_MODE);
    if (result != 0)
        return result;
    CHECK(mdb_env_stat(environment, &statistics) == 0);
    if (statistics.ms_psize != BTX_WAL_PAGE_BYTES)
        return MDB_INCOMPATIBLE; /* A machine with other pages cannot write this format. */
    /* The handle of the main database; a transaction that changes nothing writes nothing. */
    result = mdb_txn_begin(environment, NULL, 0, &transaction);
    if (result != 0)
        return result;
    result = mdb_dbi_open(transaction, NULL, 0, &file->database);
    if (result != 0) {
        mdb_txn_abort(transaction);
        return result;
    }
    return mdb_txn_commit(transaction);
}

/* Behind the meta pages, so that every block was written once before LMDB writes it.  Each piece is
 * on its way to the disk before the next one is written: what waits in the page cache for a sync
 * holds up the syncs of commits too, and with hundreds of MiB of it for tenths of a second. */
enum btx_fault_code btx_segment_file_zero(struct btx_segment_file *file, uint64_t zero_bytes,
                                          struct btx_fault *reterr_fault)
{
    static const uint8_t zeros[ZERO_PIECE_BYTES];
    mdb_filehandle_t fd;

    CHECK(mdb_env_get_fd(file->environment, &fd) == 0);
    if (file->zeroed_bytes >= zero_bytes)
        return BTX_OK;
    while (file->zeroed_bytes < zero_bytes) {
        const uint64_t left = zero_bytes - file->zeroed_bytes;
        const size_t piece = left < ZERO_PIECE_BYTES ? (size_t)left : ZERO_PIECE_BYTES;

        if (btx_wal_write(fd, zeros, piece, file->zeroed_bytes, file->name, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        /* It takes the error of a failed write with it: the sync below would no longer tell. */
        if (sync_file_range(fd, (off_t)file->zeroed_bytes, (off_t)piece,
                            SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                SYNC_FILE_RANGE_WAIT_AFTER) != 0)
            return btx_wal_write_fault(fd, errno, file->name, reterr_fault);
        file->zeroed_bytes += piece;
    }
    return btx_wal_sync(fd, file->name, reterr_fault);
}

enum btx_fault_code btx_segment_file_create(struct btx_segment_file *file, const char *folder,
                                            const char *name, uint64_t map_bytes,
                                            uint64_t zero_bytes, struct btx_fault *reterr_fault)
{
    char path[4096];
    int result;

    CHECK(strlen(name) < sizeof file->name);
    memset(file, 0, sizeof *file);
    memcpy(file->name, name, strlen(name) + 1);
    file->map_bytes = map_bytes;
    file->last_page = META_PAGES - 1;
    file->zeroed_bytes = META_PAGES * (uint64_t)BTX_WAL_PAGE_BYTES;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, ENAMETOOLONG, "%s", folder);
    result = open_environment(file, path);
    if (result != 0)
        (void)fault_from_lmdb(file, result, "cannot be created", reterr_fault);
    else if (btx_segment_file_zero(file, zero_bytes, reterr_fault) == BTX_OK)
        return BTX_OK;
    btx_segment_file_close(file);
    (void)unlink(path); /* Else the next start removes it. */
    return reterr_fault->code;
}

static int put(MDB_txn *transaction, const struct btx_segment_file *file, uint64_t seq,
               uint64_t number, const void *bytes, size_t length_bytes)
{
    uint64_t key_numbers[2] = {htobe64(seq), htobe64(number)};
    MDB_val key = {sizeof key_numbers, key_numbers};
    MDB_val value = {length_bytes, (void *)(uintptr_t)bytes}; /* LMDB takes it as it is. */

    return mdb_put(transaction, file->database, &key, &value, MDB_NOOVERWRITE);
}

/* Copied straight into the pages that LMDB will write. */
static int put_batch(MDB_txn *transaction, const struct btx_segment_file *file,
                     const struct btx_segment_commit *commit)
{
    struct btx_wal_key key_bytes = commit->key;
    MDB_val key = {sizeof key_bytes, &key_bytes};
    MDB_val value = {commit->batch_bytes, NULL};
    uint8_t *to;
    int result;

    result = mdb_put(transaction, file->database, &key, &value, MDB_APPEND | MDB_RESERVE);
    if (result != 0)
        return result;
    to = value.mv_data;
    for (size_t i = 0; i < commit->piece_count; i++) {
        memcpy(to, commit->batch[i].iov_base, commit->batch[i].iov_len);
        to += commit->batch[i].iov_len;
    }
    CHECK(to == (uint8_t *)value.mv_data + commit->batch_bytes);
    return 0;
}

static int put_all(MDB_txn *transaction, const struct btx_segment_file *file,
                   const struct btx_segment_commit *commit)
{
    int result = 0;

    if (commit->header != NULL)
        result = put(transaction, file, 0, 0, commit->header, sizeof *commit->header);
    for (size_t i = 0; i < commit->seal_count && result == 0; i++)
        result = put(transaction, file, 0, commit->seals_before + 1 + i, &commit->seals[i],
                     sizeof commit->seals[i]);
    if (result == 0 && commit->piece_count != 0)
        result = put_batch(transaction, file, commit);
    return result;
}

enum btx_segment_result btx_segment_file_commit(struct btx_segment_file *file,
                                                const struct btx_segment_commit *commit,
                                                struct btx_fault *reterr_fault)
{
    MDB_envinfo information;
    MDB_txn *transaction;
    int result = mdb_txn_begin(file->environment, NULL, 0, &transaction);

    if (result == 0) {
        result = put_all(transaction, file, commit);
        if (result != 0)
            mdb_txn_abort(transaction);
        else
            result = mdb_txn_commit(transaction);
    }
    if (result == MDB_MAP_FULL)
        return BTX_SEGMENT_FULL;
    if (result != 0) {
        (void)fault_from_lmdb(file, result, "cannot commit", reterr_fault);
        return BTX_SEGMENT_FAILED;
    }
    CHECK(mdb_env_info(file->environment, &information) == 0);
    file->last_page = information.me_last_pgno;
    return BTX_SEGMENT_COMMITTED;
}

enum btx_fault_code btx_segment_file_publish(struct btx_segment_file *file, int folder_fd,
                                             const char *name, struct btx_fault *reterr_fault)
{
    struct stat found;

    /* rename() replaces silently, and nothing in a log is ever replaced. */
    if (fstatat(folder_fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, EEXIST, "segments/%s", name);
    if (renameat(folder_fd, file->name, folder_fd, name) != 0) {
        (void)btx_wal_write_fault(folder_fd, errno, "cannot rename", reterr_fault);
        return btx_fault_wrap(reterr_fault, "segments/%s", file->name);
    }
    CHECK(strlen(name) < sizeof file->name);
    memcpy(file->name, name, strlen(name) + 1);
    return btx_wal_sync(folder_fd, "segments", reterr_fault);
}

/* In steps: a filesystem that tells its disk what is free (discard) does nothing else meanwhile, so
 * that commits in another file would wait for all of it. */
static int cut(int fd, uint64_t used_bytes)
{
    struct stat found;
    uint64_t bytes;

    if (fstat(fd, &found) != 0)
        return -1;
    for (bytes = (uint64_t)found.st_size; bytes > used_bytes;) {
        bytes = bytes - used_bytes > CUT_PIECE_BYTES ? bytes - CUT_PIECE_BYTES : used_bytes;
        if (ftruncate(fd, (off_t)bytes) != 0)
            return -1;
    }
    return 0;
}

enum btx_fault_code btx_segment_file_finish(struct btx_segment_file *file,
                                            struct btx_fault *reterr_fault)
{
    const uint64_t used_bytes = (file->last_page + 1) * BTX_WAL_PAGE_BYTES;
    enum btx_fault_code code = BTX_OK;
    mdb_filehandle_t fd;

    CHECK(mdb_env_get_fd(file->environment, &fd) == 0);
    if (cut(fd, used_bytes) != 0) {
        (void)btx_wal_write_fault(fd, errno, "cannot be truncated", reterr_fault);
        code = btx_fault_wrap(reterr_fault, "segments/%s", file->name);
    }
    btx_segment_file_close(file);
    return code;
}

void btx_segment_file_close(struct btx_segment_file *file)
{
    if (file->environment != NULL)
        mdb_env_close(file->environment);
    file->environment = NULL;
}
