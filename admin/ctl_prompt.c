/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_prompt.c - the prompt, on libedit: its tokens, its history, Tab, and Ctrl-C. */
#include "admin/ctl_prompt.h"

#include <histedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/ctl_interrupt.h"

enum { HISTORY_LINES = 200, WORDS_MAX = 32, DEPTH_MAX = 8 };

static char *prompt(EditLine *edit)
{
    static char text[] = "betex> ";

    (void)edit;
    return text;
}

/* How far all @words begin alike. */
static size_t common(char (*words)[32], size_t count)
{
    size_t length = strlen(words[0]);

    for (size_t i = 1; i < count; i++) {
        while (strncmp(words[0], words[i], length) != 0)
            length--;
    }
    return length;
}

static unsigned char complete(EditLine *edit, int key)
{
    const LineInfo *line = el_line(edit);
    char text[1024];
    char words[WORDS_MAX][32];
    const char *arguments[DEPTH_MAX];
    const size_t length = (size_t)(line->cursor - line->buffer);
    const char *prefix = "";
    size_t depth = 0;
    size_t count;
    char *rest = text;

    (void)key;
    if (length >= sizeof text)
        return CC_ERROR;
    memcpy(text, line->buffer, length);
    text[length] = '\0';
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        if (rest == NULL)
            prefix = word;
        else if (*word != '\0' && depth < DEPTH_MAX)
            arguments[depth++] = word;
    }
    count = btx_ctl_completions(arguments, depth, prefix, words, WORDS_MAX);
    if (count == 0)
        return CC_ERROR;
    words[0][common(words, count)] = count > 1 ? '\0' : words[0][common(words, count)];
    if (strlen(words[0]) > strlen(prefix) || count == 1) {
        (void)el_insertstr(edit, words[0] + strlen(prefix));
        if (count == 1)
            (void)el_insertstr(edit, " ");
        return CC_REFRESH;
    }
    count = btx_ctl_completions(arguments, depth, prefix, words, WORDS_MAX);
    putchar('\n');
    for (size_t i = 0; i < count; i++)
        printf("%s%s", words[i], i + 1 < count ? "  " : "\n");
    return CC_REDISPLAY;
}

struct prompt {
    EditLine *edit;
    History *history;
    Tokenizer *tokens;
};

static enum btx_fault_code open_prompt(struct prompt *self, struct btx_fault *reterr_fault)
{
    HistEvent event;

    self->edit = el_init("betexctl", stdin, stdout, stderr);
    self->history = history_init();
    self->tokens = tok_init(NULL);
    if (self->edit == NULL || self->history == NULL || self->tokens == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, 0, "no memory for a prompt");
    (void)history(self->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)el_set(self->edit, EL_HIST, history, self->history);
    (void)el_set(self->edit, EL_PROMPT, prompt);
    (void)el_set(self->edit, EL_SIGNAL, 1);
    (void)el_set(self->edit, EL_EDITOR, "emacs");
    (void)el_set(self->edit, EL_ADDFN, "complete", "complete a verb", complete);
    (void)el_set(self->edit, EL_BIND, "^I", "complete", NULL);
    (void)el_set(self->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    return BTX_OK;
}

static void close_prompt(struct prompt *self)
{
    if (self->tokens != NULL)
        tok_end(self->tokens);
    if (self->history != NULL)
        history_end(self->history);
    if (self->edit != NULL)
        el_end(self->edit);
}

/* Whether to go on. */
static bool take_line(struct prompt *self, const char *line, btx_ctl_line take)
{
    HistEvent event;
    const char **arguments;
    int count;

    (void)history(self->history, &event, H_ENTER, line);
    tok_reset(self->tokens);
    if (tok_str(self->tokens, line, &count, &arguments) != 0) {
        fputs("betexctl: a quote is not closed\n", stderr);
        return true;
    }
    if (count == 0)
        return true;
    if (count == 1 && (strcmp(arguments[0], "exit") == 0 || strcmp(arguments[0], "quit") == 0))
        return false;
    take(arguments, (size_t)count);
    return true;
}

enum btx_fault_code btx_ctl_prompt(btx_ctl_line take, struct btx_fault *reterr_fault)
{
    struct prompt self = {0};
    enum btx_fault_code code = open_prompt(&self, reterr_fault);
    const char *line = NULL;
    int length = 0;

    if (code == BTX_OK)
        puts("betexctl: 'help' lists what there is, Tab completes, 'exit' or Ctrl-D ends.");
    btx_ctl_interrupt_catch();
    while (code == BTX_OK) {
        (void)btx_ctl_interrupt_take(); /* One that came too late to interrupt anything. */
        line = el_gets(self.edit, &length);
        if (line == NULL || length <= 0) {
            putchar('\n');
            if (!btx_ctl_interrupt_take())
                break;
        } else if (!take_line(&self, line, take)) {
            break;
        }
    }
    close_prompt(&self);
    return code;
}
