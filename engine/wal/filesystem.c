/* SPDX-License-Identifier: Apache-2.0 */
/* filesystem.c - a table of filesystems, by the number that statfs gives.
 *
 * The numbers are those of the kernel (linux/magic.h) and, for filesystems outside of it, of
 * their own sources.  ext2, ext3 and ext4 share one; the table of mounts tells them apart.  An ext4
 * without a journal cannot be told from one that has it; mkfs makes a journal unless asked not
 * to. */
#include "engine/wal/filesystem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define EXT_MAGIC 0xef53u

/* Why one is refused, as a sentence for the operator. */
#define NETWORK "a writer on another machine would not see the lock"
#define CLUSTER "it can be mounted by several machines at once"
#define FOREIGN "what it promises depends on a program or host behind it"
#define LAYERED "two mounts of it can have two locks for one log"
#define VOLATILE "all of it is lost with the power"
#define UNTRIED "the log's promises were never tested on it"
#define READ_ONLY "it cannot be written to"

struct filesystem {
    uint32_t magic;
    const char *name;
    const char *objection; /* NULL: allowed */
};

static const struct filesystem filesystems[] = {
    {EXT_MAGIC, "ext4", NULL},          {0x58465342, "xfs", NULL},
    {0x00006969, "nfs", NETWORK},       {0x6e667364, "nfsd", NETWORK},
    {0x0000517b, "smb", NETWORK},       {0xff534d42, "cifs", NETWORK},
    {0xfe534d42, "smb2", NETWORK},      {0x00c36400, "ceph", NETWORK},
    {0x01021997, "9p", NETWORK},        {0x5346414f, "afs", NETWORK},
    {0x6b414653, "kafs", NETWORK},      {0x73757245, "coda", NETWORK},
    {0x0000564c, "ncpfs", NETWORK},     {0x0bd00bd0, "lustre", CLUSTER},
    {0x01161970, "gfs2", CLUSTER},      {0x7461636f, "ocfs2", CLUSTER},
    {0x47504653, "gpfs", CLUSTER},      {0x19830326, "beegfs", CLUSTER},
    {0x20030528, "orangefs", CLUSTER},  {0xaad7aaea, "panfs", CLUSTER},
    {0xbeefdead, "snfs", CLUSTER},      {0xa501fcf5, "vxfs", CLUSTER},
    {0x61636673, "acfs", CLUSTER},      {0x013111a8, "ibrix", CLUSTER},
    {0x65735546, "fuse", FOREIGN}, /* virtiofs too */
    {0x786f4256, "vboxsf", FOREIGN},    {0xbacbacbc, "vmhgfs", FOREIGN},
    {0x00c0ffee, "hostfs", FOREIGN},    {0x794c7630, "overlay", LAYERED},
    {0x61756673, "aufs", LAYERED},      {0x6a656a62, "shiftfs", LAYERED},
    {0x0000f15f, "ecryptfs", LAYERED},  {0x01021994, "tmpfs", VOLATILE},
    {0x858458f6, "ramfs", VOLATILE},    {0x958458f6, "hugetlbfs", VOLATILE},
    {0x9123683e, "btrfs", UNTRIED},     {0xca451a4e, "bcachefs", UNTRIED},
    {0x2fc12fc1, "zfs", UNTRIED},       {0xf2f52010, "f2fs", UNTRIED},
    {0x52654973, "reiserfs", UNTRIED},  {0x3153464a, "jfs", UNTRIED},
    {0x00003434, "nilfs", UNTRIED},     {0x24051905, "ubifs", UNTRIED},
    {0x000072b6, "jffs2", UNTRIED},     {0x00004d44, "vfat", UNTRIED},
    {0x2011bab0, "exfat", UNTRIED},     {0x5346544e, "ntfs", UNTRIED},
    {0x7366746e, "ntfs3", UNTRIED},     {0x0000482b, "hfsplus", UNTRIED},
    {0x00004244, "hfs", UNTRIED},       {0x00011954, "ufs", UNTRIED},
    {0x15013346, "udf", UNTRIED},       {0x0000137f, "minix", UNTRIED},
    {0x00009660, "iso9660", READ_ONLY}, {0x73717368, "squashfs", READ_ONLY},
    {0xe0f5e1e2, "erofs", READ_ONLY},   {0x28cd3d45, "cramfs", READ_ONLY},
    {0x00009fa0, "proc", READ_ONLY},    {0x62656572, "sysfs", READ_ONLY},
};

static const struct filesystem unknown = {0, "unknown", UNTRIED};

static const struct filesystem *filesystem_find(uint64_t magic)
{
    for (size_t i = 0; i < BTX_COUNT_OF(filesystems); i++) {
        if (filesystems[i].magic == magic)
            return &filesystems[i];
    }
    return &unknown;
}

const char *btx_wal_filesystem_name(uint64_t magic, bool *ret_allowed)
{
    const struct filesystem *filesystem = filesystem_find(magic);

    *ret_allowed = filesystem->objection == NULL;
    return filesystem->name;
}

/* One line of the table: "36 35 98:0 /root /mount options [fields] - type source options". */
static bool line_is(const char *line, uint64_t device, char ret_type[BTX_WAL_FILESYSTEM_BYTES])
{
    const char *dash = strstr(line, " - ");
    unsigned int major_number;
    unsigned int minor_number;

    if (dash == NULL || sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) != 2 ||
        makedev(major_number, minor_number) != device)
        return false;
    return sscanf(dash, " - %31s", ret_type) == 1;
}

bool btx_wal_filesystem_mounted(const char *table, uint64_t device,
                                char ret_type[BTX_WAL_FILESYSTEM_BYTES])
{
    FILE *file = fopen(table, "re");
    bool found = false;
    char *line = NULL;
    size_t size = 0;

    if (file == NULL)
        return false;
    while (!found && getline(&line, &size, file) > 0)
        found = line_is(line, device, ret_type);
    free(line);
    (void)fclose(file); /* Nothing was written by it. */
    return found;
}

static enum btx_fault_code refuse(const char *name, uint64_t magic, const char *objection,
                                  struct btx_fault *reterr_fault)
{
    return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                         "the filesystem is %s (0x%" PRIx64
                         "): %s; put the log on ext4 or XFS of a local disk, or say "
                         "wal.unsafe_filesystem: true for a demonstration",
                         name, magic, objection);
}

enum btx_fault_code btx_wal_filesystem_check(int root_fd, bool unsafe,
                                             struct btx_fault *reterr_fault)
{
    char type[BTX_WAL_FILESYSTEM_BYTES];
    const struct filesystem *filesystem;
    struct statfs space;
    struct stat status;
    uint64_t magic;

    if (unsafe)
        return BTX_OK;
    if (fstatfs(root_fd, &space) != 0 || fstat(root_fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "asking for the filesystem");
    magic = (uint64_t)space.f_type & UINT32_MAX;
    filesystem = filesystem_find(magic);
    if (filesystem->objection != NULL)
        return refuse(filesystem->name, magic, filesystem->objection, reterr_fault);
    /* Without a table of mounts (no /proc) the number is all there is to go by. */
    if (magic == EXT_MAGIC &&
        btx_wal_filesystem_mounted("/proc/self/mountinfo", status.st_dev, type) &&
        strcmp(type, filesystem->name) != 0)
        return refuse(type, magic, UNTRIED, reterr_fault);
    return BTX_OK;
}

enum btx_fault_code btx_wal_filesystem_free(int fd, uint64_t *ret_bytes,
                                            struct btx_fault *reterr_fault)
{
    struct statvfs space;

    if (fstatvfs(fd, &space) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "asking for free space");
    *ret_bytes = (uint64_t)space.f_bavail * space.f_frsize;
    return BTX_OK;
}
