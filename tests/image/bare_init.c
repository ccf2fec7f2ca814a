/* SPDX-License-Identifier: Apache-2.0 */
/* bare_init.c - the least that a machine can do: says that it is there, and switches it off.  How
 * long the appliance needs to be ready is measured against it (bare.py). */
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void)
{
    static const char text[] = "bare init is ready\n";
    int console;

    (void)mkdir("/dev", 0755);
    (void)mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755");
    console = open("/dev/console", O_WRONLY | O_NOCTTY);
    if (console >= 0)
        (void)!write(console, text, sizeof text - 1);
    (void)reboot(RB_POWER_OFF);
    return 1; /* Which the kernel answers with a panic: the test sees that. */
}
