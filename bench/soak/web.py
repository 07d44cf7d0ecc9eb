"""A person at a browser, or a program with a key, of one business: everything received goes past the watch."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench.soak.canary import Watch
from bench.soak.house import PASSWORD, House

ADDRESS = "127.0.0.1"
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
# What a server under load may answer; anything else above 499 is a fault of ours.
BUSY = 503


class Person:
    """One member of `house`, by session once signed in, or by `key`. Several may share a `transport`."""

    def __init__(
        self,
        house: House,
        watch: Watch,
        port: int,
        *,
        role: str = "",
        key: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.house = house
        self.watch = watch
        self.port = port
        self.role = role
        self.authority = f"{house.host}:{port}"
        self._headers = {"Host": self.authority}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self.client = httpx.AsyncClient(
            base_url=f"http://{ADDRESS}:{port}",
            headers=self._headers,
            transport=transport,
            timeout=60.0,
            trust_env=False,
        )

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.ask("GET", path, **options)

    async def ask(self, method: str, path: str, *, asked_for: str = "", **options: Any) -> httpx.Response:
        """One request. `asked_for`: a foreign id in it on purpose."""
        answer = await self.client.request(method, path, **options)
        self.watch.counts["requests"] += 1
        where = f"{method} {path}"
        heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
        self.watch.look(self.house.canary, where, heads + b"\n" + answer.content, asked_for=asked_for)
        if answer.status_code > 499:
            self.watch.troubles[f"{answer.status_code} at {re.sub(r'[0-9a-f-]{32,}|[0-9]+', '…', path)}"] += 1
        return answer

    async def submit(self, path: str, form: dict[str, Any], *, page: str = "") -> httpx.Response:
        """Fetches the form's page for its token, then sends the form."""
        shown = await self.get(page or path)
        token = _TOKEN.search(shown.content)
        filled = {**form, "csrfmiddlewaretoken": token[1].decode() if token else ""}
        return await self.ask("POST", path, data=filled)

    async def sign_in(self) -> bool:
        form = {"email": self.house.email(self.role), "password": PASSWORD, "next": ""}
        answer = await self.submit("/sign-in/", form)
        self.watch.counts["sign-ins"] += answer.status_code == 302
        return answer.status_code == 302

    async def sign_out(self) -> None:
        await self.submit("/sign-out/", {}, page="/account/")

    @asynccontextmanager
    async def socket(self, path: str) -> AsyncIterator[ClientConnection]:
        headers = {name: value for name, value in self._headers.items() if name != "Host"}
        if "Authorization" not in headers:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
            headers["Origin"] = f"http://{self.authority}"
        async with connect(
            f"ws://{self.authority}{path}",
            additional_headers=headers,
            host=ADDRESS,
            port=self.port,
            compression=None,
            max_size=None,
            ping_interval=None,
            open_timeout=30,
            proxy=None,
        ) as socket:
            yield socket

    def heard(self, where: str, raw: str | bytes) -> None:
        """Something came over a socket."""
        self.watch.counts["socket messages"] += 1
        self.watch.look(self.house.canary, where, raw.encode() if isinstance(raw, str) else raw)
