"""A pooler in transaction mode over the wire, as PgBouncer is one: clients share a few server connections.

It signs clients in itself and gives a server connection back as soon as the server says that no transaction is open.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress
from typing import Any, Self

import psycopg

from salespilot.quickstart.processes import LOOPBACK

NO_TLS, NO_GSS = 80877103, 80877104
GREETING = {
    "server_version": "18.0",
    "server_encoding": "UTF8",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "integer_datetimes": "on",
}


class TransactionPooler:
    """`with TransactionPooler(url, size=2, is_in_turns=False) as pooler:` then connect to its `host` and `port`.

    `is_in_turns`: the server connection that rested longest is next; else the one that was used last.
    """

    host = LOOPBACK

    def __init__(self, url: str, *, size: int, is_in_turns: bool) -> None:
        self._servers = [psycopg.connect(url, autocommit=True) for _ in range(size)]
        self._idle = [socket.socket(fileno=os.dup(server.pgconn.socket)) for server in self._servers]
        for each in self._idle:
            each.setblocking(True)
        self._has_idle = threading.Condition()
        self._is_in_turns = is_in_turns
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._clients: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
        for each in (self._listener, *self._clients, *self._idle):
            each.close()
        for server in self._servers:
            server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError):
            _greet(client)
            server: socket.socket | None = None
            while True:
                kind, message = _message(client)
                if kind == b"X":
                    client.close()
                    return
                server = server or self._take()
                server.sendall(message)
                if kind in {b"Q", b"S"} and _answer(server, client) == b"I":
                    self._give(server)
                    server = None

    def _take(self) -> socket.socket:
        with self._has_idle:
            self._has_idle.wait_for(lambda: self._idle, timeout=10)
            return self._idle.pop(0 if self._is_in_turns else -1)

    def _give(self, server: socket.socket) -> None:
        with self._has_idle:
            self._idle.append(server)
            self._has_idle.notify()


def _greet(client: socket.socket) -> None:
    while True:
        (size,) = struct.unpack("!I", _exactly(client, 4))
        body = _exactly(client, size - 4)
        if struct.unpack("!I", body[:4])[0] not in {NO_TLS, NO_GSS}:
            break
        client.sendall(b"N")
    client.sendall(_frame(b"R", struct.pack("!I", 0)))
    for name, value in GREETING.items():
        client.sendall(_frame(b"S", f"{name}\0{value}\0".encode()))
    client.sendall(_frame(b"K", struct.pack("!II", 1, 1)) + _frame(b"Z", b"I"))


def _answer(server: socket.socket, client: socket.socket) -> bytes:
    """Passes on what the server says until it is ready; returns the state it is in then."""
    while True:
        kind, message = _message(server)
        client.sendall(message)
        if kind == b"Z":
            return message[-1:]


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(source, 5)
    return head[:1], head + _exactly(source, struct.unpack("!I", head[1:])[0] - 4)


def _frame(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece: Any = source.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
