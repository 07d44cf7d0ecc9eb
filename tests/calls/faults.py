"""Real faults of real services, for tests. Each is undone by `back`."""

from __future__ import annotations

import asyncio
import os

import psycopg
from psycopg import sql

from tests import services


class PostgresAway:
    """The application's role may not log in and its open connections are cut; the owner's are untouched."""

    def __init__(self) -> None:
        self._role = services.app(services.worker())

    def away(self) -> None:
        self._run("ALTER ROLE {} NOLOGIN")
        with psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [self._role])

    def back(self) -> None:
        self._run("ALTER ROLE {} LOGIN")

    def _run(self, statement: str) -> None:
        with psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True) as admin:
            admin.execute(sql.SQL(statement).format(sql.Identifier(self._role)))


class Proxy:
    """A TCP relay in front of a service: `cut` drops every connection and refuses new ones, `mend` lets them in."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onward_reader, onward_writer = await asyncio.open_connection(*self._target)
        for source, sink in ((reader, onward_writer), (onward_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            return
        finally:
            sink.close()
