# SPDX-License-Identifier: Apache-2.0
"""serial_line.py - a serial port of a machine: reads what comes, all the time, and types."""
import re
import threading
import time

from host import DEADLINE_S, Failed

# Escape sequences of terminals: CSI, OSC, character sets, and single letters.
ESCAPES = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[()*+].|[=>78DEHMNOZc])")
TAIL_LINES = 25


def plain(raw):
    """Bytes of a terminal as text: no escape sequences, lines end with a single newline."""
    text = ESCAPES.sub("", raw.decode("utf-8", errors="replace"))
    return re.sub(r"\r+\n", "\n", text).replace("\r", "\n").replace("\0", "")


class SerialLine:
    """One end of a socket whose other end is the port.  All that comes is kept, and written to
    @log_path as it was.  A thread reads, because a port that nobody reads stops its machine."""

    def __init__(self, name, socket, log_path):
        self.name = name
        self.socket = socket
        self.received = bytearray()
        self.line_times = []  # (length when a line began, seconds since the port was opened)
        self.opened = time.monotonic()
        self.closed = False
        self.news = threading.Condition()
        self.log = open(log_path, "wb")
        self.reader = threading.Thread(target=self._read, name="serial-" + name, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                some = self.socket.recv(65536)
            except OSError:
                some = b""
            with self.news:
                if some:
                    self.log.write(some)
                    self.log.flush()
                    self.received += some
                    self.line_times.append((len(self.received), time.monotonic() - self.opened))
                else:
                    self.closed = True
                self.news.notify_all()
            if not some:
                return

    def position(self):
        """Where the next byte will stand: what wait_for() and text() take as @since."""
        with self.news:
            return len(self.received)

    def text(self, since=0):
        with self.news:
            return plain(bytes(self.received[since:]))

    def type(self, text):
        self.socket.sendall(text.encode())

    def wait_for(self, pattern, since=0, deadline=DEADLINE_S):
        """Waits until what came after @since matches @pattern, and returns the match.

        Raises Failed, with the end of what came, when it did not until the deadline or the machine
        ended before."""
        expression = re.compile(pattern)
        end = time.monotonic() + deadline
        with self.news:
            while True:
                # Before the search, so that what came last is searched.
                over = self.closed or time.monotonic() >= end
                match = expression.search(plain(bytes(self.received[since:])))
                if match:
                    return match
                if over:
                    break
                self.news.wait(max(0.0, end - time.monotonic()))
        why = "the machine ended" if self.closed else "%d s went by" % deadline
        raise Failed("%s: %s without %r; last:\n%s" % (self.name, why, pattern, self.tail()))

    def seconds_until(self, pattern):
        """When the text that matches @pattern was there, in seconds since the port was opened."""
        expression = re.compile(pattern)
        with self.news:
            for length, seconds in self.line_times:
                if expression.search(plain(bytes(self.received[:length]))):
                    return seconds
        raise Failed("%s: %r never came" % (self.name, pattern))

    def tail(self):
        lines = [line for line in plain(bytes(self.received)).split("\n") if line.strip()]
        return "\n".join("    " + line for line in lines[-TAIL_LINES:])

    def close(self):
        """After the machine ended: waits for the last byte."""
        self.reader.join(DEADLINE_S)
        self.socket.close()
        self.log.close()
