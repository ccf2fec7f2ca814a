/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/question.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/console/keys.h"
#include "engine/base/check.h"

#define VALUE_ENDS ", then Enter; Esc: no"

enum { BOX_COLUMNS = 74, BOX_ROWS = 8, TEXT_COLUMNS = BOX_COLUMNS - 4 };

void btx_question_ask(struct btx_question *question, const char *const *change, const char *effect,
                      const char *word, const char *value, const char *title, ...)
{
    const char *newline = strchr(effect, '\n');
    va_list arguments;

    CHECK(value == NULL || strlen(value) + strlen(VALUE_ENDS) <= TEXT_COLUMNS);
    /* All of it must be seen. */
    CHECK(newline == NULL
              ? strlen(effect) <= TEXT_COLUMNS
              : (size_t)(newline - effect) <= TEXT_COLUMNS && strlen(newline + 1) <= TEXT_COLUMNS);
    *question = (struct btx_question){.effect = effect, .value = value};
    va_start(arguments, title);
    (void)vsnprintf(question->title, sizeof question->title, title, arguments);
    va_end(arguments);
    question->wants_value_only = word == NULL;
    if (word != NULL)
        (void)snprintf(question->word, sizeof question->word, "%s", word);
    for (size_t i = 0; change[i] != NULL; i++) {
        CHECK(i < BTX_CHANGE_ARGUMENTS_MAX - 1); /* One is left for the value. */
        (void)snprintf(question->change.arguments[i], BTX_CHANGE_ARGUMENT_BYTES, "%s", change[i]);
        question->change.count = i + 1;
    }
    question->state = value != NULL               ? BTX_QUESTION_VALUE
                      : question->word[0] != '\0' ? BTX_QUESTION_TYPE
                                                  : BTX_QUESTION_PRESS;
}

static enum btx_question_outcome end(struct btx_question *question, bool yes)
{
    question->state = BTX_QUESTION_NONE;
    return yes ? BTX_QUESTION_YES : BTX_QUESTION_NO;
}

/* What was typed is the argument that was wanted: now really? */
static enum btx_question_outcome take_value(struct btx_question *question)
{
    struct btx_change *change = &question->change;
    const size_t title = strlen(question->title);

    if (question->typed[0] == '\0')
        return end(question, false);
    memcpy(change->arguments[change->count++], question->typed, sizeof question->typed);
    if (question->wants_value_only)
        return end(question, true);
    (void)snprintf(question->title + title, sizeof question->title - title, ": %s",
                   question->typed);
    question->typed[0] = '\0';
    question->state = question->word[0] != '\0' ? BTX_QUESTION_TYPE : BTX_QUESTION_PRESS;
    return BTX_QUESTION_GOES_ON;
}

enum btx_question_outcome btx_question_key(struct btx_question *question, int key)
{
    const size_t length = strlen(question->typed);

    if (key == BTX_KEY_REDRAW || key == BTX_KEY_RESIZED)
        return BTX_QUESTION_GOES_ON;
    if (key == BTX_KEY_ESCAPE)
        return end(question, false);
    if (question->state == BTX_QUESTION_PRESS)
        return end(question, key == 'y' || key == 'Y');
    if (key == BTX_KEY_ENTER) {
        if (question->state == BTX_QUESTION_VALUE)
            return take_value(question);
        return end(question, strcmp(question->typed, question->word) == 0);
    }
    if (key == BTX_KEY_BACKSPACE && length > 0) {
        question->typed[length - 1] = '\0';
    } else if (key >= ' ' && key <= '~' && length + 1 < sizeof question->typed) {
        question->typed[length] = (char)key;
        question->typed[length + 1] = '\0';
    }
    return BTX_QUESTION_GOES_ON;
}

static void put_edge(struct btx_pane *box)
{
    char edge[BOX_COLUMNS + 1];

    memset(edge, '-', sizeof edge);
    edge[0] = edge[BOX_COLUMNS - 1] = '+';
    edge[BOX_COLUMNS] = '\0';
    btx_pane_line(box, BTX_GRID_BAR, "%s", edge);
}

static void put_row(struct btx_pane *box, enum btx_grid_style style, const char *text)
{
    btx_pane_put(box, 0, BTX_GRID_BAR, "|");
    btx_pane_put(box, 1, style, " %-*.*s ", TEXT_COLUMNS, TEXT_COLUMNS, text);
    btx_pane_put(box, BOX_COLUMNS - 1, BTX_GRID_BAR, "|");
    btx_pane_next(box);
}

/* The end of what was typed, when it is longer than the box. */
static const char *tail(const char *typed)
{
    const size_t shown = BOX_COLUMNS - 8;
    const size_t length = strlen(typed);

    return length > shown ? typed + length - shown : typed;
}

void btx_question_draw(const struct btx_question *question, struct btx_grid *grid)
{
    const char *second = strchr(question->effect, '\n');
    const int first_bytes = second != NULL ? (int)(second - question->effect) : -1;
    struct btx_pane box = {.grid = grid, .end_row = grid->rows};
    char text[BOX_COLUMNS * 2];

    box.row = grid->rows > BOX_ROWS ? (grid->rows - BOX_ROWS) / 2 : 0;
    box.column = grid->columns > BOX_COLUMNS ? (grid->columns - BOX_COLUMNS) / 2 : 0;
    box.end_column = box.column + BOX_COLUMNS;
    put_edge(&box);
    (void)snprintf(text, sizeof text, "%s?", question->title);
    put_row(&box, BTX_GRID_STRONG, text);
    (void)snprintf(text, sizeof text, "%.*s", first_bytes, question->effect);
    put_row(&box, BTX_GRID_PLAIN, text);
    put_row(&box, BTX_GRID_PLAIN, second != NULL ? second + 1 : "");
    put_row(&box, BTX_GRID_PLAIN, "");
    if (question->state == BTX_QUESTION_PRESS) {
        put_row(&box, BTX_GRID_STRONG, "y: do it     any other key: no");
        put_row(&box, BTX_GRID_PLAIN, "");
    } else {
        if (question->state == BTX_QUESTION_VALUE)
            (void)snprintf(text, sizeof text, "%s%s", question->value, VALUE_ENDS);
        else
            (void)snprintf(text, sizeof text, "type %s and Enter to do it; Esc: no",
                           question->word);
        put_row(&box, BTX_GRID_STRONG, text);
        (void)snprintf(text, sizeof text, "> %s_", tail(question->typed));
        put_row(&box, BTX_GRID_PLAIN, text);
    }
    put_edge(&box);
}
