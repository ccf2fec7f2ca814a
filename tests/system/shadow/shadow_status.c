/* SPDX-License-Identifier: Apache-2.0 */
/* shadow_status.c - the status that is handed out at a socket, as JSON: shadow_status PATH. */
#include "engine/status/page_socket.h"

#include <stdio.h>
#include <unistd.h>

#include "engine/base/bytes.h"
#include "engine/status/reading.h"
#include "engine/status/status_text.h"

int main(int argument_count, char **arguments)
{
    static struct btx_status_reading reading;
    static uint8_t text[1 << 20];
    struct btx_status_view view = {0};
    struct btx_fault fault = {0};
    struct btx_writer out;
    int fd;

    if (argument_count != 2)
        return 2;
    btx_status_reading_init(&reading, btx_clock_system());
    if (btx_status_page_fetch(arguments[1], &fd, &fault) != BTX_OK ||
        btx_status_view_open(&view, fd, &fault) != BTX_OK ||
        btx_status_reading_add_view(&reading, &view, &fault) != BTX_OK) {
        fprintf(stderr, "shadow_status: %s\n", fault.text);
        return btx_fault_exit_status(fault.code);
    }
    btx_writer_init(&out, text, sizeof text);
    btx_status_put_json(&out, &reading, NULL);
    return fwrite(text, 1, out.length_bytes, stdout) == out.length_bytes ? 0 : 1;
}
