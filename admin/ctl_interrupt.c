/* SPDX-License-Identifier: Apache-2.0 */
#include "admin/ctl_interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t was_pressed;

static void note(int number)
{
    (void)number;
    was_pressed = 1;
}

void btx_ctl_interrupt_catch(void)
{
    const struct sigaction action = {.sa_handler = note};

    (void)sigaction(SIGINT, &action, NULL); /* Cannot fail for this signal. */
}

bool btx_ctl_interrupt_take(void)
{
    const bool taken = was_pressed != 0;

    was_pressed = 0;
    return taken;
}
