/* SPDX-License-Identifier: Apache-2.0 */
/* scene.h - a small valid state for the tests of apply, and its events one wrong field away from
 * what would be accepted.
 *
 * Accounts 1 and 2 with money, 3 frozen; account 1 has consumed cseq 10 and transfer 20.  Markets:
 * BTX_SCENE_MARKET, odds, with orders and bets of 1 and 2; BTX_SCENE_BINARY, nothing in it;
 * BTX_SCENE_CLOSED, settled. */
#ifndef BTX_UNIT_CORE_SCENE_H
#define BTX_UNIT_CORE_SCENE_H

#include "tests/unit/core/fixture.h"

#define BTX_SCENE_MARKET UINT64_C(70)
#define BTX_SCENE_BINARY UINT64_C(80)
#define BTX_SCENE_CLOSED UINT64_C(90)

struct btx_scene {
    struct btx_fixture fixture;
    uint64_t lay;  /* Account 1 rests a LAY of 10 at 2, */
    uint64_t back; /* and account 2 a BACK of 20 at 3; both on the first runner. */
};

/* For cmocka: *state is a struct btx_scene, decided by the present rules; or by those of version
 * 1. */
int btx_scene_setup(void **state);
int btx_scene_setup_first(void **state);
int btx_scene_teardown(void **state);
#define BTX_IN_SCENE(test)                                                                         \
    cmocka_unit_test_setup_teardown(test, btx_scene_setup, btx_scene_teardown)

#define BTX_IN_FIRST_SCENE(test)                                                                   \
    cmocka_unit_test_setup_teardown(test, btx_scene_setup_first, btx_scene_teardown)

/* The record that was built is refused with @sentence, and the state is as before. */
void btx_scene_refuse(struct btx_scene *scene, const char *sentence);
/* It is refused with @sentence when its own change has been made: the end it announces is wrong. */
void btx_scene_refuse_end(struct btx_scene *scene, const char *sentence);
/* It is accepted. */
void btx_scene_accept(struct btx_scene *scene);
/* It is accepted and ends neither its tx nor its command. */
void btx_scene_accept_open(struct btx_scene *scene);

/* Apply the command that was built in the fixture, as a record that follows the state. */
const char *btx_scene_apply_command(struct btx_scene *scene);

#endif
