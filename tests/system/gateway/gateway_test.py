#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gateway_test.py - betex-gateway as its clients meet it.  Each function below is a test:

    BTX_BIN=build/release/bin gateway_test.py CASE
"""
import json
import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

import betex1
from betex1 import BACK, HELLO_CANCEL, HELLO_SEQUENCE, IOC, LAY, UPDATE, Ended
from rig import ONE, Authority, Rig, is_alive, until


def back(price, size, cseq=0, account=1001, **more):
    """A PLACE of alice's on runner 1 of market 7."""
    return betex1.place(account, 7, BACK, price, size * ONE, 1, cseq=cseq, **more)


def lay(price, size, cseq=0, account=1002, **more):
    """The same of bob's on the other side."""
    return betex1.place(account, 7, LAY, price, size * ONE, 1, cseq=cseq, **more)


def expect_end(client, code):
    """The session ends with the STATUS @code, whatever comes before it."""
    try:
        while True:
            client.next()
    except Ended as ended:
        assert ended.status == code, "ended with %s, want %s" % (ended.status, code)


def wish(market=7, runner=1, levels=10):
    return struct.pack("<QQII", market, runner, levels, 0)


def stream_wish(after_seq):
    """All behind @after_seq; None: from now on."""
    return struct.pack("<QII", after_seq or 0, after_seq is None, 0)


def trade():
    """Two clients trade: each command is answered once, with what it did; the books show it."""
    with Rig() as rig:
        rig.open_market()
        with rig.client("alice") as alice, rig.client("bob") as bob:
            assert alice.account == 1001 and bob.account == 1002
            reply = alice.command("PLACE", back(25000, 10, ref=b"mine"))
            assert reply["event"] == "OrderAccepted" and reply["remaining"] == 10 * ONE, reply
            order = reply["order"]
            reply = bob.command("PLACE", lay(25000, 4))
            assert (reply["matched"], reply["remaining"], reply["count"]) == (4 * ONE, 0, 1), reply
            name, book = alice.ask("QUERY_BOOK", struct.pack("<QQII", 7, 1, 5, 0))
            assert name == "BOOK" and book["backs"] == [(25000, 6 * ONE)], book
            assert book["lays"] == [], book
            name, orders = alice.ask("QUERY_ORDERS", bytes(16))
            assert [entry["order"] for entry in orders["orders"]] == [order], orders
            assert orders["orders"][0]["remaining"] == 6 * ONE, orders
            name, account = alice.ask("QUERY_ACCOUNT")
            assert account["balance"] == 1000 * ONE and account["available"] == 990 * ONE, account
            reply = alice.command("UPDATE", betex1.update(1001, order, 1))
            assert reply["event"] == "OrderUpdated" and reply["order"] == order, reply
            reply = alice.command("REPLACE", betex1.replace(1001, order, 26000))
            assert reply["event"] == "OrderAccepted" and reply["size"] == 6 * ONE, reply
            order = reply["order"]
            reply = alice.command("CANCEL", betex1.cancel(1001, order, 2 * ONE))
            assert (reply["size"], reply["remaining"]) == (2 * ONE, 4 * ONE), reply
            reply = alice.command("CANCEL_ALL", betex1.cancel_all(1001))
            assert reply["event"] == "OrderCancelledBatched" and reply["count"] == 1, reply
            reply = alice.command("CANCEL", betex1.cancel(1001, order))
            assert reply["reason"] == "UNKNOWN_ORDER", reply
            name, market = alice.ask("QUERY_MARKET", struct.pack("<Q", 7))
            assert name == "MARKET" and market["runner_ids"] == [1, 2], market
            name, markets = alice.ask("QUERY_MARKETS", bytes(8))
            assert [entry["market"] for entry in markets["markets"]] == [7], markets
            name, answer = alice.ask("QUERY_MARKET", struct.pack("<Q", 8))
            assert name == "STATUS" and answer["code"] == "UNKNOWN", answer


def ipv6():
    """The other listener is as good."""
    with Rig() as rig:
        rig.open_market()
        with betex1.Client(rig.address("::1"), rig.context()) as alice:
            alice.say_hello()
            assert alice.command("PLACE", back(25000, 1))["event"] == "OrderAccepted"


def is_refused_by_tls(rig, context):
    """Whether a handshake with @context fails; with TLS 1.3 a client learns that when it reads."""
    try:
        with betex1.Client(rig.address(), context) as client:
            client.say_hello()
        return False
    except (ssl.SSLError, ConnectionError, Ended) as error:
        return not (isinstance(error, Ended) and error.status is not None)


def certificates():
    """Nobody gets in without a certificate of our CA that is in force, for clients, and known."""
    with Rig() as rig:
        ca = rig.certificates
        stranger = Authority(rig.path("stranger"))
        stranger.make("alice")
        ca.make("mallory")
        ca.make("server_only", "server")
        ca.make("expired", when=("-startdate", "200101000000Z", "-enddate", "210101000000Z"))
        ca.make("future", when=("-startdate", "390101000000Z", "-enddate", "400101000000Z"))
        with rig.client() as alice:
            assert is_refused_by_tls(rig, rig.context(None)), "without a certificate"
            assert is_refused_by_tls(rig, rig.context("alice", stranger)), "of another CA"
            for name in ("server_only", "expired", "future"):
                assert is_refused_by_tls(rig, rig.context(name)), name
            with rig.connect("mallory") as mallory: # A good certificate, and no account.
                mallory.send("HELLO", betex1.hello())
                expect_end(mallory, "NOT_ALLOWED")
            without_alpn = rig.context()
            without_alpn.set_alpn_protocols(["http/1.1"])
            assert is_refused_by_tls(rig, without_alpn), "for another protocol"
            assert alice.ask("PING")[0] == "PONG"


def reload():
    """SIGHUP: a revoked certificate gets nobody in, nobody else notices; and a file that is wrong
    changes nothing."""
    with Rig() as rig:
        gateway = rig.processes["betex-gateway"]
        with rig.client("alice") as alice, rig.client("bob") as bob:
            rig.certificates.revoke("bob")
            gateway.send_signal(signal.SIGHUP)
            until(lambda: "again" in rig.log("betex-gateway"))
            assert is_refused_by_tls(rig, rig.context("bob"))
            with rig.client("alice") as another:
                assert another.ask("PING")[0] == "PONG"
            assert bob.ask("PING")[0] == "PONG"
            rig.write_clients(["1001 nonsense"])
            gateway.send_signal(signal.SIGHUP)
            until(lambda: "clients:2: want trade or view" in rig.log("betex-gateway"))
            assert alice.ask("PING")[0] == "PONG"
            rig.write_clients(["1001 trade O=Betex Test,CN=alice"])
            gateway.send_signal(signal.SIGHUP)
            expect_end(bob, "NOT_ALLOWED")
            assert alice.ask("PING")[0] == "PONG"


def rights():
    """What a certificate may not do is refused, and nothing of it reaches the engine."""
    with Rig(clients=["1001 trade O=Betex Test,CN=alice", "1002 view O=Betex Test,CN=alice",
                      "1001 view O=Betex Test,CN=viewer"]) as rig:
        rig.open_market()
        seq = rig.ctl("status", "--json")
        with rig.client("alice") as alice, rig.client("viewer") as viewer:
            assert viewer.command("PLACE", back(25000, 1))["refused"] == "NOT_ALLOWED"
            answer = alice.command("PLACE", back(25000, 1, account=1002))
            assert answer["refused"] == "WRONG_ACCOUNT", answer
            answer = alice.command("CANCEL_ALL", betex1.cancel_all(1002))
            assert answer["refused"] == "WRONG_ACCOUNT", answer
            assert alice.command("PLACE", back(25000, 1, cseq=1))["refused"] == "NO_SEQUENCE"
            broken = bytearray(back(25000, 1))
            broken[72] = 9  # side
            answer = alice.command("PLACE", bytes(broken))
            assert answer["refused"] == "BAD_FRAME" and "side" in answer["text"], answer
            assert alice.ask("QUERY_ORDERS", bytes(16))[1]["orders"] == []
        with rig.connect("alice") as alice:
            assert alice.say_hello(account=1002)["rights"] == 0
        with rig.connect("alice") as alice:
            alice.send("HELLO", betex1.hello(account=1003))
            expect_end(alice, "WRONG_ACCOUNT")
        assert seq


def protocol():
    """What is no frame of a client ends its session, with the reason; nobody else's."""
    wrong = {
        "length 0": struct.pack("<IBBHQ", 0, 2, 0, 0, 1),
        "length 4 GiB": struct.pack("<IBBHQ", 0xffffffff, 16, 0, 0, 1),
        "a byte too long": struct.pack("<IBBHQ", 24, 2, 0, 0, 1) + bytes(8),
        "no multiple of 8": struct.pack("<IBBHQ", 17, 2, 0, 0, 1) + bytes(8),
        "an unknown type": betex1.frame(99),
        "a type of the gateway's": betex1.frame("PONG"),
        "flags": betex1.frame("PING", flags=1),
        "HELLO again": betex1.frame("HELLO", betex1.hello()),
        "HTTP": b"GET / HTTP/1.1\r\nHost: betex\r\n\r\n",
    }
    with Rig() as rig:
        with rig.client() as steady:
            for name, data in wrong.items():
                with rig.client() as client:
                    client.socket.sendall(data)
                    expect_end(client, "BAD_FRAME")
                assert steady.ask("PING")[0] == "PONG", name
            with rig.connect() as client:
                client.send("PING")
                expect_end(client, "BAD_FRAME")
            with rig.connect() as client:
                client.send("HELLO", betex1.hello(version=2))
                expect_end(client, "BAD_VERSION")
            with rig.client() as client: # A byte at a time is slow, and right.
                for byte in betex1.frame("PING", request=5):
                    client.socket.sendall(bytes([byte]))
                assert client.next()[:3] == ("PONG", 0, 5)
            random.seed(7)
            for _ in range(40):
                with rig.connect() as client:
                    client.socket.sendall(betex1.frame("HELLO", betex1.hello(), 1) +
                                          random.randbytes(random.randrange(1, 4000)))
                    client.socket.close()
            assert steady.ask("PING")[0] == "PONG"


def deadlines():
    """Who does not shake hands, says no HELLO, or says nothing is closed in its time; with many of
    them there, others get in."""
    with Rig(handshake="10 s", idle="10 s") as rig:
        half_open = [socket.create_connection(rig.address(), timeout=120) for _ in range(100)]
        slow = socket.create_connection(rig.address(), timeout=120)
        slow.sendall(b"\x16\x03\x01\x02\x00\x01")  # A ClientHello that does not come.
        with rig.connect() as silent:
            with rig.client() as client:
                assert client.ask("PING")[0] == "PONG"
                for stranger in half_open + [slow]:
                    try:
                        assert stranger.recv(100) == b"", "a half-open one was answered"
                    except ConnectionError:
                        pass
                    stranger.close()
                expect_end(silent, "DEADLINE")
                expect_end(client, "DEADLINE")


def strangers():
    """Plain text, HTTP, old versions, renegotiation and connections that break off: refused."""
    with Rig() as rig:
        with rig.client() as steady:
            for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x80\x2e\x01\x00\x02", bytes(64),
                         b"\x16\x03\x01\xff\xff" + bytes(2000), b"\x15\x03\x01\x00\x02\x02\x28"):
                with socket.create_connection(rig.address(), timeout=120) as stranger:
                    stranger.sendall(data)
                    stranger.shutdown(socket.SHUT_WR)
                    try:
                        while stranger.recv(4096):
                            pass
                    except ConnectionError:
                        pass
            for version in ("-tls1_2", "-tls1_1"):
                result = subprocess.run(
                    ["openssl", "s_client", version, "-connect", "%s:%d" % rig.address()],
                    stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
                assert "Cipher is (NONE)" in result.stdout, result.stdout
            for _ in range(50):  # A reset in the middle of the handshake.
                stranger = socket.create_connection(rig.address(), timeout=120)
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                stranger.sendall(b"\x16\x03\x01\x02\x00\x01")
                stranger.close()
            client = rig.client()  # An end without close_notify.
            os.close(client.socket.detach())
            assert steady.ask("PING")[0] == "PONG"


def key_updates():
    """TLS itself gives a client things to say without end: that ends."""
    with Rig() as rig:
        tls = rig.certificates
        with rig.client() as steady:
            stranger = subprocess.Popen(
                ["openssl", "s_client", "-connect", "%s:%d" % rig.address(), "-alpn", "betex/1",
                 "-CAfile", tls.path("ca.pem"), "-cert", tls.path("bob.pem"), "-key",
                 tls.path("bob.key")],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                for _ in range(200):
                    stranger.stdin.write(b"K\n")
                    stranger.stdin.flush()
                    time.sleep(0.001)  # s_client takes a command only as one read.
            except BrokenPipeError:
                pass
            until(lambda: "records without a frame" in rig.log("betex-gateway"))
            stranger.kill()
            stranger.communicate()
            assert steady.ask("PING")[0] == "PONG"


def stream():
    """An account's events: live and from the log they are the same, nobody else's, and say nothing
    of others."""
    with Rig() as rig:
        rig.open_market()
        with rig.client("alice") as alice, rig.client("bob") as bob:
            begin = alice.ask("QUERY_ACCOUNT")[1]["seq"]
            name, current = alice.ask("SUBSCRIBE_ORDERS", stream_wish(None))
            assert name == "CURRENT" and current["seq"] == begin
            order = alice.command("PLACE", back(25000, 10))["order"]
            assert alice.command("PLACE", back(25000, 0))["reason"] == "INVALID_SIZE"
            bob.command("PLACE", lay(25000, 4))
            bob.command("PLACE", lay(30000, 4))
            theirs = bob.command("PLACE", lay(20000, 5))["order"]
            rig.ctl("account", "deposit", "1001", "5")
            rig.ctl("account", "deposit", "1002", "5")
            rig.ctl("market", "void", "7")
            last = alice.ask("QUERY_ACCOUNT")[1]["seq"]
            live = alice.take_others("EVENT")
            assert [event["event"] for event in live] == [
                "OrderAccepted", "CommandRejected", "TradeMatched", "TradeMatched",
                "FundsDeposited", "OrderCancelledBatched"], live
            trade_event = live[2]
            assert trade_event["maker_account"] == 1001 and trade_event["taker_account"] == 0
            assert live[5]["orders"] == [order], "only its own: %s" % live[5]
            with rig.client("alice") as again:
                name, current = again.ask("SUBSCRIBE_ORDERS", stream_wish(begin))
                assert name == "CURRENT" and current["seq"] == last, current
                resumed = again.take_others("EVENT")
                batch = resumed.pop()
                assert resumed == live[:-1], resumed
                assert set(batch["orders"]) == {order, theirs}
                # From a seq in the middle, and then what comes next.
                again.ask("SUBSCRIBE_ORDERS", stream_wish(live[2]["seq"]))
                assert again.take_others("EVENT")[0]["seq"] == live[3]["seq"]
                rig.ctl("account", "deposit", "1001", "6")
                assert again.next()[3]["amount"] == 6 * ONE
                name, answer = again.ask("SUBSCRIBE_ORDERS", stream_wish(10**9))
                assert answer["code"] == "UNKNOWN"


def reply_first():
    """The answer to a command comes before the events that it tells of, in any load."""
    with Rig() as rig:
        rig.open_market()
        with rig.client("alice") as alice:
            alice.ask("SUBSCRIBE_ORDERS", stream_wish(None))
            alice.send("SUBSCRIBE_BOOK", wish())
            requests = {}
            for i in range(300):
                requests[alice.send("PLACE", back(20000 + 1000 * (i % 10), 1))] = True
            seen = 0
            replied = set()
            while seen < 300:
                name, _, request, answer = alice.next()
                if name == "REPLY":
                    assert requests.pop(request), "answered twice"
                    replied.add(answer["seq"])
                elif name == "EVENT":
                    assert answer["seq"] in replied, "an event before its answer"
                    seen += 1
                elif name == "BOOK":
                    assert not replied or answer["seq"] <= max(replied) + 1
            assert not requests


def books():
    """A watched book is what it is in the end, whatever the client reads on the way."""
    with Rig() as rig:
        rig.open_market()
        with rig.client("alice") as alice, rig.client("bob") as bob:
            request = bob.send("SUBSCRIBE_BOOK", wish())
            name, flags, number, book = bob.next()
            assert (name, flags, number) == ("BOOK", UPDATE, request) and book["backs"] == []
            # Bob does not read: what comes between is not worth keeping.
            for i in range(900):
                alice.send("PLACE", back(20000 + 1000 * (i % 10), 1))
                if i % 100 == 99:
                    for _ in range(100):
                        assert alice.next()[0] == "REPLY"
            seq = alice.ask("QUERY_ACCOUNT")[1]["seq"]
            images = 0
            while book["seq"] < seq:
                book = bob.next()[3]
                images += 1
            assert images < 900, images
            assert len(book["backs"]) == 10 and book["backs"][0][1] == 90 * ONE, book
            rig.ctl("market", "suspend", "7")
            assert bob.next()[3]["status"] == 1
            assert bob.ask("UNSUBSCRIBE_BOOK", wish(levels=0))[0] == "CURRENT"
            rig.ctl("market", "resume", "7")
            assert bob.ask("PING")[0] == "PONG" and not bob.others
            assert bob.ask("QUERY_BOOK", wish(runner=3))[1]["code"] == "UNKNOWN"


SLOW = """
  limits:
    output: 64 KiB
"""


def slow_reader():
    """Who subscribes and does not read is closed for it; others do not notice."""
    with Rig(SLOW) as rig:
        rig.open_market()
        slow = betex1.Client(rig.address(), rig.context("viewer"), receive_bytes=4096)
        slow.say_hello()
        slow.ask("SUBSCRIBE_ORDERS", stream_wish(None))
        with rig.client("alice") as alice:
            count = 0
            while "not being read" not in rig.log("betex-gateway"):
                for _ in range(200):
                    alice.send("PLACE", back(25000, 1, tif=IOC))
                for _ in range(200):
                    assert alice.next()[0] == "REPLY"
                count += 200
                assert count < 1000000
            assert alice.ask("PING")[0] == "PONG"
        try:  # The STATUS is the last that was sent, and may have been too much by then.
            while True:
                slow.next()
        except Ended as ended:
            assert ended.status in ("TOO_SLOW", None)


def fates(client, first, last, after_seq):
    """What became of each cseq in first..last: the event that says so, or None."""
    name, current = client.ask("SUBSCRIBE_ORDERS", stream_wish(after_seq))
    assert name == "CURRENT", current
    found = {event["cseq"]: event["event"] for event in client.take_others("EVENT")
             if event.get("cseq")}
    return {cseq: found.get(cseq) for cseq in range(first, last + 1)}


def check_fates(client, sent, after_seq):
    """WELCOME and the stream agree about all that was sent; returns what was not executed."""
    done = client.welcome["cseq"]
    known = fates(client, 1, sent, after_seq)
    for cseq, event in known.items():
        assert (event is not None) == (cseq <= done), (cseq, event, done)
    return [cseq for cseq, event in known.items() if event is None]


def sequence():
    """With a cseq each command is done once, whatever is sent again; a lost connection leaves no
    doubt; and the account's newest session has the sequence."""
    with Rig() as rig:
        rig.open_market()
        begin = rig.client("alice").ask("QUERY_ACCOUNT")[1]["seq"]
        alice = rig.client("alice", HELLO_SEQUENCE)
        assert alice.welcome["cseq"] == 0
        reply = alice.command("PLACE", back(25000, 1, cseq=1))
        assert reply["event"] == "OrderAccepted" and reply["cseq"] == 1
        assert alice.command("PLACE", back(25000, 1, cseq=1))["reason"] == "DUPLICATE"
        sent = 1
        for life in range(6):
            for _ in range(40):
                sent += 1
                alice.send("PLACE", back(25000 + 100 * (sent % 3), 1, cseq=sent))
            if life % 3 == 0:
                os.close(alice.socket.detach())  # Gone, without a word.
            elif life % 3 == 1:
                alice.close()
            old, alice = alice, rig.client("alice", HELLO_SEQUENCE)
            if life % 3 == 2:
                expect_end(old, "SUPERSEDED")
            for cseq in check_fates(alice, sent, begin):
                reply = alice.command("PLACE", back(25000, 1, cseq=cseq))
                assert reply["event"] in ("OrderAccepted", "CommandRejected"), reply
                assert reply["reason"] != "DUPLICATE", "not executed, and yet there"
        alice = rig.client("alice", HELLO_SEQUENCE)
        assert check_fates(alice, sent, begin) == []
        with rig.client("viewer") as viewer:  # Who does not ask for it takes nothing away.
            assert viewer.ask("PING")[0] == "PONG"
        assert alice.ask("PING")[0] == "PONG"


def cancel_on_disconnect():
    """Orders of a session that asked for it end with it, by whatever end; others stay."""
    with Rig() as rig:
        rig.open_market()
        with rig.client("bob") as bob:
            bob.command("PLACE", lay(20000, 1))

            def backs():
                return bob.ask("QUERY_BOOK", wish())[1]["backs"]

            for end in ("close", "detach", "kill"):
                alice = rig.client("alice", HELLO_CANCEL)
                alice.command("PLACE", back(25000, 1))
                assert len(backs()) == 1
                if end == "close":
                    alice.close()
                elif end == "detach":
                    os.close(alice.socket.detach())
                else:
                    rig.end("betex-gateway", signal.SIGKILL)
                    rig.start_gateway()
                    bob = rig.client("bob")
                until(lambda: backs() == [])
            assert len(bob.ask("QUERY_ORDERS", bytes(16))[1]["orders"]) == 1


def killed():
    """Engine and gateway are killed with commands on their way, again and again: whoever comes back
    knows the fate of every command, and the log is right."""
    with Rig() as rig:
        rig.open_market()
        random.seed(11)
        alice = rig.client("alice", HELLO_SEQUENCE)
        begin = alice.ask("QUERY_ACCOUNT")[1]["seq"]
        sent = 0
        for life in range(6):
            for _ in range(random.randrange(20, 200)):
                sent += 1
                alice.send("PLACE", back(25000, 1, cseq=sent, tif=IOC))
            if life % 2 == 0:
                rig.restart_engine()
                expect_end(alice, "ENGINE_LOST")
            else:
                rig.end("betex-gateway", signal.SIGKILL)
                rig.start_gateway()
            alice = rig.client("alice", HELLO_SEQUENCE)
            for cseq in check_fates(alice, sent, begin):
                assert alice.command("PLACE", back(25000, 1, cseq=cseq))["reason"] != "DUPLICATE"
        alice = rig.client("alice", HELLO_SEQUENCE)
        assert check_fates(alice, sent, begin) == []


LIMITS = """
  limits:
    connections: 24
    connections_per_address: 8
    frames_per_second: 100
    outstanding: 4
    books: 1
"""


def limits():
    """Each limit holds, and who keeps to it does not notice."""
    with Rig(LIMITS) as rig:
        rig.open_market()
        with rig.client("bob") as bob:
            others = [rig.connect() for _ in range(7)]
            assert is_refused_by_tls(rig, rig.context()), "one more of an address"
            with betex1.Client(rig.address("::1"), rig.context()) as alice:
                alice.say_hello()
                alice.send("SUBSCRIBE_BOOK", wish())
                assert alice.next()[0] == "BOOK"
                name, answer = alice.ask("SUBSCRIBE_BOOK", wish(runner=2))
                assert answer["code"] == "LIMIT", answer
                # More at once than may wait, and than a second may have: all are done in the end.
                begin = time.monotonic()
                for _ in range(250):
                    alice.send("PLACE", back(25000, 1, tif=IOC))
                replies = 0
                while replies < 250:
                    replies += alice.next()[0] == "REPLY"
                assert time.monotonic() - begin > 1.0, "250 frames at 100 a second"
                assert alice.ask("PING")[0] == "PONG"
            for other in others:
                other.close()
            until(lambda: not is_refused_by_tls(rig, rig.context()))


def descriptors():
    """When descriptors run out new clients are turned away, the loop does not spin, and those who
    are there trade on."""
    with Rig() as rig:
        rig.open_market()
        gateway = rig.processes["betex-gateway"]
        with rig.client() as alice:
            count = len(os.listdir("/proc/%d/fd" % gateway.pid))
            subprocess.run(["prlimit", "--nofile=%d:%d" % (count + 2, count + 2), "--pid",
                            str(gateway.pid)], check=True)
            strangers = [socket.create_connection(rig.address(), timeout=120) for _ in range(40)]
            turned_away = 0
            for stranger in strangers[2:]:
                try:
                    turned_away += stranger.recv(1) == b""
                except ConnectionError:
                    turned_away += 1
            assert turned_away == 38, turned_away
            assert alice.command("PLACE", back(25000, 1))["event"] == "OrderAccepted"
            for stranger in strangers:
                stranger.close()


def latencies(client, count):
    """Seconds of @count pings, sorted."""
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        assert client.ask("PING")[0] == "PONG"
        times.append(time.perf_counter() - begin)
    return sorted(times)


def flood():
    """Handshakes without end do not starve who is in: shown, and that everything is answered."""
    with Rig() as rig:
        with rig.client() as alice:
            before = latencies(alice, 300)
            flooders = [subprocess.Popen([sys.executable, "-c", """
import socket, sys
while True:
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5) as stranger:
            stranger.sendall(bytes.fromhex(sys.argv[3]))
            stranger.recv(4096)
    except OSError:
        pass
""", *map(str, rig.address()), client_hello().hex()]) for _ in range(4)]
            during = latencies(alice, 300)
            for flooder in flooders:
                flooder.kill()
                flooder.wait()
            for name, times in (("alone", before), ("under the flood", during)):
                print("%-16s p50 %.0f us, p99 %.0f us" % (name, times[150] * 1e6, times[297] * 1e6))


def client_hello():
    """The first bytes of a real handshake: they cost the gateway a key exchange, a signature."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["betex/1"])
    handshake = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        handshake.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def resident_kib(pid):
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        return int([line for line in file if line.startswith("VmRSS")][0].split()[1])


def churn():
    """Connections that come and go leave nothing behind: no descriptor, no memory."""
    with Rig() as rig:
        rig.open_market()
        gateway = rig.processes["betex-gateway"]

        def come_and_go(count):
            for i in range(count):
                client = rig.client("alice")
                client.ask("SUBSCRIBE_ORDERS", stream_wish(0))
                client.send("SUBSCRIBE_BOOK", wish())
                client.command("PLACE", back(25000, 1, tif=IOC))
                if i % 2:
                    client.close()
                else:
                    os.close(client.socket.detach())

        with rig.client("bob") as bob:
            come_and_go(30)
            until(lambda: len(os.listdir("/proc/%d/fd" % gateway.pid)) < 40)
            descriptors_before = len(os.listdir("/proc/%d/fd" % gateway.pid))
            memory_before = resident_kib(gateway.pid)
            come_and_go(150)
            until(lambda: len(os.listdir("/proc/%d/fd" % gateway.pid)) <= descriptors_before)
            grown = resident_kib(gateway.pid) - memory_before
            print("resident memory grew by %d KiB" % grown)
            if os.environ.get("BTX_KIND") == "release":
                assert grown < 4096, grown
            assert bob.ask("PING")[0] == "PONG"


def idle():
    """Many who say nothing: what each costs is printed."""
    with Rig("  limits:\n    connections_per_address: 1000\n") as rig:
        gateway = rig.processes["betex-gateway"]
        first = rig.client()
        before = resident_kib(gateway.pid)
        clients = [rig.client() for _ in range(300)]
        each = (resident_kib(gateway.pid) - before) / len(clients)
        print("an idle session takes %.1f KiB" % each)
        assert first.ask("PING")[0] == "PONG" and clients[299].ask("PING")[0] == "PONG"


def ended():
    """SIGTERM tells everybody, and ends with 0."""
    with Rig() as rig:
        alice = rig.client()
        assert rig.end("betex-gateway") == 0
        expect_end(alice, "SHUTDOWN")
        rig.start_gateway()
        assert rig.client().ask("PING")[0] == "PONG"


def no_engine():
    """Without an engine nobody is let in, and is told why; with one again all is well."""
    with Rig(handshake="10 s", idle="10 s") as rig:
        gateway = rig.processes["betex-gateway"]
        alice = rig.client()
        rig.end("betexd", signal.SIGKILL)
        expect_end(alice, "ENGINE_LOST")
        with rig.connect() as client:
            client.send("HELLO", betex1.hello())
            expect_end(client, "STARTING")
        rig.start_engine()
        until(lambda: rig.log("betex-gateway").count("engine reached") == 2)
        assert rig.client().ask("QUERY_MARKETS", bytes(8))[0] == "MARKETS"
        assert is_alive(gateway)


def trade_options(rig, name="alice"):
    tls = rig.certificates
    return [os.path.join(rig.bin, "betex-trade"), "--server", "localhost:%d" % rig.address()[1],
            "--ca", tls.path("ca.pem"), "--cert", tls.path(name + ".pem"), "--key",
            tls.path(name + ".key")]


def run_trade(rig, *words, name="alice", status=0):
    """What betex-trade prints; JSON lines as objects."""
    result = subprocess.run(trade_options(rig, name) + list(words), capture_output=True, text=True,
                            check=False)
    assert result.returncode == status, (words, result)
    if "--json" in words:
        return [json.loads(line) for line in result.stdout.splitlines()]
    return result.stdout + result.stderr


def command_line():
    """betex-trade: each verb, as a person and as a program reads it, and what is wrong."""
    with Rig() as rig:
        rig.open_market()
        text = run_trade(rig, "place", "7", "1", "back", "2.5", "10", "ref=mine")
        assert text.startswith("OrderAccepted: order 1, size 10, matched 0, remaining 10"), text
        reply, = run_trade(rig, "--json", "place", "7", "1", "lay", "2.5", "4", "tif=ioc",
                           name="bob")
        assert reply["matched"] == 4 and reply["remaining"] == 0, reply
        book, = run_trade(rig, "--json", "book", "7", "1")
        assert book["backs"] == [[2.5, 6]] and book["lays"] == [], book
        assert "2.5" in run_trade(rig, "book", "7", "1")
        reply, = run_trade(rig, "--json", "replace", "1", "2.6", "5")
        order = str(reply["order"])
        assert run_trade(rig, "--json", "orders")[0]["remaining"] == 5
        reply, = run_trade(rig, "--json", "cancel", order, "2")
        assert reply["remaining"] == 3, reply
        assert "balance 1000, available" in run_trade(rig, "account")
        assert run_trade(rig, "--json", "markets")[0]["market"] == 7
        seen = run_trade(rig, "--json", "--from", "0", "--count", "4", "events")
        assert [event["event"] for event in seen] == [
            "AccountOpened", "FundsDeposited", "OrderAccepted", "TradeMatched"], seen
        assert len(run_trade(rig, "--json", "--count", "1", "watch", "7", "1")) == 1
        assert run_trade(rig, "cancel-all").startswith("1 orders cancelled")
        assert "NOTHING_TO_CANCEL" in run_trade(rig, "cancel-all", status=1)
        assert "NOT_ALLOWED" in run_trade(rig, "place", "7", "1", "back", "2.5", "1",
                                          name="viewer", status=2)
        assert "want a price" in run_trade(rig, "place", "7", "1", "back", "2,5", "1", status=2)
        assert "no such verb" in run_trade(rig, "bet", status=2)
        assert "--server" in run_trade(rig, "--help")
        rig.end("betex-gateway")
        assert "betex-trade:" in run_trade(rig, "--wait", "0", "account", status=68)
        rig.start_gateway()


def exactly_once():
    """The client library's commands are done once, whoever is killed while they are on their way.
    """
    with Rig() as rig:
        rig.open_market()
        for life in range(4):
            orders = subprocess.Popen(["sh", "-c", """
                for i in 1 2 3 4 5 6 7 8; do "$@" place 7 1 back 2.5 1 || exit 1; done
                """, "sh", *trade_options(rig), "--wait", "600"], stdout=subprocess.PIPE, text=True)
            assert orders.stdout.readline().startswith("OrderAccepted")
            port = rig.address()[1]
            if life % 2 == 0:
                rig.restart_engine()
            else:
                rig.end("betex-gateway", signal.SIGKILL)
                rig.configure(port)
                rig.start_gateway()
            rest = orders.communicate()[0]
            assert orders.returncode == 0, rest
            with rig.client() as alice:
                live = alice.ask("QUERY_ACCOUNT")[1]["live_orders"]
                assert live == 8 * (life + 1), (life, live, rest)


CASES = {name: globals()[name] for name in (
    "trade", "ipv6", "certificates", "reload", "rights", "protocol", "deadlines", "strangers",
    "key_updates", "stream", "reply_first", "books", "slow_reader", "sequence",
    "cancel_on_disconnect", "killed", "limits", "descriptors", "flood", "churn", "idle", "ended",
    "no_engine", "command_line", "exactly_once")}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CASES:
        sys.exit("want one of: " + " ".join(CASES))
    CASES[sys.argv[1]]()


if __name__ == "__main__":
    main()
