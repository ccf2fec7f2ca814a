/* SPDX-License-Identifier: Apache-2.0 */
/* list.h - which row of a long list is chosen, and which of its rows are to be seen. */
#ifndef BTX_CONSOLE_LIST_H
#define BTX_CONSOLE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Start with {0}.  Row numbers count from 0. */
struct btx_list {
    size_t count;
    size_t rows; /* that are to be seen at once */
    size_t chosen;
    size_t top; /* the first that is to be seen */
};

/* There are @count rows now, of which @rows fit: what was chosen stays so, if it is still there. */
void btx_list_fit(struct btx_list *list, size_t count, size_t rows);

/* Whether @key moves in a list; then it has. */
bool btx_list_key(struct btx_list *list, int key);

#endif
