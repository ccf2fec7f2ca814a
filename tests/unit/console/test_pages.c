/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shown.h"

/* ---- The dashboard ---- */

static void dashboard__something_to_do__the_worst_first(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_string_equal(shown_row(1), "! disk      free space now");
    assert_string_equal(shown_row(2), "* lock      see who");
    assert_int_equal(shown_grid.style[1][79], BTX_GRID_ACT);
    assert_string_equal(shown_row(4), "  engine    serving, up 3 s");
    assert_int_equal(shown_find("! disk      STOP"), 7);
}

static void dashboard__advice_hidden__lines_alone(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_press("a", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_string_equal(shown_row(1), "  engine    serving, up 3 s");
    shown_lack("free space now");
    shown_find("a show what to do");
}

/* Where not all fit, those that are fine give way, in their order, and that is said. */
static void dashboard__too_many_lines__fine_ones_give_way(void **state)
{
    char json[4096];
    int length = snprintf(json, sizeof json, "{\"screen\":[");

    (void)state;
    for (int i = 0; i < 24; i++)
        length +=
            snprintf(json + length, sizeof json - (size_t)length,
                     "%s{\"label\":\"%s\",\"level\":\"%s\",\"text\":\"t%d\"}", i == 0 ? "" : ",",
                     i % 2 == 0 ? "machine" : "state", i < 2 ? "look" : "fine", i);
    (void)snprintf(json + length, sizeof json - (size_t)length, "]}");
    shown_answer(BTX_CONSOLE_STATUS, json, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("* machine   t0");
    shown_lack("machine   t12");
    shown_find("  machine   t14");
    shown_find("  state     t3");
    shown_find("(not shown: 6 fine lines)");
}

/* However much there is to do, how things are must be seen too. */
static void dashboard__everything_is_wrong__two_thirds_for_the_lines(void **state)
{
    char json[4096];
    int length = snprintf(json, sizeof json, "{\"screen\":[");

    (void)state;
    for (int i = 0; i < 20; i++)
        length += snprintf(json + length, sizeof json - (size_t)length,
                           "%s{\"label\":\"l%d\",\"level\":\"act\",\"text\":\"t%d\","
                           "\"advice\":\"a%d\"}",
                           i == 0 ? "" : ",", i, i, i);
    (void)snprintf(json + length, sizeof json - (size_t)length, "]}");
    shown_answer(BTX_CONSOLE_STATUS, json, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("! l6        a6");
    shown_lack("a7");
    shown_find("! l12       t12");
}

static void dashboard__a_wide_screen__details_beside(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_draw(43, 132, NOON_NS);
    assert_non_null(strstr(shown_row(shown_find("CAPACITY")), "IN USE"));
    shown_find("accounts           90         100  90 % #########.");
    shown_find("main         running      -      42       0");
    shown_find("gateway-1    attached          12     -       -");
    shown_find("REFUSED BECAUSE OF");
    /* The most first; of as many the one that comes first. */
    assert_true(shown_find("NO_CHANGE") < shown_find("BUSY"));
    assert_non_null(strstr(shown_row(shown_find("BUSY") + 1), "CAPACITY"));
    shown_lack("DUPLICATE");
}

/* ---- The log ---- */

static const char lock_json[] =
    "{\"state\":\"held\",\"holder_pid\":42,\"record\":{\"program\":\"betexd\",\"pid\":42,"
    "\"host\":\"node-1\",\"since_ns\":1000000000000,\"epoch\":3},\"this_host\":true,"
    "\"this_boot\":true}\n";

static void log__lock_held__kernel_and_record_side_by_side(void **state)
{
    (void)state;
    shown_press("2", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_LOCK, lock_json, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("  lock      held; kernel and record agree on process 42");
    shown_find("  holder    betexd, pid 42 on node-1 (this machine)");
    shown_find("  epoch     3, since 1970-01-01 00:16:40 UTC");
    shown_find("! disk      STOP");
}

static void log__kernel_says_another__marked(void **state)
{
    (void)state;
    shown_press("2", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_LOCK, "{\"state\":\"held\",\"holder_pid\":7,\"record\":{\"pid\":42}}",
                 NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("* lock      held by process 7, says the kernel; the record names 42");
    shown_answer(BTX_CONSOLE_LOCK, "{\"state\":\"free\",\"record\":{\"pid\":42}}", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("* lock      NOT HELD");
}

static void log__segments__the_newest_first(void **state)
{
    (void)state;
    shown_press("2", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(
        BTX_CONSOLE_SEGMENTS,
        "{\"segment\":1,\"first_seq\":1,\"last_seq\":50,\"events\":50,\"file_bytes\":57344,"
        "\"epoch\":1,\"created_ns\":1000000000000,\"hash\":\"d8fa00b0aa\",\"signed\":true,"
        "\"damaged\":false}\n"
        "{\"segment\":2,\"first_seq\":51,\"last_seq\":50,\"events\":0,\"file_bytes\":8192,"
        "\"epoch\":1,\"created_ns\":1000000000000,\"damaged\":true}\n",
        NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_string_equal(
        shown_row(shown_find("d8fa00b0s")),
        "       1                    1-50      50   56 KiB     1 01-01 00:16:40 d8fa00b0s");
    assert_true(shown_find("DAMAGED") < shown_find("d8fa00b0s"));
}

/* ---- Markets ---- */

static const char markets_json[] =
    "{\"market\":7,\"kind\":\"ODDS\",\"status\":\"SUSPENDED\",\"in_play\":true,"
    "\"live_orders\":1234,\"name\":\"Holm\\u00c3\\u00b8 v Rovers\"}\n"
    "{\"market\":8,\"kind\":\"BINARY\",\"status\":\"OPEN\",\"in_play\":false,\"live_orders\":0,"
    "\"name\":null}\n";

static const char market_json[] =
    "{\"market\":7,\"kind\":\"ODDS\",\"status\":\"OPEN\",\"in_play\":false,\"version\":2,"
    "\"winners\":1,\"live_orders\":3,\"min_size\":1,\"commission\":0.05,\"bet_delay\":5000,"
    "\"description\":\"{\\\"name\\\":\\\"Final\\\",\\\"runners\\\":{\\\"1\\\":\\\"Albion\\\"}}\","
    "\"books\":[{\"runner\":1,\"removed\":false,\"BACK\":[{\"price\":2.04,\"size\":10},"
    "{\"price\":2.06,\"size\":5.5}],\"LAY\":[{\"price\":2.02,\"size\":7}]},"
    "{\"runner\":2,\"removed\":true,\"BACK\":[],\"LAY\":[]}]}\n";

static void markets__a_list__one_row_each(void **state)
{
    (void)state;
    shown_press("3", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_MARKETS, markets_json, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_string_equal(shown_row(2), ">         7  Holm? v Rovers                     ODDS   "
                                      "SUSPENDED in play   1,234");
    assert_string_equal(shown_row(3), "          8  -                                  BINARY "
                                      "OPEN                    0");
    assert_int_equal(shown_grid.style[2][0], BTX_GRID_CHOSEN);
}

static void markets__old__marked_with_its_own_age(void **state)
{
    (void)state;
    shown_press("3", NOON_NS);
    shown_answer(BTX_CONSOLE_MARKETS, markets_json, NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS + 60 * SECOND_NS);
    shown_fail(BTX_CONSOLE_MARKETS, "the engine is gone", NOON_NS + 60 * SECOND_NS);
    shown_draw(24, 80, NOON_NS + 60 * SECOND_NS);
    assert_string_equal(shown_row(1), "! this is 1 min 0 s old: the engine is gone");
    shown_find("?         7");
}

/* Where betex-admin does not say how it is, nothing that it said before counts as new. */
static void markets__no_answer_about_anything__old_too(void **state)
{
    (void)state;
    shown_press("3", NOON_NS);
    shown_answer(BTX_CONSOLE_MARKETS, markets_json, NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_fail(BTX_CONSOLE_STATUS, "nobody answers", NOON_NS + SECOND_NS);
    shown_draw(24, 80, NOON_NS + SECOND_NS);
    shown_find("?         7");
}

static void markets__none__said(void **state)
{
    (void)state;
    shown_press("3", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_MARKETS, "", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("there are no markets");
}

static void open_market(void)
{
    shown_press("3g7", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_MARKET, market_json, NOON_NS);
    shown_draw(24, 80, NOON_NS);
}

static void market__open__runners_and_the_book_of_the_chosen(void **state)
{
    (void)state;
    open_market();
    shown_find("  market 7  Final");
    shown_find("  ODDS, OPEN, version 2, 3 live orders, 1 to win");
    shown_find("bets held in play 5,000 ms");
    assert_string_equal(shown_row(shown_find("Albion")),
                        "> 1 Albion             2.04     2.02          10     2.04 |     2.02"
                        "          7");
    shown_find("5.5     2.06 |");
    shown_find("  2                 removed");
    shown_press("j", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_lack("5.5");
}

static void market__as_it_stands__only_its_keys(void **state)
{
    (void)state;
    open_market();
    shown_find(" s suspend  i in play  d delay");
    shown_answer(BTX_CONSOLE_MARKET, "{\"status\":\"CLOSED\"}", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find(" f forget   Esc list");
}

/* A description is anybody's text. */
static void market__a_description_that_is_no_json__left_out(void **state)
{
    (void)state;
    open_market();
    shown_answer(BTX_CONSOLE_MARKET,
                 "{\"status\":\"OPEN\",\"description\":\"{\\\"name\\\":\\\"half\",\"books\":[]}",
                 NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_string_equal(shown_row(1), "  market 7");
}

/* ---- Others ---- */

static void account__open__money_and_positions(void **state)
{
    (void)state;
    shown_press("5", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("Which account?");
    shown_press("g7", NOON_NS);
    btx_console_key(&shown_console, BTX_KEY_ENTER, NOON_NS);
    shown_answer(BTX_CONSOLE_ACCOUNT,
                 "{\"account\":7,\"frozen\":true,\"balance\":250.5,\"available\":-1,"
                 "\"cseq\":3,\"transfer\":9,\"positions\":[{\"market\":101,\"runner\":2,"
                 "\"win\":-10,\"lose\":12.5}]}\n",
                 NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("  account 7                     FROZEN");
    shown_find("  balance                    250.5");
    shown_find("  available                     -1");
    shown_find(">          101            2                  -10                 12.5");
    shown_find(" g another one   u unfreeze");
}

static void audit__snapshots__the_newest_first(void **state)
{
    (void)state;
    shown_press("4", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_answer(BTX_CONSOLE_SNAPSHOTS,
                 "{\"seq\":1000,\"name\":\"one.snap\"}\n{\"seq\":2000,\"name\":\"two.snap\"}\n",
                 NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("  audit     clean");
    shown_find("1,234 events compared");
    shown_find("SNAPSHOTS: 2");
    assert_true(shown_find("two.snap") < shown_find("one.snap"));
}

static void audit__verify_says_more_than_fits__its_end_is_shown(void **state)
{
    char text[1024] = "";

    (void)state;
    shown_press("4vy", NOON_NS);
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    for (int i = 0; i < 40; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "damage %d\n", i);
    strcat(text, "verdict DAMAGED\n");
    btx_console_take(&shown_console, BTX_CONSOLE_VERIFIES, 1, text, strlen(text), NULL, 0, NOON_NS,
                     NOON_NS);
    shown_draw(24, 80, NOON_NS);
    assert_int_equal(shown_find("verdict DAMAGED"), 21);
    shown_find("damage 39");
}

/* Answers of whatever kind leave something to be seen, and nothing else. */
static void pages__answers_without_what_they_show__drawn(void **state)
{
    static const char *const answers[] = {
        "{}", "[]", "1\n2\n", "\"x\"", "null", "{\"screen\":[{}]}", "{\"books\":[[]]}"};

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(answers); i++) {
        for (unsigned feed = 0; feed < BTX_CONSOLE_FEED_COUNT; feed++)
            shown_answer((enum btx_console_feed)feed, answers[i], NOON_NS);
        for (const char *page = "12345?3"; *page != '\0'; page++) {
            btx_console_key(&shown_console, *page, NOON_NS);
            shown_draw(24, 80, NOON_NS);
            shown_draw(43, 132, NOON_NS);
            shown_find("q quit");
        }
    }
}

/* The help fits the smallest screen, and no line of it is cut. */
static void help__the_smallest_screen__fits(void **state)
{
    (void)state;
    shown_answer(BTX_CONSOLE_STATUS, shown_status, NOON_NS);
    shown_press("?", NOON_NS);
    shown_draw(24, 80, NOON_NS);
    shown_find("betexctl has all of it, too");
    for (unsigned row = 1; row < 22; row++)
        if (strlen(shown_row(row)) == 80)
            fail_msg("cut: %s", shown_row(row));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shown_begin, shown_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dashboard__something_to_do__the_worst_first),
        TEST(dashboard__advice_hidden__lines_alone),
        TEST(dashboard__too_many_lines__fine_ones_give_way),
        TEST(dashboard__everything_is_wrong__two_thirds_for_the_lines),
        TEST(dashboard__a_wide_screen__details_beside),
        TEST(log__lock_held__kernel_and_record_side_by_side),
        TEST(log__kernel_says_another__marked),
        TEST(log__segments__the_newest_first),
        TEST(markets__a_list__one_row_each),
        TEST(markets__old__marked_with_its_own_age),
        TEST(markets__no_answer_about_anything__old_too),
        TEST(markets__none__said),
        TEST(market__open__runners_and_the_book_of_the_chosen),
        TEST(market__as_it_stands__only_its_keys),
        TEST(market__a_description_that_is_no_json__left_out),
        TEST(account__open__money_and_positions),
        TEST(audit__snapshots__the_newest_first),
        TEST(audit__verify_says_more_than_fits__its_end_is_shown),
        TEST(pages__answers_without_what_they_show__drawn),
        TEST(help__the_smallest_screen__fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
