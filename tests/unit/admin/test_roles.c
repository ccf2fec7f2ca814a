/* SPDX-License-Identifier: Apache-2.0 */
/* test_roles.c - who may do what, by uid and groups. */
#include "admin/roles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/base/attributes.h"

enum { VIEW = 501, OPERATOR = 502, OTHER = 503 };

static const struct btx_role_groups both = {
    .view = VIEW, .operator= OPERATOR, .has_view = true, .has_operator = true};

static void role_of__uid_and_groups__give_the_greatest_role(void **state)
{
    static const struct {
        uid_t uid;
        gid_t gid;
        gid_t groups[2];
        size_t group_count;
        enum btx_role role;
    } rows[] = {
        {1000, OTHER, {0}, 0, BTX_ROLE_NONE},
        {1000, VIEW, {0}, 0, BTX_ROLE_VIEW},
        {1000, OPERATOR, {0}, 0, BTX_ROLE_OPERATOR},
        {1000, OTHER, {OTHER, VIEW}, 2, BTX_ROLE_VIEW},
        {1000, OTHER, {OPERATOR, OTHER}, 2, BTX_ROLE_OPERATOR},
        {1000, VIEW, {OTHER, OPERATOR}, 2, BTX_ROLE_OPERATOR},
        {1000, OTHER, {OTHER, OPERATOR}, 1, BTX_ROLE_NONE},
        {1000, 0, {0}, 1, BTX_ROLE_NONE},
        {0, OTHER, {0}, 0, BTX_ROLE_OPERATOR},
    };

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(rows); i++)
        assert_int_equal(
            btx_role_of(&both, rows[i].uid, rows[i].gid, rows[i].groups, rows[i].group_count),
            rows[i].role);
}

/* A group that is missing is 0 in the struct: root's group must not become its member. */
static void role_of__groups_that_are_missing__give_nothing(void **state)
{
    const struct btx_role_groups none = {0};
    const gid_t root_group = 0;

    (void)state;
    assert_int_equal(btx_role_of(&none, 1000, 0, &root_group, 1), BTX_ROLE_NONE);
}

static void groups_find__unknown_names__are_missing(void **state)
{
    const struct btx_role_groups roles = btx_role_groups_find("no-such-group-a", "root");

    (void)state;
    assert_false(roles.has_view);
    assert_true(roles.has_operator);
    assert_int_equal(roles.operator, 0);
}

static void peer_find__own_socket__is_this_process(void **state)
{
    struct btx_peer peer;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_true(btx_peer_find(fds[0], &both, &peer));
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, getuid());
    assert_int_not_equal(peer.name[0], '\0');
    (void)close(fds[0]);
    (void)close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(role_of__uid_and_groups__give_the_greatest_role),
        cmocka_unit_test(role_of__groups_that_are_missing__give_nothing),
        cmocka_unit_test(groups_find__unknown_names__are_missing),
        cmocka_unit_test(peer_find__own_socket__is_this_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
