# SPDX-License-Identifier: Apache-2.0
"""prompt.py - betexctl's prompt on a serial line, as an operator types at it."""
import json
import re
import time

from host import DEADLINE_S, Failed

READY = r"(^|\n)betex> "
# The end of what was typed, the answer, the next prompt.
ANSWER = re.compile(r"\n((?:.*\n)*?)betex> ")


class Prompt:
    def __init__(self, line):
        """Waits for the prompt."""
        self.line = line
        self.line.wait_for(READY)

    def wait_until(self, command, holds, deadline=DEADLINE_S):
        """Asks again and again, until @holds(answer) is true, and returns that answer."""
        end = time.monotonic() + deadline
        while True:
            answer = self.ask(command)
            if holds(answer):
                return answer
            if time.monotonic() >= end:
                raise Failed("%s: %s: after %d s still: %s" % (self.line.name, command, deadline,
                                                               answer.strip()))
            time.sleep(0.2)

    def wait_for_engine(self, deadline=DEADLINE_S):
        """Waits until the engine serves and the administration is connected to it."""
        self.wait_until("market ls --json", lambda answer: "betexctl:" not in answer, deadline)

    def ask(self, command):
        """Types a command and returns its answer, lines ending with a newline."""
        began = self.line.position()
        self.line.type(command + "\r")
        return self.line.wait_for(ANSWER, since=began).group(1)

    def events(self, command):
        """Hands in a command of the exchange and returns the events that it led to, as lines of
        JSON, byte for byte as printed.  Such an answer comes when they are durable.

        Raises Failed when it was refused."""
        answer = self.ask(command + " --json")
        lines = [text for text in answer.split("\n") if text.startswith('{"seq":')]
        if not lines:
            raise Failed("%s: %s" % (command, answer.strip()))
        return lines

    def facts(self, command):
        """The object that a verb which shows something answers with."""
        answer = self.ask(command + " --json")
        start = answer.find("{")
        if start < 0:
            raise Failed("%s: %s" % (command, answer.strip()))
        return json.loads(answer[start:])
