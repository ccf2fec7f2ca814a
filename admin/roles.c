/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/roles.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/base/check.h"

const char *btx_role_text(enum btx_role role)
{
    static const char *const texts[BTX_ROLE_COUNT] = {
        [BTX_ROLE_NONE] = "none", [BTX_ROLE_VIEW] = "view", [BTX_ROLE_OPERATOR] = "operator"};

    CHECK(role < BTX_ROLE_COUNT);
    return texts[role];
}

static bool find_group(const char *name, gid_t *ret_group)
{
    const struct group *group = getgrnam(name);

    if (group == NULL)
        return false;
    *ret_group = group->gr_gid;
    return true;
}

struct btx_role_groups btx_role_groups_find(const char *view_name, const char *operator_name)
{
    struct btx_role_groups roles = {0};

    roles.has_view = find_group(view_name, &roles.view);
    roles.has_operator = find_group(operator_name, &roles.operator);
    return roles;
}

static bool is_in(gid_t wanted, gid_t gid, const gid_t *groups, size_t group_count)
{
    bool found = gid == wanted;

    for (size_t i = 0; i < group_count; i++)
        found = found || groups[i] == wanted;
    return found;
}

enum btx_role btx_role_of(const struct btx_role_groups *roles, uid_t uid, gid_t gid,
                          const gid_t *groups, size_t group_count)
{
    if (uid == 0)
        return BTX_ROLE_OPERATOR;
    if (roles->has_operator && is_in(roles->operator, gid, groups, group_count))
        return BTX_ROLE_OPERATOR;
    if (roles->has_view && is_in(roles->view, gid, groups, group_count))
        return BTX_ROLE_VIEW;
    return BTX_ROLE_NONE;
}

/* The supplementary groups of the peer, in memory of the caller; NULL and 0 when there are none or
 * the kernel does not say. */
static gid_t *find_groups(int fd, size_t *ret_count)
{
    socklen_t length = 0;
    gid_t *groups;

    *ret_count = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) == 0 || errno != ERANGE)
        return NULL;
    groups = malloc(length);
    if (groups == NULL)
        return NULL;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) {
        free(groups);
        return NULL;
    }
    *ret_count = length / sizeof groups[0];
    return groups;
}

/* Not by getpwuid(): that loads what nsswitch.conf names, in the middle of a sandbox. */
static bool find_name(uid_t uid, char ret_name[BTX_PEER_NAME_BYTES])
{
    FILE *users = fopen("/etc/passwd", "re");
    const struct passwd *user;

    if (users == NULL)
        return false;
    do
        user = fgetpwent(users);
    while (user != NULL && user->pw_uid != uid);
    if (user != NULL)
        (void)snprintf(ret_name, BTX_PEER_NAME_BYTES, "%.32s", user->pw_name);
    (void)fclose(users); /* Only read. */
    return user != NULL;
}

bool btx_peer_find(int fd, const struct btx_role_groups *roles, struct btx_peer *ret_peer)
{
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    size_t group_count;
    gid_t *groups;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
        length != sizeof credentials)
        return false;
    groups = find_groups(fd, &group_count);
    ret_peer->pid = credentials.pid;
    ret_peer->uid = credentials.uid;
    ret_peer->role = btx_role_of(roles, credentials.uid, credentials.gid, groups, group_count);
    free(groups);
    if (!find_name(credentials.uid, ret_peer->name))
        (void)snprintf(ret_peer->name, sizeof ret_peer->name, "uid %u", credentials.uid);
    return true;
}
