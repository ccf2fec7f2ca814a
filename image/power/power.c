/* SPDX-License-Identifier: Apache-2.0 */
/* power.c - betex-power: shuts the machine down in order when its power button is pressed.
 *
 * That is also how controllers of servers (BMC, hypervisors) ask for it.  One process for each
 * button that udev finds; it waits, and tells systemd, which stops the engine first: what was taken
 * is on the disk before the power goes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/fault.h"

enum {
    PRESSED = 1,
    EVENTS = 16,
};

/* systemd(1): SIGRTMIN+4 starts poweroff.target. */
#define POWER_OFF (SIGRTMIN + 4)

/* True when one of the @count events is the press of a power button; letting go of it is not. */
static bool is_pressed(const struct input_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].type == EV_KEY && events[i].code == KEY_POWER && events[i].value == PRESSED)
            return true;
    }
    return false;
}

/* Returns when the button is pressed.  Faults: IO, also when the device goes away. */
static enum btx_fault_code wait_for_press(int fd, struct btx_fault *reterr_fault)
{
    struct input_event events[EVENTS];

    for (;;) {
        const ssize_t got = read(fd, events, sizeof(events));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, got < 0 ? errno : 0,
                                 "reading the button");
        if (is_pressed(events, (size_t)got / sizeof(events[0])))
            return BTX_OK;
    }
}

static enum btx_fault_code watch(const char *device, pid_t init, struct btx_fault *reterr_fault)
{
    const int fd = open(device, O_RDONLY | O_CLOEXEC);
    enum btx_fault_code code;

    if (fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening %s", device);
    code = wait_for_press(fd, reterr_fault);
    (void)close(fd); /* It was only read. */
    if (code != BTX_OK)
        return code;
    fprintf(stderr, "the power button was pressed: the engine stops, then the machine\n");
    if (kill(init, POWER_OFF) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "telling systemd");
    return BTX_OK;
}

int main(int argument_count, char **arguments)
{
    struct btx_fault fault = {0};

    if (argument_count == 2 && strcmp(arguments[1], "--help") == 0) {
        printf(
            "Usage: betex-power DEVICE\n"
            "\n"
            "Shuts the machine down in order when the button DEVICE (/dev/input/eventN) is\n"
            "pressed; betex-power@.service does it for every button that there is.\n"
            "\n"
            "Exit status: 0 pressed; 2 usage; 68 the button is gone, or systemd out of reach.\n");
        return 0;
    }
    if (argument_count != 2)
        (void)btx_fault_set(&fault, BTX_FAULT_USAGE, 0, "want one device (see --help)");
    else
        (void)watch(arguments[1], 1, &fault); /* The fault is looked at below. */
    if (fault.code != BTX_OK)
        fprintf(stderr, "betex-power: %s\n", fault.text);
    return btx_fault_exit_status(fault.code);
}
