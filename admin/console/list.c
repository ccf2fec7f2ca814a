/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/console/list.h"

#include "admin/console/keys.h"

static size_t least(size_t one, size_t other)
{
    return one < other ? one : other;
}

void btx_list_fit(struct btx_list *list, size_t count, size_t rows)
{
    list->count = count;
    list->rows = rows;
    list->chosen = count == 0 ? 0 : least(list->chosen, count - 1);
    if (list->chosen < list->top)
        list->top = list->chosen;
    if (rows != 0 && list->chosen >= list->top + rows)
        list->top = list->chosen - rows + 1;
    /* No empty rows at the end while there is something above. */
    list->top = least(list->top, count > rows ? count - rows : 0);
}

bool btx_list_key(struct btx_list *list, int key)
{
    const size_t page = list->rows > 1 ? list->rows - 1 : 1;
    const size_t last = list->count == 0 ? 0 : list->count - 1;

    switch (key) {
    case BTX_KEY_UP:
    case 'k':
        list->chosen -= least(list->chosen, 1);
        break;
    case BTX_KEY_DOWN:
    case 'j':
        list->chosen = least(list->chosen + 1, last);
        break;
    case BTX_KEY_PAGE_UP:
    case '-':
        list->chosen -= least(list->chosen, page);
        break;
    case BTX_KEY_PAGE_DOWN:
    case ' ':
        list->chosen = least(list->chosen + page, last);
        break;
    case BTX_KEY_HOME:
        list->chosen = 0;
        break;
    case BTX_KEY_END:
        list->chosen = last;
        break;
    default: /* lint: default: any other number may come */
        return false;
    }
    btx_list_fit(list, list->count, list->rows);
    return true;
}
