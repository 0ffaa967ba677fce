# SPDX-License-Identifier: Apache-2.0
"""Clients beside the server: network namespaces, each with one veth to it and addresses of its own."""
import ctypes
import os
import select
import socket
import subprocess
import threading
import time
from pathlib import Path

from . import packets
from .wait import until

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3


def ip(*args):
    subprocess.run(["ip", *args], check=True)


def ip_batch(text, ns=None):
    """Many ip commands by one process."""
    subprocess.run(["ip", *(["-n", ns] if ns else []), "-batch", "-"], input=text, text=True, check=True)


def in_namespace(ns, function, *args):
    """function(*args), with the network of namespace ns: sockets that it opens stay there."""
    result = []

    def body():
        try:
            with open(f"/run/netns/{ns}") as handle:
                if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"setns {ns}")
            result.append((function(*args), None))
        except BaseException as error:  # handed to the caller below
            result.append((None, error))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    value, error = result[0]
    if error:
        raise error
    return value


class Client:
    """A machine of its own: namespace cN, its eth0 joined to the server's interface sN."""

    def __init__(self, number, server_if=None):
        self.number = number
        self.ns = f"c{number}"
        self.server_if = server_if or f"s{number}"
        self.mac, self.server_mac = f"02:00:00:00:{number:02x}:02", f"02:00:00:00:{number:02x}:01"
        self.v4, self.server_v4 = f"10.99.{number}.2", f"10.99.{number}.1"
        self.v6, self.server_v6 = f"fd99:{number:x}::2", f"fd99:{number:x}::1"
        ip("netns", "add", self.ns)
        ip_batch("link set lo up", self.ns)
        self.plug()

    def plug(self):
        """The cable and both ends of it. Also after unplug()."""
        ip_batch(f"link add {self.server_if} address {self.server_mac} type veth"
                 f" peer name eth0 address {self.mac} netns {self.ns}\n"
                 f"address add {self.server_v4}/24 dev {self.server_if}\n"
                 f"address add {self.server_v6}/64 dev {self.server_if} nodad\n"
                 f"link set {self.server_if} up\n")
        ip_batch(f"address add {self.v4}/24 dev eth0\naddress add {self.v6}/64 dev eth0 nodad\nlink set eth0 up\n"
                 f"route add default via {self.server_v4}\nroute add default via {self.server_v6}\n", self.ns)

    def unplug(self):
        ip("link", "delete", self.server_if)

    def close(self):
        subprocess.run(["ip", "link", "delete", self.server_if], stderr=subprocess.DEVNULL)
        ip("netns", "delete", self.ns)

    def server(self, family):
        return self.server_v4 if family == 4 else self.server_v6

    def address(self, family):
        return self.v4 if family == 4 else self.v6

    def command(self, *args):
        return ["nsenter", f"--net=/run/netns/{self.ns}", *args]

    def psql(self, sql, family=4, port=5432, timeout=30):
        """psql as an operator of a client would run it. Returns the finished process."""
        env = dict(os.environ, PGCONNECT_TIMEOUT=str(timeout), PGSSLMODE="disable", PGGSSENCMODE="disable")
        return subprocess.run(self.command("psql", "-XAtq", "-h", self.server(family), "-p", str(port), "-U", "postgres",
                                           "-d", "postgres", "-c", sql), env=env, capture_output=True, text=True)

    def start_connecting(self, family=4, port=5432):
        """A socket whose SYN is on its way; it is not waited for."""
        def open_socket():
            sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.connect_ex((self.server(family), port))
            return sock
        return in_namespace(self.ns, open_socket)

    def connect(self, family=4, port=5432, seconds=60):
        """A connected socket with a timeout, or TimeoutError."""
        sock = self.start_connecting(family, port)
        if not wait_connected(sock, seconds):
            sock.close()
            raise TimeoutError(f"{self.ns}: no answer from port {port} within {seconds} s")
        sock.settimeout(60)
        return sock

    def wire(self):
        return Wire(self)


def wait_connected(sock, seconds):
    if not select.select([], [sock], [], seconds)[1]:
        return False
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))
    return True


class Wire:
    """A raw socket on the client's end of the cable: sends frames as they are, sees what the server sends."""

    def __init__(self, client):
        self.client = client
        self.sock = in_namespace(client.ns, self._open)

    @staticmethod
    def _open():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE if hasattr(socket, "SO_RCVBUFFORCE") else 33, 1 << 24)
        sock.bind(("eth0", 0))
        return sock

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, frame):
        self.sock.send(frame)

    def syn(self, source=None, port=5432, sport=40000, family=4):
        """One SYN from any source address."""
        c = self.client
        self.send(packets.tcp(c.mac, c.server_mac, source or c.address(family), c.server(family), sport, port))

    def received(self, wait=0.0):
        """TCP segments that the server sent since the last call: [(source, sport, destination, dport, flags)]."""
        seen = []
        end = time.monotonic() + wait
        while select.select([self.sock], [], [], max(0.0, end - time.monotonic()))[0]:
            frame, where = self.sock.recvfrom(65536)
            segment = packets.parse_tcp(frame) if where[2] != socket.PACKET_OUTGOING else None
            if segment:
                seen.append(segment)
        return seen


def stack_counters():
    """What the server's TCP has seen: the counters of this network namespace, by "Tcp.InSegs" and the like."""
    values = {}
    for name in ("/proc/net/snmp", "/proc/net/netstat"):
        lines = Path(name).read_text().splitlines()
        for names, numbers in zip(lines[::2], lines[1::2]):
            group = names.split(":")[0]
            values.update((f"{group}.{key}", int(n)) for key, n in zip(names.split()[1:], numbers.split()[1:]))
    return values


def connections(peer_port=None):
    """How many connections the server holds (with one port of a client): not in LISTEN (0A) or TIME_WAIT (06)."""
    count = 0
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(name).read_text().splitlines()[1:]:
            _, _, remote, state = line.split()[:4]
            count += state not in ("0A", "06") and (peer_port is None or int(remote.split(":")[1], 16) == peer_port)
    return count


def hang_up(sock):
    """Closes a client's connection and waits until the server has closed its end too: later, a gate may cut it off."""
    port = sock.getsockname()[1]
    sock.close()
    until(lambda: not connections(port), "the server does not close the connection")


class Listener:
    """A TCP service on the server that sends back what it gets."""

    def __init__(self, port, family=4):
        self.sock = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == 6:
            self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.sock.bind(("0.0.0.0" if family == 4 else "::", port))
        self.sock.listen(128)
        self.accepted = []  # addresses of the peers
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                conn, peer = self.sock.accept()
            except OSError:
                return
            self.accepted.append(peer[0])
            threading.Thread(target=self._echo, args=(conn,), daemon=True).start()

    @staticmethod
    def _echo(conn):
        with conn:
            try:
                while data := conn.recv(65536):
                    conn.sendall(data)
            except OSError:
                pass

    def close(self):
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()
