# SPDX-License-Identifier: Apache-2.0
"""betex1.py - a client of the protocol betex/1, written from tls/README.md and that of engine/wire
alone, with nothing but Python's standard library: that those pages are enough is what it proves.
"""
import socket
import ssl
import struct

HEADER = struct.Struct("<IBBHQ")
TYPES = {
    "HELLO": 1, "PING": 2, "PLACE": 16, "CANCEL": 17, "UPDATE": 18, "REPLACE": 19,
    "CANCEL_ALL": 20, "SUBSCRIBE_BOOK": 32, "UNSUBSCRIBE_BOOK": 33, "SUBSCRIBE_ORDERS": 34,
    "QUERY_BOOK": 48, "QUERY_ORDERS": 49, "QUERY_ACCOUNT": 50, "QUERY_MARKETS": 51,
    "QUERY_MARKET": 52, "WELCOME": 128, "STATUS": 129, "REPLY": 130, "PONG": 131, "EVENT": 132,
    "CURRENT": 133, "BOOK": 134, "ORDERS": 135, "ACCOUNT": 136, "MARKETS": 137, "MARKET": 138,
}
NAMES = {number: name for name, number in TYPES.items()}
CODES = {1: "BAD_FRAME", 2: "BAD_VERSION", 3: "NOT_ALLOWED", 4: "WRONG_ACCOUNT", 5: "STARTING",
         6: "BUSY", 7: "TOO_SLOW", 8: "DEADLINE", 9: "ENGINE_LOST", 10: "SUPERSEDED",
         11: "SHUTDOWN", 12: "LIMIT", 13: "NO_SEQUENCE", 14: "UNKNOWN", 15: "LOG_LOST"}
EVENTS = {1: "AccountOpened", 2: "FundsDeposited", 3: "FundsWithdrawn", 4: "AccountFrozen",
          5: "AccountUnfrozen", 10: "OrderAccepted", 11: "TradeMatched", 12: "OrderCancelled",
          13: "OrderUpdated", 14: "OrderCancelledBatched", 16: "AccountSettled",
          20: "CommandRejected", 24: "OrderHeld", 25: "OrderReleased", 26: "ImpliedMatched"}
REASONS = ("UNKNOWN_ACCOUNT DUPLICATE BUSY INVALID_ACCOUNT ACCOUNT_EXISTS ACCOUNT_FROZEN "
           "INVALID_AMOUNT INSUFFICIENT_FUNDS NO_CHANGE CAPACITY INVALID_MARKET MARKET_EXISTS "
           "UNKNOWN_MARKET MARKET_CLOSED MARKET_NOT_OPEN NOT_CLOSED INVALID_WINNERS "
           "UNKNOWN_RUNNER RUNNER_REMOVED INVALID_PRICE INVALID_SIZE INVALID_ORDER WOULD_MATCH "
           "NOT_FILLABLE UNKNOWN_ORDER NOT_ORDER_OWNER NOTHING_TO_CANCEL VERSION_CHANGED "
           "TOO_FEW_RUNNERS").split()
CLOSING, LAST, UPDATE = 1, 2, 4
HELLO_CANCEL, HELLO_SEQUENCE = 1, 2
BACK, LAY = 0, 1
GTC, IOC, FOK = 0, 1, 2


class Ended(Exception):
    """The session ended: with the STATUS that said why, or None."""

    def __init__(self, status):
        super().__init__("the session ended: %s" % (status,))
        self.status = status


def frame(type_name, body=b"", request=0, flags=0):
    """A whole frame; type_name may also be a number."""
    number = TYPES.get(type_name, type_name)
    body += bytes(-len(body) % 8)
    return HEADER.pack(HEADER.size + len(body), number, flags, 0, request) + body


def hello(version=1, flags=0, account=0, lane=0):
    return struct.pack("<IIQI12x", version, flags, account, lane)


def place(account, market, side, price, size, runner=None, cseq=0, tif=GTC, ref=b"", post_only=0):
    present = (1 if runner is not None else 0) | (4 if ref else 0)
    return struct.pack("<QQQQqqQQQ8B", account, market, runner or 0, price, size, 0, cseq, 0, 0,
                       side, 0, tif, 0, post_only, 0, len(ref), present) + ref


def cancel(account, order, reduce_by=None, cseq=0):
    return struct.pack("<QQqQB7x", account, order, reduce_by or 0, cseq,
                       0 if reduce_by is None else 1)


def update(account, order, persistence, cseq=0):
    return struct.pack("<QQQB7x", account, order, cseq, persistence)


def replace(account, order, price, size=None, cseq=0):
    return struct.pack("<QQQqQQB7x", account, order, price, size or 0, cseq, 0,
                       0 if size is None else 1)


def cancel_all(account, market=None, cseq=0):
    return struct.pack("<QQQQBBB5x", account, market or 0, 0, cseq, 0, 0,
                       1 | (0 if market is None else 2))


def fields(names, layout, body):
    return dict(zip(names.split(), struct.unpack_from("<" + layout, body)))


ORDER = "order market runner remaining expires until price side persistence held"
MARKET = ("market min_size version runners winners tick commission bet_delay_ms live_orders kind "
          "status in_play reductions implied ladder")


def parse_reply(body):
    reply = fields("seq tx time_ns last_seq order cseq size matched remaining count event reason",
                   "QQQQQQqqqIBB", body)
    reply["event"] = EVENTS[reply["event"]]
    reply["reason"] = REASONS[reply["reason"]] if reply["event"] == "CommandRejected" else None
    return reply


def parse_event(body):
    """The fields that the tests look at, of a record of engine/wire."""
    number = body[7]
    event = fields("seq tx time_ns", "QQQ", body[8:])
    event["event"] = EVENTS.get(number, number)
    rest = body[32:]
    if number in (10, 24):
        event.update(fields("order account market runner size cseq expires price side",
                            "QQQQqQQIB", rest))
    elif number == 11:
        event.update(fields("market runner size taker taker_account maker maker_account "
                            "taker_remaining maker_remaining price taker_side",
                            "QQqQQQQqqIB", rest))
    elif number == 12:
        event.update(fields("order account market runner cancelled remaining cseq side cause",
                            "QQQQqqQBB", rest))
    elif number == 14:
        event.update(fields("market cseq count cause", "QQHB", rest))
        event["orders"] = list(struct.unpack_from("<%dQ" % event["count"], rest, 24))
    elif number == 20:
        event.update(fields("account market order cseq transfer cmd reason", "QQQQQBB", rest))
        event["reason"] = REASONS[event["reason"]]
    elif number in (2, 3):
        event.update(fields("account amount balance cseq transfer", "QqqQQ", rest))
    return event


def parse_book(body):
    book = fields("seq market runner version backs lays status in_play removed", "QQQQHHBBB", body)
    levels = [struct.unpack_from("<qI", body, 48 + 16 * i)
              for i in range(book["backs"] + book["lays"])]
    levels = [(price, size) for size, price in levels]
    book["backs"], book["lays"] = levels[:book["backs"]], levels[book["backs"]:]
    return book


def parse(name, body):
    """The body of a frame of the gateway as a dictionary."""
    if name == "WELCOME":
        answer = fields("version rights account seq cseq time_ns outstanding_max "
                        "frames_per_second idle_ns currency exchange", "IIQQQQIIQ8s16s", body)
    elif name == "STATUS":
        code, length = struct.unpack_from("<HH", body)
        answer = {"code": CODES[code], "text": body[8:8 + length].decode("ascii")}
    elif name == "REPLY":
        answer = parse_reply(body)
    elif name == "EVENT":
        answer = parse_event(body)
    elif name == "CURRENT":
        answer = fields("seq", "Q", body)
    elif name == "BOOK":
        answer = parse_book(body)
    elif name == "ORDERS":
        seq, count = struct.unpack_from("<QI", body)
        answer = {"seq": seq, "orders": [fields(ORDER, "QQQqQQIBBB", body[16 + 72 * i:])
                                         for i in range(count)]}
    elif name == "ACCOUNT":
        answer = fields("seq account balance available cseq live_orders frozen", "QQqqQII", body)
    elif name == "MARKETS":
        seq, count = struct.unpack_from("<QI", body)
        answer = {"seq": seq, "markets": [fields(MARKET, "QqQIIIIIIBBBBBB", body[16 + 72 * i:])
                                          for i in range(count)]}
    elif name == "MARKET":
        answer = fields(MARKET, "QqQIIIIIIBBBBBB", body[8:])
        length, = struct.unpack_from("<I", body, 80)
        at = 88 + 16 * answer["runners"]
        answer["runner_ids"] = [struct.unpack_from("<Q", body, 88 + 16 * i)[0]
                                for i in range(answer["runners"])]
        answer["description"] = body[at:at + length].decode("utf-8")
    else:
        answer = {}
    return answer


class Client:
    """One connection.  What it reads and nobody has asked for stays in `others`."""

    def __init__(self, address, context, timeout=120, receive_bytes=None):
        raw = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if receive_bytes is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        raw.settimeout(timeout)
        raw.connect(address)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(raw, server_hostname="localhost")
        self.bytes = b""
        self.others = []
        self.request = 0
        self.welcome = None
        self.account = 0

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, type_name, body=b"", request=None):
        """Returns the request's number."""
        if request is None:
            self.request += 1
            request = self.request
        self.socket.sendall(frame(type_name, body, request))
        return request

    def next(self):
        """(name, flags, request, fields) of the next frame; raises Ended at the end."""
        while True:
            if len(self.bytes) >= HEADER.size:
                length, number, flags, reserved, request = HEADER.unpack_from(self.bytes)
                assert length % 8 == 0 and reserved == 0, "a header that README.md does not have"
                if len(self.bytes) >= length:
                    body, self.bytes = self.bytes[HEADER.size:length], self.bytes[length:]
                    answer = parse(NAMES[number], body)
                    if number == TYPES["STATUS"] and flags & CLOSING:
                        raise Ended(answer["code"])
                    return NAMES[number], flags, request, answer
            try:
                got = self.socket.recv(65536)
            except ssl.SSLEOFError:
                got = b""
            except (ConnectionError, ssl.SSLError) as error:
                raise Ended(None) from error
            if not got:
                raise Ended(None)
            self.bytes += got

    def wait(self, request):
        """(name, flags, fields) of the answer to @request; all else goes to others."""
        for index, (name, flags, number, answer) in enumerate(self.others):
            if number == request and name != "EVENT" and not flags & UPDATE:
                del self.others[index]
                return name, flags, answer
        while True:
            name, flags, number, answer = self.next()
            if number == request and name != "EVENT" and not flags & UPDATE:
                return name, flags, answer
            self.others.append((name, flags, number, answer))

    def ask(self, type_name, body=b""):
        """(name, fields) of the answer."""
        name, _, answer = self.wait(self.send(type_name, body))
        return name, answer

    def say_hello(self, flags=0, account=0):
        name, answer = self.ask("HELLO", hello(flags=flags, account=account))
        assert name == "WELCOME", name
        self.welcome = answer
        self.account = answer["account"]
        return answer

    def command(self, type_name, body):
        """The REPLY; of a STATUS {"refused": code}."""
        name, answer = self.ask(type_name, body)
        return answer if name == "REPLY" else {"refused": answer["code"], "text": answer["text"]}

    def take_others(self, name):
        """The fields of all frames of that name that have come and not been taken."""
        taken = [entry[3] for entry in self.others if entry[0] == name]
        self.others = [entry for entry in self.others if entry[0] != name]
        return taken

    def events_until(self, seq):
        """Events in order up to the one with @seq."""
        events = self.take_others("EVENT")
        while not events or events[-1]["seq"] < seq:
            name, flags, request, answer = self.next()
            if name == "EVENT":
                events.append(answer)
            else:
                self.others.append((name, flags, request, answer))
        return events
