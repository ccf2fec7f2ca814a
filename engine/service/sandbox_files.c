/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_files.c - landlock: everything it can forbid is forbidden, then paths are excepted.
 *
 * The kernel's headers of Debian 12 end with ABI 2; ours are here up to ABI 6, after which there is
 * nothing that this uses.  What a kernel does not know must not be asked of it, so the rights
 * are cut to its ABI. */
#include "engine/service/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/check.h"

enum { ABI_NEWEST = 6 };

/* Of ABI 3, 4, 5 and 6. */
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)
#define RIGHT_IOCTL_DEVICE (UINT64_C(1) << 15)
#define RIGHT_TCP (UINT64_C(3)) /* bind and connect */
#define SCOPE_ALL (UINT64_C(3)) /* abstract sockets and signals */

#define RIGHTS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_WRITE                                                                               \
    (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE | LANDLOCK_ACCESS_FS_MAKE_REG |  \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                                \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REFER)
#define RIGHTS_SOCKETS                                                                             \
    (LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define RIGHTS_EXECUTE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE)
/* Those that can be given on what is no folder. */
#define RIGHTS_OF_A_FILE (RIGHTS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE)

static const uint64_t access_rights[] = {
    [BTX_SANDBOX_READ] = RIGHTS_READ,
    [BTX_SANDBOX_WRITE] = RIGHTS_WRITE,
    [BTX_SANDBOX_SOCKETS] = RIGHTS_SOCKETS,
    [BTX_SANDBOX_EXECUTE] = RIGHTS_EXECUTE,
};

/* struct landlock_ruleset_attr as of ABI 6; older ones are shorter. */
struct ruleset {
    uint64_t files;
    uint64_t tcp;
    uint64_t scopes;
};

/* 0 when there is none, or the kernel was started without it. */
static unsigned int abi_of_kernel(void)
{
    const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return abi > 0 ? (unsigned int)abi : 0;
}

static uint64_t rights_of_abi(unsigned int abi)
{
    uint64_t rights = RIGHTS_ABI_1;

    if (abi >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        rights |= RIGHT_TRUNCATE;
    if (abi >= 5)
        rights |= RIGHT_IOCTL_DEVICE;
    return rights;
}

static enum btx_fault_code ruleset_open(unsigned int abi, bool tcp, int *ret_fd,
                                        struct btx_fault *reterr_fault)
{
    const struct ruleset ruleset = {
        .files = rights_of_abi(abi),
        .tcp = abi >= 4 && !tcp ? RIGHT_TCP : 0,
        .scopes = abi >= 6 ? SCOPE_ALL : 0,
    };
    const size_t known_bytes = abi >= 6 ? sizeof(ruleset) : abi >= 4 ? 16 : 8;
    const long fd = syscall(SYS_landlock_create_ruleset, &ruleset, known_bytes, 0);

    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "making a landlock ruleset");
    *ret_fd = (int)fd;
    return BTX_OK;
}

/* What to open for @path; @folder is room for it. */
static const char *name_of(const struct btx_sandbox_path *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path->path, '/');

    if (!path->folder_of)
        return path->path;
    if (slash == NULL)
        return ".";
    (void)snprintf(folder, PATH_MAX, "%.*s", slash == path->path ? 1 : (int)(slash - path->path),
                   path->path); /* One that is cut cannot be opened. */
    return folder;
}

/* Whether what could not be opened may be left out: it cannot be opened later either. */
static bool may_lack(const struct btx_sandbox_path *path, int error)
{
    return path->optional && (error == ENOENT || error == ENOTDIR || error == EACCES);
}

static enum btx_fault_code rule_add(int ruleset_fd, unsigned int abi,
                                    const struct btx_sandbox_path *path,
                                    struct btx_fault *reterr_fault)
{
    char folder[PATH_MAX];
    const char *name = name_of(path, folder);
    const int fd = open(name, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};
    struct stat status;
    long result;

    CHECK((unsigned int)path->access < BTX_SANDBOX_ACCESS_COUNT);
    if (fd < 0 && may_lack(path, errno))
        return BTX_OK;
    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening '%s' for the sandbox",
                             name);
    CHECK(fstat(fd, &status) == 0);
    rule.allowed_access = access_rights[path->access] & rights_of_abi(abi);
    if (!S_ISDIR(status.st_mode))
        rule.allowed_access &= RIGHTS_OF_A_FILE;
    CHECK(rule.allowed_access != 0); /* A file for sockets makes no sense. */
    result = syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (result != 0)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "letting the sandbox have '%s'",
                            name);
    (void)close(fd); /* Nothing was written to it. */
    return result == 0 ? BTX_OK : BTX_FAULT_IO;
}

enum btx_fault_code btx_sandbox_close_files(const struct btx_sandbox_files *files,
                                            unsigned int *ret_abi, struct btx_fault *reterr_fault)
{
    unsigned int abi = abi_of_kernel();
    enum btx_fault_code code;
    int fd = -1;

    if (abi > ABI_NEWEST)
        abi = ABI_NEWEST;
    if (files->abi_max != 0 && abi > files->abi_max)
        abi = files->abi_max;
    if (abi == 0) {
        *ret_abi = 0;
        return BTX_OK;
    }
    code = ruleset_open(abi, files->tcp, &fd, reterr_fault);
    if (code != BTX_OK)
        return code;
    for (size_t i = 0; i < files->path_count && code == BTX_OK; i++)
        code = rule_add(fd, abi, &files->paths[i], reterr_fault);
    if (code == BTX_OK && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "setting no_new_privs");
    if (code == BTX_OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
        code = btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "entering the landlock ruleset");
    (void)close(fd); /* Whoever is in it needs it no more. */
    if (code == BTX_OK)
        *ret_abi = abi;
    return code;
}

const char *btx_sandbox_files_sentence(unsigned int abi)
{
    if (abi == 0)
        return "this kernel has no landlock: which files can be opened is left to permissions and "
               "to the unit";
    if (abi == 1)
        return "landlock closes the files, but for truncation, and forbids all renames between "
               "folders; TCP and signals are left to seccomp and to the unit";
    if (abi == 2)
        return "landlock closes the files, but for truncation; TCP and signals are left to "
               "seccomp and to the unit";
    if (abi == 3)
        return "landlock closes the files; TCP and signals are left to seccomp and to the unit";
    if (abi < 6)
        return "landlock closes files and TCP; signals are left to seccomp and to the unit";
    return "landlock closes files, TCP, abstract sockets and signals";
}
