/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/console.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "admin/console/keys.h"
#include "shown.h"

static const char operator_json[] = "{\"user\":\"ada\",\"role\":\"operator\"}\n";

/* What is asked next on @lane, as words; "" when nothing is. */
static const char *asked(enum btx_console_lane lane, uint64_t now_ns)
{
    static char text[256];
    struct btx_console_ask ask;

    text[0] = '\0';
    if (!btx_console_wants(&shown_console, lane, now_ns, &ask))
        return text;
    for (size_t i = 0; i < ask.argument_count; i++) {
        strcat(text, i == 0 ? "" : " ");
        strcat(text, ask.arguments[i]);
    }
    return text;
}

/* Everything that the page asks for is answered with @text. */
static void answer_all(const char *text)
{
    struct btx_console_ask ask;

    while (btx_console_wants(&shown_console, BTX_CONSOLE_LOOKS, NOON_NS, &ask))
        btx_console_take(&shown_console, BTX_CONSOLE_LOOKS, 0, text, strlen(text), NULL, 0, NOON_NS,
                         NOON_NS);
}

static void take_change(int status, const char *out, const char *err)
{
    btx_console_take(&shown_console, BTX_CONSOLE_CHANGES, status, out, strlen(out), err,
                     strlen(err), NOON_NS, NOON_NS);
}

/* ---- Asking ---- */

static void wants__at_the_beginning__how_it_is_and_who_one_is(void **state)
{
    (void)state;
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "status --json");
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "whoami --json");
    shown_answer(BTX_CONSOLE_WHOAMI, operator_json, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "");
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS + 2 * SECOND_NS), "status --json");
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    assert_string_equal(asked(BTX_CONSOLE_VERIFIES, NOON_NS), "");
}

static void wants__another_page__what_it_shows_and_no_more(void **state)
{
    (void)state;
    answer_all("{}");
    shown_press("2", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "wal lock --json");
    shown_answer(BTX_CONSOLE_LOCK, "{}", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "wal segments --json");
    shown_press("4", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "snapshot ls --json");
}

static void wants__a_market_is_opened__asks_for_that_one(void **state)
{
    (void)state;
    answer_all("{}");
    shown_press("3", NOON_NS);
    shown_answer(BTX_CONSOLE_MARKETS, "{\"market\":7}\n{\"market\":9}\n", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_press("j", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "market show --json 9");
    btx_console_key(&shown_console, BTX_KEY_ESCAPE, NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, "{}", NOON_NS + 2 * SECOND_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS + 2 * SECOND_NS), "market ls --json");
}

/* The answer about a market that was left is not taken for that of the one that is open now. */
static void take__of_a_market_that_was_left__dropped(void **state)
{
    (void)state;
    answer_all("{}");
    shown_press("3g7", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "market show --json 7");
    shown_press("3g8", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    btx_console_take(&shown_console, BTX_CONSOLE_LOOKS, 0, "{}", 2, NULL, 0, NOON_NS, NOON_NS);
    assert_false(shown_console.feeds[BTX_CONSOLE_MARKET].is_there);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "market show --json 8");
}

/* No bytes at all, as of a list that is empty, are an answer. */
static void take__nothing__an_answer(void **state)
{
    (void)state;
    shown_press("4vy", NOON_NS);
    (void)asked(BTX_CONSOLE_VERIFIES, NOON_NS);
    shown_console.asked = BTX_CONSOLE_SNAPSHOTS;
    for (unsigned lane = 0; lane < BTX_CONSOLE_LANE_COUNT; lane++)
        btx_console_take(&shown_console, (enum btx_console_lane)lane, 0, NULL, 0, NULL, 0, NOON_NS,
                         NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("SNAPSHOTS: 0");
    shown_find("VERIFY: the log is right");
}

/* What is found damaged is shown, though the verb ends as one that has found something. */
static void take__an_answer_of_what_is_wrong__shown(void **state)
{
    static const char json[] = "{\"segment\":1,\"damaged\":true}\n";

    (void)state;
    shown_press("2", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_console.asked = BTX_CONSOLE_SEGMENTS;
    btx_console_take(&shown_console, BTX_CONSOLE_LOOKS, 1, json, strlen(json), "damage", 6, NOON_NS,
                     NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("DAMAGED");
    btx_console_take(&shown_console, BTX_CONSOLE_LOOKS, 68, NULL, 0, "betex-wal: no log\n", 18,
                     NOON_NS, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_true(shown_find(" old: no log") < shown_find("DAMAGED"));
}

/* ---- Health and age ---- */

static void draw__nothing_answered_yet__says_whom_it_asks(void **state)
{
    (void)state;
    shown_draw(24, 80, NOON_NS);
    shown_find("NOTHING IS KNOWN YET");
    shown_find("asking betex-admin at admin.sock");
}

static void draw__lines_that_act__counted_in_the_title(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_WHOAMI, operator_json, NOON_NS);
    shown_draw(24, 80, NOON_NS + 3 * SECOND_NS);
    assert_string_equal(shown_row(0), " betex node-1  ACT: 1, look: 1            ada  "
                                      "1970-01-01 00:16:40 UTC, 3 s old");
}

static void draw__no_answer_any_more__old_and_marked(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_fail(BTX_CONSOLE_STATUS, "admin.sock: nobody answers", NOON_NS + 2 * SECOND_NS);
    shown_draw(24, 80, NOON_NS + 34 * SECOND_NS);
    shown_find("NOT KNOWN NOW");
    shown_find("34 s old");
    assert_string_equal(shown_row(1), "! admin.sock: nobody answers");
    assert_string_equal(shown_row(2),
                        "! what stands below is 34 s old and may be otherwise by now; asking on");
    assert_int_equal(shown_find("? engine"), 3);
    shown_lack("ALL FINE");
    shown_lack("free space now"); /* What was to be done may be done. */
}

static void draw__an_answer_again__new(void **state)
{
    (void)state;
    shown_fail(BTX_CONSOLE_STATUS, "admin.sock: nobody answers", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS + 2 * SECOND_NS);
    shown_draw(24, 80, NOON_NS + 2 * SECOND_NS);
    shown_lack("nobody answers");
    shown_lack("? engine");
}

static void draw__too_small__says_what_it_needs(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_draw(10, 40, NOON_NS);
    assert_string_equal(shown_row(0), "40x10 is too small");
    assert_string_equal(shown_row(1), "want 80x24");
    shown_draw(1, 1, NOON_NS);
    shown_draw(0, 0, NOON_NS);
}

/* ---- Changing ---- */

static void key__rotate_and_yes__asked_once_and_shown(void **state)
{
    (void)state;
    shown_press("2r", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("Rotate the log?");
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    shown_press("y", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "wal rotate");
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    shown_draw(24, 80, NOON_NS);
    shown_find("not answered yet");
    take_change(0, "noted for ada behind seq 7\nmore\n", "");
    shown_draw(24, 80, NOON_NS);
    assert_string_equal(shown_row(22), " wal rotate: noted for ada behind seq 7");
    shown_draw(24, 80, NOON_NS + 14 * SECOND_NS);
    shown_find("noted for ada");
    shown_draw(24, 80, NOON_NS + 15 * SECOND_NS);
    shown_lack("noted for ada");
}

static void key__something_was_changed__all_is_asked_again(void **state)
{
    (void)state;
    shown_press("2", NOON_NS);
    answer_all("{}");
    shown_press("ry", NOON_NS);
    (void)asked(BTX_CONSOLE_CHANGES, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "");
    take_change(0, "", "");
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "status --json");
}

static void draw__a_long_message__two_rows(void **state)
{
    (void)state;
    shown_press("2ry", NOON_NS);
    (void)asked(BTX_CONSOLE_CHANGES, NOON_NS);
    take_change(68, "",
                "betexctl: the engine has not answered for 10 s: whether it was done, only the "
                "log tells\n");
    shown_draw(24, 80, NOON_NS);
    assert_int_equal(shown_find("wal rotate: the engine has not answered for 10 s: whether"), 21);
    assert_string_equal(shown_row(22), "  log tells");
}

static void key__no__nothing_is_asked(void **state)
{
    (void)state;
    shown_press("2rn", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    shown_draw(24, 80, NOON_NS);
    shown_find("not done: Rotate the log");
}

static void key__refused__stays_until_a_key(void **state)
{
    (void)state;
    shown_press("2ry", NOON_NS);
    (void)asked(BTX_CONSOLE_CHANGES, NOON_NS);
    take_change(1, "", "betexctl: refused: not now\n");
    shown_draw(24, 80, NOON_NS + 3600 * SECOND_NS);
    assert_string_equal(shown_row(22), " wal rotate: refused: not now");
    assert_int_equal(shown_grid.style[22][1], BTX_GRID_ACT);
    btx_console_key(&shown_console, BTX_KEY_UP, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_lack("not now");
}

static void key__a_second_change_before_the_answer__not_taken(void **state)
{
    (void)state;
    shown_press("2ry", NOON_NS);
    (void)asked(BTX_CONSOLE_CHANGES, NOON_NS);
    shown_press("r", NOON_NS);
    assert_int_equal(shown_console.question.state, BTX_QUESTION_NONE);
}

static void key__one_who_may_only_look__told_so(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_WHOAMI, "{\"user\":\"bob\",\"role\":\"view\"}", NOON_NS);
    shown_press("2r", NOON_NS);
    assert_int_equal(shown_console.question.state, BTX_QUESTION_NONE);
    shown_draw(24, 80, NOON_NS);
    shown_find("this wants the role operator; bob has view");
}

static void key__a_market_to_void__its_number_must_be_typed(void **state)
{
    (void)state;
    shown_press("3g7", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    shown_press("vy", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    shown_press("v7", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "market void 7");
}

/* All that can be done with a market asks, and asks for the right thing. */
static void key__each_of_a_market__asks_for_its_verb(void **state)
{
    static const struct {
        const char *keys; /* with '\n' for Enter */
        const char *want;
    } cases[] = {
        {"sy", "market suspend 7"},         {"ry", "market resume 7"},
        {"i7\n", "market in-play 7"},       {"t1,2\n7\n", "market settle 7 1,2"},
        {"f7\n", "market forget 7"},        {"d500\ny", "market delay 7 500"},
        {"c7\n", "orders cancel market=7"},
    };

    (void)state;
    shown_press("3g7", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    for (size_t i = 0; i < BTX_COUNT_OF(cases); i++) {
        for (const char *key = cases[i].keys; *key != '\0'; key++)
            btx_console_key(&shown_console, *key == '\n' ? BTX_KEY_ENTER : *key, NOON_NS);
        assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), cases[i].want);
        take_change(0, "", "");
    }
}

static void key__an_account_to_freeze__its_number_must_be_typed(void **state)
{
    (void)state;
    answer_all("{}");
    shown_answer(BTX_CONSOLE_WHOAMI, operator_json, NOON_NS);
    shown_press("5f", NOON_NS); /* There is none open yet. */
    assert_int_equal(shown_console.question.state, BTX_QUESTION_NONE);
    shown_press("g1001", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "account show --json 1001");
    shown_press("fy", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    shown_press("f1001", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "account freeze 1001");
    take_change(0, "", "");
    shown_press("uy", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "account unfreeze 1001");
}

static void key__drain_and_shutdown__want_the_word(void **state)
{
    (void)state;
    shown_press("dyx", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "");
    shown_press("ddrain", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "drain");
    take_change(0, "", "");
    shown_press("xshutdown", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_CHANGES, NOON_NS), "shutdown");
}

static void key__verify__beside_all_else(void **state)
{
    (void)state;
    shown_press("4vy", NOON_NS);
    assert_string_equal(asked(BTX_CONSOLE_VERIFIES, NOON_NS), "wal verify");
    assert_string_equal(asked(BTX_CONSOLE_VERIFIES, NOON_NS), "");
    assert_string_equal(asked(BTX_CONSOLE_LOOKS, NOON_NS), "status --json");
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_draw(24, 80, NOON_NS + 5 * SECOND_NS);
    shown_find("VERIFY: at work for 5 s");
    btx_console_take(&shown_console, BTX_CONSOLE_VERIFIES, 1, "damage\nverdict DAMAGED\n", 23, "",
                     0, NOON_NS, NOON_NS + 6 * SECOND_NS);
    shown_draw(24, 80, NOON_NS + 6 * SECOND_NS);
    shown_find("NOT ALL IS RIGHT");
    assert_int_equal(shown_grid.style[shown_find("verdict DAMAGED")][2], BTX_GRID_ACT);
}

static void key__q__over(void **state)
{
    (void)state;
    shown_press("2r", NOON_NS);
    shown_press("q", NOON_NS); /* That answers the question. */
    assert_false(shown_console.is_over);
    shown_press("q", NOON_NS);
    assert_true(shown_console.is_over);
}

static void key__function_keys_and_help__pages(void **state)
{
    (void)state;
    btx_console_key(&shown_console, BTX_KEY_F1 + 2, NOON_NS);
    assert_int_equal(shown_console.page, BTX_CONSOLE_PAGE_MARKETS);
    shown_press("?", NOON_NS);
    assert_int_equal(shown_console.page, BTX_CONSOLE_PAGE_HELP);
    shown_press("z", NOON_NS);
    assert_int_equal(shown_console.page, BTX_CONSOLE_PAGE_MARKETS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shown_begin, shown_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wants__at_the_beginning__how_it_is_and_who_one_is),
        TEST(wants__another_page__what_it_shows_and_no_more),
        TEST(wants__a_market_is_opened__asks_for_that_one),
        TEST(take__of_a_market_that_was_left__dropped),
        TEST(take__nothing__an_answer),
        TEST(take__an_answer_of_what_is_wrong__shown),
        TEST(draw__nothing_answered_yet__says_whom_it_asks),
        TEST(draw__lines_that_act__counted_in_the_title),
        TEST(draw__no_answer_any_more__old_and_marked),
        TEST(draw__an_answer_again__new),
        TEST(draw__too_small__says_what_it_needs),
        TEST(key__rotate_and_yes__asked_once_and_shown),
        TEST(key__something_was_changed__all_is_asked_again),
        TEST(draw__a_long_message__two_rows),
        TEST(key__no__nothing_is_asked),
        TEST(key__refused__stays_until_a_key),
        TEST(key__a_second_change_before_the_answer__not_taken),
        TEST(key__one_who_may_only_look__told_so),
        TEST(key__a_market_to_void__its_number_must_be_typed),
        TEST(key__each_of_a_market__asks_for_its_verb),
        TEST(key__an_account_to_freeze__its_number_must_be_typed),
        TEST(key__drain_and_shutdown__want_the_word),
        TEST(key__verify__beside_all_else),
        TEST(key__q__over),
        TEST(key__function_keys_and_help__pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
