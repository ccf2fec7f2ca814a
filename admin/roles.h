/* SPDX-License-Identifier: Apache-2.0 */
/* roles.h - what the peer of a local socket may do, by the groups that the kernel says it has. */
#ifndef BTX_ADMIN_ROLES_H
#define BTX_ADMIN_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum btx_role {
    BTX_ROLE_NONE,
    BTX_ROLE_VIEW,     /* may look */
    BTX_ROLE_OPERATOR, /* may look and change */
    BTX_ROLE_COUNT
};

const char *btx_role_text(enum btx_role role);

/* The group that gives a role; a group that there is not on this machine gives nothing. */
struct btx_role_groups {
    gid_t view;
    gid_t operator;
    bool has_view;
    bool has_operator;
};

/* Look both names up, by whatever nsswitch.conf names: before the sandbox is closed. */
struct btx_role_groups btx_role_groups_find(const char *view_name, const char *operator_name);

/* The role of one with @uid, @gid and the supplementary @groups.  Root is an operator. */
enum btx_role btx_role_of(const struct btx_role_groups *roles, uid_t uid, gid_t gid,
                          const gid_t *groups, size_t group_count);

enum { BTX_PEER_NAME_BYTES = 33 };

/* Who is at the other end. */
struct btx_peer {
    pid_t pid;
    uid_t uid;
    enum btx_role role;
    char name[BTX_PEER_NAME_BYTES]; /* in /etc/passwd; "uid 1000" for one who is not there */
};

/* Ask the kernel about the peer of the connected UNIX socket @fd, as it was when it connected.
 * False when the kernel does not say. */
bool btx_peer_find(int fd, const struct btx_role_groups *roles, struct btx_peer *ret_peer);

#endif
