#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""notified.py COMMAND... - starts a service as systemd does, with Type=notify and a watchdog, and
looks whether it says what systemd waits for: that it is ready, that it is alive, again and again,
and after SIGTERM that it stops.  Exit status: 0 it said all of it and ended with 0, else 1."""
import os
import signal
import socket
import subprocess
import sys
import tempfile

WATCHDOG_US = 2_000_000
# A service that never says it would otherwise wait for ctest.
DEADLINE_S = 120
BEATS = 2


def wait_for(listener, wanted):
    """Reads datagrams until one has the line @wanted."""
    while True:
        lines = listener.recv(4096).decode().split("\n")
        if wanted in lines:
            return


def main(command):
    with tempfile.TemporaryDirectory(prefix="betex-notify-") as folder:
        path = os.path.join(folder, "notify")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(path)
        listener.settimeout(DEADLINE_S)
        service = subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": path,
                                                 "WATCHDOG_USEC": str(WATCHDOG_US)})
        wanted = ["READY=1"] + ["WATCHDOG=1"] * BEATS
        try:
            for line in wanted:
                wait_for(listener, line)
            service.send_signal(signal.SIGTERM)
            wait_for(listener, "STOPPING=1")
            return service.wait(DEADLINE_S)
        except (TimeoutError, subprocess.TimeoutExpired):
            print("FAILED: it did not say what systemd waits for (%s, STOPPING=1)" %
                  ", ".join(wanted))
            return 1
        finally:
            service.kill()
            service.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
