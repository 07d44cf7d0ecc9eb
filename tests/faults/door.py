"""The way from one rep to the house: a relay of his own to each web process, and a proxy's choice between them."""

from __future__ import annotations

from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from salespilot.quickstart.processes import LOOPBACK
from tests.faults.house import House
from tests.faults.proxy import Proxy

LOST = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError)
OPEN_S = 5.0
ANSWER_S = 20.0


class Door:
    """All of a call goes to one web process, as the deployed proxies do it; to the next one once that fails."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.links = [Proxy(LOOPBACK, port) for port in house.web_ports]
        self.at = 0

    async def open(self) -> None:
        for link in self.links:
            await link.mend()

    async def aclose(self) -> None:
        for link in self.links:
            await link.cut()

    def next(self) -> None:
        self.at = (self.at + 1) % len(self.links)

    def leave(self, at: int) -> None:
        """The web process `at` does not answer: the other one, unless somebody left before."""
        if self.at == at:
            self.next()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._house.key}"}

    @property
    def _authority(self) -> str:
        return f"{self._house.host}:{self._house.web_ports[self.at]}"

    async def socket(self, path: str) -> ClientConnection:
        """Raises one of `LOST`; then the next try goes elsewhere."""
        at = self.at
        try:
            return await connect(
                f"ws://{self._authority}{path}",
                host=LOOPBACK,
                port=self.links[at].port,
                additional_headers=self._headers,
                compression=None,
                max_size=None,
                open_timeout=OPEN_S,
                close_timeout=1,
                ping_interval=None,
                proxy=None,
            )
        except LOST:
            self.leave(at)
            raise

    async def request(self, method: str, path: str, *, timeout_s: float = ANSWER_S, **content: Any) -> httpx.Response:
        """One request on a connection of its own. Raises `httpx.HTTPError`; then the next try goes elsewhere."""
        at = self.at
        headers = {**self._headers, "Host": self._authority}
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=timeout_s) as client:
                url = f"http://{LOOPBACK}:{self.links[at].port}{path}"
                kind = {"Content-Type": "application/octet-stream"} if "content" in content else {}
                return await client.request(method, url, headers={**headers, **kind}, **content)
        except httpx.HTTPError:
            self.leave(at)
            raise
