# SPDX-License-Identifier: Apache-2.0
"""rig.py - the real engine, administration and gateway in a scratch folder, with a CA of their own.
"""
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import time

import betex1

BIN = os.path.realpath(os.environ["BTX_BIN"])
OPTIONS = os.environ.get("BETEXD_OPTIONS", "").split()
ONE = 10000

CA_CONFIG = """
[ca]
default_ca = ours
[ours]
dir = %(folder)s
database = $dir/index
serial = $dir/serial
crlnumber = $dir/crlnumber
new_certs_dir = $dir
certificate = $dir/ca.pem
private_key = $dir/ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[client]
extendedKeyUsage = clientAuth
[server]
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost,IP:127.0.0.1,IP:::1
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Authority:
    """A CA in a folder; its files are ca.pem, crl.pem, NAME.pem and NAME.key."""

    def __init__(self, folder):
        os.makedirs(folder)
        self.folder = folder
        for name, text in (("index", ""), ("serial", "01\n"), ("crlnumber", "01\n"),
                           ("config", CA_CONFIG % {"folder": folder})):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(text)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"), "-days", "2",
                "-subj", "/CN=CA of a test")
        self.list_revoked()

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, usage="client", when=()):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.path(name + ".key"), "-out", self.path(name + ".csr"),
                "-subj", "/O=Betex Test/CN=" + name)
        openssl("ca", "-batch", "-config", self.path("config"), "-extensions", usage, "-in",
                self.path(name + ".csr"), "-out", self.path(name + ".pem"), "-notext", *when)

    def revoke(self, name):
        openssl("ca", "-config", self.path("config"), "-revoke", self.path(name + ".pem"))
        self.list_revoked()

    def list_revoked(self):
        openssl("ca", "-gencrl", "-config", self.path("config"), "-out", self.path("crl.pem"))


def is_alive(process):
    return process is not None and process.poll() is None


def until(condition, process=None):
    """Waits for as long as it takes; ctest ends what takes for ever."""
    while not condition():
        assert process is None or is_alive(process), "a process has ended: its log says why"
        time.sleep(0.01)


class Rig:
    """Use it in `with`; what it started is ended behind it."""

    def __init__(self, settings="", clients=None, handshake="10 min", idle="1 h"):
        self.folder = tempfile.mkdtemp(prefix="betex-gateway-")
        self.settings = settings
        self.deadlines = {"handshake": handshake, "idle": idle}
        self.processes = {}
        self.bin = BIN
        self.certificates = Authority(self.path("tls"))
        self.certificates.make("gateway", "server")
        for name in ("alice", "bob", "viewer"):
            self.certificates.make(name)
        self.write_clients(clients or ["1001 trade O=Betex Test,CN=alice",
                                       "1002 trade O=Betex Test,CN=bob",
                                       "1001 view O=Betex Test,CN=viewer"])
        self.configure()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_clients(self, lines):
        with open(self.path("clients"), "w", encoding="ascii") as file:
            file.write("# account, rights, subject\n" + "\n".join(lines) + "\n")

    def configure(self, port=0):
        """Write the configuration; with a port that the gateway had before, to have it again."""
        user = subprocess.run(["id", "-un"], check=True, capture_output=True,
                              text=True).stdout.strip()
        group = subprocess.run(["id", "-gn"], check=True, capture_output=True,
                               text=True).stdout.strip()
        tls = self.certificates
        with open(self.path("betex.yaml"), "w", encoding="ascii") as file:
            file.write("""
engine:
  hugepages: off
  socket: %(folder)s/engine.sock
  admin_user: %(user)s
  gateway_user: %(user)s
  gateways: 1
  capacities:
    accounts: 1000
    orders: 100000
    positions: 100000
wal:
  unsafe_filesystem: true
  low_space_bytes: 0
  stop_bytes: 0
admin:
  socket: %(folder)s/admin.sock
  groups:
    view: %(group)s
    operator: %(group)s
shadow:
  socket: %(folder)s/shadow.sock
gateway:
  listen: 127.0.0.1:%(port)d,[::1]:0
  certificate: %(certificate)s
  key: %(key)s
  client_ca: %(ca)s
  crl: %(crl)s
  clients: %(folder)s/clients
  deadlines:
    handshake: %(handshake)s
    idle: %(idle)s
    stalled: 10 min
%(settings)s
""" % {"port": port, "folder": self.folder, "user": user, "group": group,
                "settings": self.settings, **self.deadlines,
                "certificate": tls.path("gateway.pem"), "key": tls.path("gateway.key"),
                "ca": tls.path("ca.pem"), "crl": tls.path("crl.pem")})

    # ---- Processes ----

    def log(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def start(self, name, said, *arguments):
        with open(self.path(name + ".log"), "wb") as log:
            process = subprocess.Popen(
                [os.path.join(BIN, name), "--config", self.path("betex.yaml"), "--wal",
                 self.path("wal"), *arguments],
                stderr=log, stdout=log, stdin=subprocess.DEVNULL)
        self.processes[name] = process
        until(lambda: said in self.log(name), process)
        return process

    def start_engine(self):
        self.start("betexd", "serving", *OPTIONS)

    def start_admin(self):
        self.start("betex-admin", "engine reached", *OPTIONS)

    def start_gateway(self):
        self.start("betex-gateway", "engine reached", *OPTIONS)

    def __enter__(self):
        try:
            self.start_engine()
            self.start_admin()
            self.start_gateway()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def end(self, name, number=signal.SIGTERM):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        return process.wait()

    def __exit__(self, kind, *_):
        statuses = {}
        for name in ("betex-gateway", "betex-admin", "betexd"):
            if name in self.processes:
                if is_alive(self.processes[name]) or kind is None:
                    statuses[name] = self.end(name)
        if kind is not None:
            for name in ("betexd", "betex-admin", "betex-gateway"):
                if os.path.exists(self.path(name + ".log")):
                    print("---- %s\n%s" % (name, self.log(name)[-6000:]))
        if kind is None:
            self.verify()
        shutil.rmtree(self.folder)
        assert kind is not None or all(status == 0 for status in statuses.values()), statuses

    def verify(self):
        """The log is right, and executing it once more gives the same."""
        subprocess.run([os.path.join(BIN, "betex-wal"), "verify", self.path("wal")], check=True,
                       stdout=subprocess.DEVNULL)

    def ctl(self, *words):
        """What betexctl prints."""
        result = subprocess.run([os.path.join(BIN, "betexctl"), *words, "--socket",
                                 self.path("admin.sock")], capture_output=True, text=True,
                                check=False)
        assert result.returncode == 0, "betexctl %s: %s" % (" ".join(words), result.stderr)
        return result.stdout

    def restart_engine(self, number=signal.SIGKILL):
        """Ends the engine and starts it again; betex-admin gets its ring first."""
        gateway = self.processes["betex-gateway"]
        gateway.send_signal(signal.SIGSTOP)
        self.end("betexd", number)
        self.end("betex-admin")
        self.start_engine()
        self.start_admin()
        gateway.send_signal(signal.SIGCONT)

    # ---- The exchange ----

    def open_market(self, market=7):
        """Two accounts with 1000 each, and a market with two runners."""
        def is_there():
            try:
                self.ctl("market", "ls")
                return True
            except AssertionError:
                return False

        until(is_there)
        for account in ("1001", "1002"):
            self.ctl("account", "open", account)
            self.ctl("account", "deposit", account, "1000")
        self.ctl("market", "open", str(market), "odds", "runners=1,2", "winners=1", "min_size=1",
                 "commission=0.02")

    # ---- Clients ----

    def addresses(self):
        return re.findall(r'listening address="?([^"\s]+)', self.log("betex-gateway"))

    def address(self, family="127.0.0.1"):
        for text in self.addresses():
            host, port = text.rsplit(":", 1)
            if host.strip("[]") == family:
                return family, int(port)
        raise AssertionError("nobody listens at " + family)

    def context(self, name="alice", authority=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_verify_locations(self.certificates.path("ca.pem"))
        if name is not None:
            authority = authority or self.certificates
            context.load_cert_chain(authority.path(name + ".pem"), authority.path(name + ".key"))
        context.set_alpn_protocols(["betex/1"])
        return context

    def connect(self, name="alice", family="127.0.0.1"):
        """A client that has not said HELLO."""
        return betex1.Client(self.address(family), self.context(name))

    def client(self, name="alice", flags=0):
        client = self.connect(name)
        client.say_hello(flags)
        return client
