"""A TCP relay between a client and a service, and what can go wrong on the way between them."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Proxy:
    """Listens on `port` from the first `mend` on. Each verb holds for open and for new connections until `mend`.

    - `cut`: open connections are dropped, new ones refused.
    - `vanish`: nothing is forwarded and nothing is closed, as behind a cable that was pulled: both ends look open.
    - `lose`: the same for the connections that are open now, for good; new ones work, as after a fail-over.
    - `delay(seconds)`: every piece arrives that much later.
    - `throttle(bytes_per_s)`: no more than that passes in each direction of each connection.

    New connections go to `target`: a service that was started anew may be elsewhere.
    """

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._is_flowing = asyncio.Event()
        self._never = asyncio.Event()
        self._generation = 0
        self._delay_s = 0.0
        self._bytes_per_s = 0
        self.port = 0

    async def mend(self) -> None:
        """Everything passes; what was held back while it had vanished arrives now."""
        self._delay_s, self._bytes_per_s = 0.0, 0
        self._is_flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def vanish(self) -> None:
        self._is_flowing.clear()

    def lose(self) -> None:
        self._generation += 1

    def delay(self, seconds: float) -> None:
        self._delay_s = seconds

    def throttle(self, bytes_per_s: int) -> None:
        self._bytes_per_s = bytes_per_s

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own = asyncio.current_task()
        if own is not None:
            self._pipes.add(own)
            own.add_done_callback(self._pipes.discard)
        try:
            await self._is_flowing.wait()
            onward_reader, onward_writer = await asyncio.open_connection(*self.target)
        except (OSError, asyncio.CancelledError):
            writer.close()
            return
        for source, sink in ((reader, onward_writer), (onward_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        generation = self._generation
        try:
            with suppress(ConnectionError):
                while data := await source.read(self._piece()):
                    await self._is_flowing.wait()
                    if generation != self._generation:
                        await self._never.wait()
                    if self._delay_s:
                        await asyncio.sleep(self._delay_s)
                    if self._bytes_per_s:
                        await asyncio.sleep(len(data) / self._bytes_per_s)
                    sink.write(data)
                    await sink.drain()
        finally:
            sink.close()

    def _piece(self) -> int:
        return max(1, self._bytes_per_s // 10) if self._bytes_per_s else 65_536
