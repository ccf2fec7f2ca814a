/* SPDX-License-Identifier: Apache-2.0 */
/* question.h - "really?", before anything is changed.
 *
 * How hard it is to say yes goes with what cannot be taken back: a key for what harms nobody, a
 * word to be typed for what does.  Everything else says no. */
#ifndef BTX_CONSOLE_QUESTION_H
#define BTX_CONSOLE_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

#include "admin/console/grid.h"

enum {
    BTX_CHANGE_ARGUMENTS_MAX = 5,
    BTX_CHANGE_ARGUMENT_BYTES = 80,
    BTX_QUESTION_TEXT_BYTES = 80,
};

/* A verb of betexctl with its arguments, one for each line of the table. */
struct btx_change {
    size_t count;
    char arguments[BTX_CHANGE_ARGUMENTS_MAX][BTX_CHANGE_ARGUMENT_BYTES];
};

enum btx_question_state {
    BTX_QUESTION_NONE,
    BTX_QUESTION_VALUE, /* wants an argument first */
    BTX_QUESTION_PRESS, /* wants y */
    BTX_QUESTION_TYPE,  /* wants the word */
};

/* Caller's storage; start with {0}. */
struct btx_question {
    enum btx_question_state state;
    char title[BTX_QUESTION_TEXT_BYTES];
    const char *effect; /* what it does, at most two lines with a newline between them; a literal */
    const char *value;  /* what the argument is that it wants; a literal, or NULL */
    bool wants_value_only;
    char word[BTX_CHANGE_ARGUMENT_BYTES]; /* that must be typed; "": y is enough */
    char typed[BTX_CHANGE_ARGUMENT_BYTES];
    struct btx_change change;
};

enum btx_question_outcome { BTX_QUESTION_GOES_ON, BTX_QUESTION_YES, BTX_QUESTION_NO };

/* Ask whether to do @change, given as words that end with NULL.  The title is what would be done,
 * without a question mark.  @word "": y is enough; NULL: the @value says it all. */
void btx_question_ask(struct btx_question *question, const char *const *change, const char *effect,
                      const char *word, const char *value, const char *title, ...) BTX_PRINTF(6, 7);

/* Behind YES and NO the question is over; what was to be changed is still in it. */
enum btx_question_outcome btx_question_key(struct btx_question *question, int key);

/* A box in the middle of the grid. */
void btx_question_draw(const struct btx_question *question, struct btx_grid *grid);

#endif
