"""The ways in which a vendor's stream goes wrong, for the server in `tests.vendors.openai`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from aiohttp import web

HUGE = 10_000_000
PIECE = b"data: "


@dataclass(slots=True)
class Fault:
    """What goes wrong with one request, and `broke_at`, when it did (monotonic seconds).

    `status` answers with one. Instead of a stream: `hang` (nothing at all), `not_sse` (a page), `json_body` (the whole
    answer at once). From its beginning: `silent` (opened, then nothing), `empty`, `blank`, `no_say`, `blank_say`,
    `repeat` (its first piece twice). In the middle: `stall`, `drop`, `truncate`, `malformed`, `not_utf8`, `deep`,
    `inline` (an error object), `refusal`, `huge` (10 MB in one line), `endless`, `blanks` (in a sentence that does not
    begin). At its end: `length`, `filter`.
    """

    kind: str
    status: int = 500
    retry_after: str = ""
    code: str = "server_error"
    broke_at: float = field(default=0.0, compare=False)

    def breaks(self) -> None:
        self.broke_at = self.broke_at or monotonic()

    def text(self, answer: str) -> str:
        """What is streamed in place of the answer."""
        instead = {"empty": "", "blank": " \n ", "no_say": '{"why": "x"}', "blank_say": '{"say": "  ", "why": "x"}'}
        instead["blanks"] = '{"say": "' + " " * 15_000
        if self.kind in instead:
            self.breaks()
        return instead.get(self.kind, answer)

    @property
    def finish(self) -> str:
        return {"length": "length", "filter": "content_filter"}.get(self.kind, "stop")


Chunk = Callable[..., dict[str, Any]]


async def breaks_in_the_middle(
    fault: Fault, request: web.Request, response: web.StreamResponse, chunk: Chunk, stall_s: float
) -> bool:
    """Do the fault; True when the stream ends here."""
    fault.breaks()
    if fault.kind == "stall":
        await asyncio.sleep(stall_s)
    elif fault.kind == "drop":
        assert request.transport is not None
        request.transport.abort()
    elif fault.kind in ("huge", "endless"):
        async for data in _flood(fault.kind, chunk):
            await response.write(data)
    else:
        written = _written(fault.kind, chunk)
        if written:
            await response.write(PIECE + written + b"\n\n")
    return fault.kind in ("drop", "truncate")


def _written(kind: str, chunk: Chunk) -> bytes:
    texts: dict[str, Any] = {
        "inline": {"error": {"message": "overloaded", "type": "server_error", "code": None}},
        "refusal": chunk({"refusal": "I can not help with that."}),
    }
    if kind in texts:
        return json.dumps(texts[kind]).encode()
    raw = {"malformed": b'{"id": "c1", "choi', "not_utf8": b'{"id": "\xff\xfe"}', "deep": b"[" * 50_000}
    return raw.get(kind, b"")


async def _flood(kind: str, chunk: Chunk) -> AsyncIterator[bytes]:
    """Until the client leaves, or for 10 MB."""
    if kind == "huge":
        yield PIECE
        for _ in range(HUGE // 10_000):
            yield b"x" * 10_000
        return
    while True:
        yield PIECE + json.dumps(chunk({"content": " and so on"})).encode() + b"\n\n"
        await asyncio.sleep(0.002)
