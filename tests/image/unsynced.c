/* SPDX-License-Identifier: Apache-2.0 */
/* unsynced.c - linked into betexd-unsynced, an engine that syncs nothing: the negative control of
 * the power cuts.  The linker hands these calls here (--wrap); liblmdb's own are switched off by
 * its flag MDB_NOSYNC, which has it write meta pages through a descriptor without O_DSYNC. */
#include <lmdb.h>

int __real_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);
int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_mdb_env_open(MDB_env *env, const char *path, unsigned flags, mdb_mode_t mode)
{
    return __real_mdb_env_open(env, path, flags | MDB_NOSYNC, mode);
}

int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    return 0;
}
