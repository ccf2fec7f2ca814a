/* SPDX-License-Identifier: Apache-2.0 */
#include "shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct btx_console shown_console;
struct btx_grid shown_grid;

const char shown_status[] =
    "{\"time_ns\":1000000000000,\"parts\":{\"main\":{\"silent\":false,\"pid\":42,\"core\":null,"
    "\"part_state\":\"running\",\"faults\":0}},\"figures\":{\"accounts\":90,"
    "\"accounts_capacity\":100,\"refusals\":{\"BUSY\":3,\"DUPLICATE\":0,\"CAPACITY\":3,"
    "\"NO_CHANGE\":5},\"audit_events\":1234},\"producers\":[{\"producer_name\":\"gateway-1\","
    "\"producer_state\":\"attached\",\"producer_commands\":12}],\"texts\":{\"host\":\"node-1\"},"
    "\"screen\":["
    "{\"label\":\"engine\",\"level\":\"fine\",\"text\":\"serving, up 3 s       12:00:00 UTC\"},"
    "{\"label\":\"machine\",\"level\":\"fine\",\"text\":\"all is well\"},"
    "{\"label\":\"lock\",\"level\":\"look\",\"text\":\"not known\",\"advice\":\"see who\"},"
    "{\"label\":\"disk\",\"level\":\"act\",\"text\":\"STOP\",\"advice\":\"free space now\"},"
    "{\"label\":\"audit\",\"level\":\"fine\",\"text\":\"clean\"}]}\n";

int shown_begin(void **state)
{
    (void)state;
    btx_console_init(&shown_console, "admin.sock", 2 * SECOND_NS);
    return 0;
}

int shown_end(void **state)
{
    (void)state;
    btx_console_done(&shown_console);
    return 0;
}

void shown_answer(enum btx_console_feed feed, const char *text, uint64_t now_ns)
{
    shown_console.asked = feed;
    shown_console.asked_id = feed == BTX_CONSOLE_MARKET    ? shown_console.market
                             : feed == BTX_CONSOLE_ACCOUNT ? shown_console.account
                                                           : 0;
    btx_console_take(&shown_console, BTX_CONSOLE_LOOKS, 0, text, strlen(text), NULL, 0, now_ns,
                     now_ns);
}

void shown_fail(enum btx_console_feed feed, const char *why, uint64_t now_ns)
{
    shown_console.asked = feed;
    btx_console_fail(&shown_console, BTX_CONSOLE_LOOKS, why, now_ns);
}

void shown_press(const char *keys, uint64_t now_ns)
{
    for (; *keys != '\0'; keys++)
        btx_console_key(&shown_console, *keys, now_ns);
}

void shown_draw(unsigned rows, unsigned columns, uint64_t now_ns)
{
    btx_grid_clear(&shown_grid, rows, columns);
    btx_console_draw(&shown_console, &shown_grid, now_ns);
}

const char *shown_row(unsigned row)
{
    static char text[BTX_GRID_COLUMNS_MAX + 1];
    size_t length = shown_grid.columns;

    memcpy(text, shown_grid.text[row], length);
    while (length > 0 && text[length - 1] == ' ')
        length--;
    text[length] = '\0';
    return text;
}

static int look_for(const char *text)
{
    for (unsigned row = 0; row < shown_grid.rows; row++)
        if (strstr(shown_row(row), text) != NULL)
            return (int)row;
    return -1;
}

static void print_all(void)
{
    for (unsigned row = 0; row < shown_grid.rows; row++)
        print_message("%s\n", shown_row(row));
}

unsigned shown_find(const char *text)
{
    const int row = look_for(text);

    if (row < 0) {
        print_all();
        fail_msg("'%s' is not shown", text);
    }
    return (unsigned)row;
}

void shown_lack(const char *text)
{
    if (look_for(text) < 0)
        return;
    print_all();
    fail_msg("'%s' is shown", text);
}
