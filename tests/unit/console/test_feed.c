/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECOND_NS UINT64_C(1000000000)

static void take(struct btx_feed *feed, const char *text, uint64_t asked_ns, uint64_t now_ns)
{
    btx_feed_take(feed, text, strlen(text), asked_ns, now_ns);
}

static void assert_line(const struct btx_feed *feed, size_t index, const char *want)
{
    char text[64];

    assert_string_equal(btx_json_show(btx_feed_line(feed, index), text, sizeof text), want);
}

static void take__lines__each_found(void **state)
{
    struct btx_feed feed = {.period_ns = 2 * SECOND_NS};

    (void)state;
    take(&feed, "{\"a\":1}\n{\"a\":2}\n3", 10 * SECOND_NS, 10 * SECOND_NS);
    assert_int_equal(feed.line_count, 3);
    assert_line(&feed, 0, "{\"a\":1}");
    assert_line(&feed, 2, "3");
    assert_line(&feed, 3, "-");
    assert_int_equal(feed.due_ns, 12 * SECOND_NS);
    btx_feed_forget(&feed);
}

static void take__nothing__an_answer_without_lines(void **state)
{
    struct btx_feed feed = {.period_ns = SECOND_NS};

    (void)state;
    take(&feed, "", SECOND_NS, SECOND_NS);
    assert_true(feed.is_there);
    assert_int_equal(feed.line_count, 0);
    assert_line(&feed, 0, "-");
    btx_feed_forget(&feed);
}

static void take__no_json__fails_and_keeps_the_last(void **state)
{
    struct btx_feed feed = {.period_ns = 2 * SECOND_NS};

    (void)state;
    take(&feed, "1\n", SECOND_NS, SECOND_NS);
    take(&feed, "2\nmarket 7\n", 3 * SECOND_NS, 3 * SECOND_NS);
    assert_true(feed.is_failing);
    assert_non_null(strstr(feed.why, "not understood"));
    assert_line(&feed, 0, "1");
    assert_int_equal(btx_feed_age_ns(&feed, 5 * SECOND_NS), 4 * SECOND_NS);
    btx_feed_forget(&feed);
}

static void take__an_answer_that_took_long__asked_seldom(void **state)
{
    struct btx_feed feed = {.period_ns = 2 * SECOND_NS};

    (void)state;
    take(&feed, "1", 10 * SECOND_NS, 13 * SECOND_NS);
    assert_int_equal(feed.due_ns, 25 * SECOND_NS);
    btx_feed_forget(&feed);
}

/* What was true when it was answered may have been older: never younger than the question. */
static void age__an_answer_that_took_long__since_the_question(void **state)
{
    struct btx_feed feed = {.period_ns = 2 * SECOND_NS};

    (void)state;
    take(&feed, "1", 10 * SECOND_NS, 13 * SECOND_NS);
    assert_int_equal(btx_feed_age_ns(&feed, 14 * SECOND_NS), 4 * SECOND_NS);
    btx_feed_forget(&feed);
}

static void fail__asked_seldom__asked_again_soon(void **state)
{
    struct btx_feed feed = {.period_ns = 60 * SECOND_NS};

    (void)state;
    btx_feed_fail(&feed, "nobody answers", 10 * SECOND_NS);
    assert_false(feed.is_there);
    assert_int_equal(feed.due_ns, 12 * SECOND_NS);
    assert_string_equal(feed.why, "nobody answers");
}

static void is_old__failing__until_it_answers(void **state)
{
    struct btx_feed feed = {.period_ns = SECOND_NS};

    (void)state;
    take(&feed, "1", SECOND_NS, SECOND_NS);
    assert_false(btx_feed_is_old(&feed, 2 * SECOND_NS));
    btx_feed_fail(&feed, "gone", 2 * SECOND_NS);
    assert_true(btx_feed_is_old(&feed, 2 * SECOND_NS));
    take(&feed, "2", 3 * SECOND_NS, 3 * SECOND_NS);
    assert_false(btx_feed_is_old(&feed, 3 * SECOND_NS));
    btx_feed_forget(&feed);
}

static void is_old__long_overdue__though_nothing_failed(void **state)
{
    struct btx_feed feed = {.period_ns = 2 * SECOND_NS};

    (void)state;
    take(&feed, "1", 10 * SECOND_NS, 10 * SECOND_NS);
    assert_false(btx_feed_is_old(&feed, 20 * SECOND_NS));
    assert_true(btx_feed_is_old(&feed, 21 * SECOND_NS));
    btx_feed_forget(&feed);
}

static void forget__another_question__asked_at_once(void **state)
{
    struct btx_feed feed = {.period_ns = 2 * SECOND_NS};

    (void)state;
    take(&feed, "1", 10 * SECOND_NS, 10 * SECOND_NS);
    btx_feed_forget(&feed);
    assert_false(feed.is_there);
    assert_int_equal(feed.due_ns, 0);
    assert_int_equal(feed.period_ns, 2 * SECOND_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(take__lines__each_found),
        cmocka_unit_test(take__nothing__an_answer_without_lines),
        cmocka_unit_test(take__no_json__fails_and_keeps_the_last),
        cmocka_unit_test(take__an_answer_that_took_long__asked_seldom),
        cmocka_unit_test(age__an_answer_that_took_long__since_the_question),
        cmocka_unit_test(fail__asked_seldom__asked_again_soon),
        cmocka_unit_test(is_old__failing__until_it_answers),
        cmocka_unit_test(is_old__long_overdue__though_nothing_failed),
        cmocka_unit_test(forget__another_question__asked_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
