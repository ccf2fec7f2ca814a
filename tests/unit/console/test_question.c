/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "admin/console/keys.h"

static const char *const rotate[] = {"wal", "rotate", NULL};
static const char *const settle[] = {"market", "settle", "7", NULL};

/* What becomes of @question when all of @keys are pressed, then Enter. */
static enum btx_question_outcome type(struct btx_question *question, const char *keys)
{
    for (; *keys != '\0'; keys++)
        assert_int_equal(btx_question_key(question, *keys), BTX_QUESTION_GOES_ON);
    return btx_question_key(question, BTX_KEY_ENTER);
}

static void key__harmless_and_y__yes(void **state)
{
    struct btx_question question;

    (void)state;
    btx_question_ask(&question, rotate, "It goes on.", "", NULL, "Rotate");
    assert_int_equal(btx_question_key(&question, 'y'), BTX_QUESTION_YES);
    assert_int_equal(question.state, BTX_QUESTION_NONE);
    assert_int_equal(question.change.count, 2);
    assert_string_equal(question.change.arguments[1], "rotate");
}

static void key__harmless_and_anything_else__no(void **state)
{
    const int keys[] = {'n', BTX_KEY_ENTER, ' ', BTX_KEY_ESCAPE, BTX_KEY_F1, BTX_KEY_OTHER};
    struct btx_question question;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(keys); i++) {
        btx_question_ask(&question, rotate, "It goes on.", "", NULL, "Rotate");
        assert_int_equal(btx_question_key(&question, keys[i]), BTX_QUESTION_NO);
        assert_int_equal(question.state, BTX_QUESTION_NONE);
    }
}

static void key__a_screen_drawn_anew__no_answer(void **state)
{
    struct btx_question question;

    (void)state;
    btx_question_ask(&question, rotate, "It goes on.", "", NULL, "Rotate");
    assert_int_equal(btx_question_key(&question, BTX_KEY_RESIZED), BTX_QUESTION_GOES_ON);
    assert_int_equal(btx_question_key(&question, BTX_KEY_REDRAW), BTX_QUESTION_GOES_ON);
    assert_int_equal(question.state, BTX_QUESTION_PRESS);
}

static void key__dangerous__only_the_word_is_yes(void **state)
{
    static const char *const words[] = {"", "y", "70", "7 "};
    struct btx_question question;

    (void)state;
    for (size_t i = 0; i < BTX_COUNT_OF(words); i++) {
        btx_question_ask(&question, settle, "It ends.", "7", NULL, "Void");
        assert_int_equal(type(&question, words[i]), BTX_QUESTION_NO);
    }
    btx_question_ask(&question, settle, "It ends.", "7", NULL, "Void");
    assert_int_equal(type(&question, "7"), BTX_QUESTION_YES);
}

static void key__backspace__takes_back(void **state)
{
    struct btx_question question;

    (void)state;
    btx_question_ask(&question, settle, "It ends.", "7", NULL, "Void");
    (void)btx_question_key(&question, BTX_KEY_BACKSPACE);
    (void)btx_question_key(&question, '8');
    (void)btx_question_key(&question, BTX_KEY_BACKSPACE);
    assert_int_equal(type(&question, "7"), BTX_QUESTION_YES);
}

static void key__value_then_word__the_value_is_the_last_argument(void **state)
{
    struct btx_question question;

    (void)state;
    btx_question_ask(&question, settle, "It ends.", "7", "winners", "Settle market %d", 7);
    assert_int_equal(type(&question, "1,2"), BTX_QUESTION_GOES_ON);
    assert_string_equal(question.title, "Settle market 7: 1,2");
    assert_int_equal(question.state, BTX_QUESTION_TYPE);
    assert_int_equal(type(&question, "7"), BTX_QUESTION_YES);
    assert_int_equal(question.change.count, 4);
    assert_string_equal(question.change.arguments[3], "1,2");
}

static void key__no_value__no(void **state)
{
    struct btx_question question;

    (void)state;
    btx_question_ask(&question, settle, "It ends.", "7", "winners", "Settle");
    assert_int_equal(type(&question, ""), BTX_QUESTION_NO);
}

static void key__more_than_fits__not_taken(void **state)
{
    struct btx_question question;

    (void)state;
    btx_question_ask(&question, settle, "It ends.", "7", "winners", "Settle");
    for (int i = 0; i < 200; i++)
        (void)btx_question_key(&question, '1');
    assert_int_equal(strlen(question.typed), sizeof question.typed - 1);
}

static void draw__a_small_grid__inside_of_it(void **state)
{
    static struct btx_grid grid;
    struct btx_question question;
    char row[BTX_GRID_COLUMNS_MAX + 1] = "";

    (void)state;
    btx_grid_clear(&grid, 24, 80);
    btx_question_ask(&question, settle, "First.\nSecond.", "7", NULL, "Void market 7");
    (void)btx_question_key(&question, '8');
    btx_question_draw(&question, &grid);
    memcpy(row, grid.text[9], 80);
    assert_string_equal(row, "   | Void market 7?                                              "
                             "           |   ");
    memcpy(row, grid.text[14], 80);
    assert_non_null(strstr(row, "> 8_"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key__harmless_and_y__yes),
        cmocka_unit_test(key__harmless_and_anything_else__no),
        cmocka_unit_test(key__a_screen_drawn_anew__no_answer),
        cmocka_unit_test(key__dangerous__only_the_word_is_yes),
        cmocka_unit_test(key__backspace__takes_back),
        cmocka_unit_test(key__value_then_word__the_value_is_the_last_argument),
        cmocka_unit_test(key__no_value__no),
        cmocka_unit_test(key__more_than_fits__not_taken),
        cmocka_unit_test(draw__a_small_grid__inside_of_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
