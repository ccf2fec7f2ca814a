/* SPDX-License-Identifier: Apache-2.0 */
/* disk.h - a simulated disk under one folder: what is durable, and what a power cut may leave.
 *
 * Linked into a test program it takes the place of the libc calls that change files (disk_calls.c),
 * for liblmdb's calls too.  The real files are the page cache's view; beside them it keeps what the
 * disk holds, as an adversary within POSIX would have it.  README.md says what that is.
 * The state lies in memory that forked children share: a child is a process of the machine and may
 * be killed, the disk goes on.  One process at a time; its threads are serialised. */
#ifndef BTX_CRASH_DISK_H
#define BTX_CRASH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/base/attributes.h"
#include "tests/property/random.h"

#define BTX_DISK_SECTOR_BYTES 512u
#define BTX_DISK_PAGE_BYTES 4096u

/* What a program can do to a disk: CALL(NAME, name). */
#define BTX_DISK_CALLS(CALL)                                                                       \
    CALL(OPEN, "open")                  /* what is there already */                                \
    CALL(CREATE, "create")              /* open that makes a file */                               \
    CALL(WRITE, "write")                /* write, pwrite, writev, pwritev */                       \
    CALL(SYNCED_WRITE, "synced write")  /* the same through O_DSYNC or O_SYNC */                   \
    CALL(SYNC, "sync")                  /* fsync, fdatasync of a file */                           \
    CALL(FOLDER_SYNC, "sync of folder") /* fsync, fdatasync of a folder */                         \
    CALL(TRUNCATE, "set size")          /* ftruncate, O_TRUNC, fallocate */                        \
    CALL(RENAME, "rename")              /* rename, renameat, renameat2 */                          \
    CALL(UNLINK, "unlink")              /* unlink, unlinkat, rmdir */                              \
    CALL(MKDIR, "mkdir")                /* mkdir, mkdirat */                                       \
    CALL(READ, "read")                  /* read, pread */

enum btx_disk_call {
#define CALL(NAME, name) BTX_DISK_##NAME,
    BTX_DISK_CALLS(CALL)
#undef CALL
        BTX_DISK_CALL_COUNT
};

const char *btx_disk_call_name(enum btx_disk_call call);

/* A set of calls, as bits; and those that change something. */
#define BTX_DISK_BIT(call) (1u << (call))
#define BTX_DISK_CHANGES                                                                           \
    ((BTX_DISK_BIT(BTX_DISK_CALL_COUNT) - 1u) & ~BTX_DISK_BIT(BTX_DISK_OPEN) &                     \
     ~BTX_DISK_BIT(BTX_DISK_READ))

/* When a hook is called. */
enum btx_disk_moment {
    BTX_DISK_BEFORE, /* nothing has happened: a process that ends here was killed before the call */
    BTX_DISK_DURING, /* the page cache has changed, but nothing became durable by the call */
};

enum { BTX_DISK_TARGET_BYTES = 96 };

/* A place in the life of a program: the call it is in, and on what. */
struct btx_disk_point {
    enum btx_disk_call call;
    enum btx_disk_moment moment;
    /* Path below the root, each row of digits as one "N": "segments/N-N.mdb". */
    char target[BTX_DISK_TARGET_BYTES];
};

typedef void (*btx_disk_hook)(void *context, const struct btx_disk_point *point);

enum btx_disk_failure {
    BTX_DISK_NO_FAILURE,
    BTX_DISK_ERROR,       /* the call fails with @error */
    BTX_DISK_SHORT_WRITE, /* half of it is written; a call that is no write fails with @error */
};

/* What this process does to its calls.  Fields may be set at any time between calls. */
struct btx_disk_control {
    btx_disk_hook hook; /* NULL: none.  May build images and may end the process. */
    void *hook_context;
    bool lying;     /* syncs report success and make nothing durable: the negative control */
    bool no_direct; /* O_DIRECT reads see the page cache: a recovery that would not ask the disk */
    uint64_t free_bytes;           /* what fstatvfs() says of the disk; 0: what the system says */
    enum btx_disk_failure failure; /* of the call number @fail_at of the set @fail_calls, from 1 */
    uint32_t fail_calls;
    uint64_t fail_at;
    const char *fail_target; /* only where the point's target has this in it; NULL: anywhere */
    int error;
    uint64_t fail_count;                 /* calls of the set met so far */
    bool failed;                         /* it has happened, */
    struct btx_disk_point failed_at;     /* here */
    uint64_t changes_after;              /* calls of BTX_DISK_CHANGES begun since */
    uint64_t calls[BTX_DISK_CALL_COUNT]; /* begun, all in all */
};

struct btx_disk_control *btx_disk_control(void);

struct btx_disk; /* opaque, in shared memory */

/* Set up shared memory, once, in the parent of all processes: @size_bytes of it at most, used when
 * touched.  Reset drops everything in it, disks included. */
void btx_disk_memory_open(size_t size_bytes);
void btx_disk_memory_reset(void);
/* Zeroed memory there, for what the processes of a test share; and give it back (NULL: nothing). */
void *btx_disk_memory_take(size_t size_bytes);
void btx_disk_memory_give(void *memory);

/* A disk whose content is what lies below the folder @root (an absolute path), all of it
 * durable. */
struct btx_disk *btx_disk_open(const char *root);

/* Let this process's calls go to @disk; NULL: to no disk, they are the system's again. */
void btx_disk_use(struct btx_disk *disk);

/* Keep the other threads of this process from the disk in use, and let them go on; hooks are called
 * so already. */
void btx_disk_hold(void);
void btx_disk_release(void);

/* What a power cut took of what was not durable. */
struct btx_disk_loss {
    uint64_t torn_writes; /* some sectors of them are there, others are not */
    uint64_t lost_writes; /* no sector is */
    uint64_t lost_names;  /* created, renamed, removed: it has not happened */
};

/* Build in the empty folder @folder what the power cut may leave: durable content, and of what
 * is not durable a random part.  May be called by a hook.  Returns what is not there. */
struct btx_disk_loss btx_disk_image(struct btx_disk *disk, const char *folder,
                                    struct btx_random *random);

/* Compare the real files with what the disk was told.  NULL, or what differs: a call went past
 * the disk.  Static storage. */
BTX_MUST_USE const char *btx_disk_check(struct btx_disk *disk);

/* Give back its memory.  NULL is allowed. */
void btx_disk_close(struct btx_disk *disk);

/* Remove everything below @folder, not the folder itself; and make a folder that may exist.
 * Both go past the disk. */
void btx_disk_folder_clear(const char *folder);
void btx_disk_folder_make(const char *folder);

#endif
