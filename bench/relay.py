"""The baseline: a bare ASGI relay between the client's socket and the speech vendor, and nothing else.

It answers like the product's two sockets, so that the same load runs against both.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

VENDOR = os.environ.get("BENCH_SPEECH_URL", "")
ACK_EVERY = 10
watchers: dict[str, Any] = {}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"{}"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    _, _, call, socket = scope["path"].strip("/").rsplit("/", 3)
    if socket == "events":
        watchers[call] = send
        while (await receive())["type"] != "websocket.disconnect":
            pass
        return
    await relay(call, receive, send)


async def relay(call: str, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.send", "text": '{"type": "ready", "epoch": 1, "next_sample": 0}'})
    url = f"{VENDOR}/v1/listen?channels=2&sample_rate=16000"
    async with connect(url, compression=None, max_size=None, ping_interval=None) as vendor:
        down = asyncio.create_task(back(call, vendor))
        frames = 0
        while (message := await receive())["type"] != "websocket.disconnect":
            frame = message["bytes"]
            await vendor.send(frame[8:])
            frames += 1
            if frames % ACK_EVERY == 0:
                samples = int.from_bytes(frame[:8], "little") + 1_600
                await send({"type": "websocket.send", "text": json.dumps({"type": "ack", "samples": samples})})
        down.cancel()


async def back(call: str, vendor: ClientConnection) -> None:
    async for raw in vendor:
        result = json.loads(raw)
        if result["type"] == "Results" and (send := watchers.get(call)):
            await send({"type": "websocket.send", "text": json.dumps(small(result))})


def small(result: dict[str, Any]) -> dict[str, Any]:
    best = result["channel"]["alternatives"][0]
    return {
        "type": "final" if result["is_final"] else "interim",
        "channel": ("rep", "customer")[result["channel_index"][0]],
        "text": best["transcript"],
        "end_ms": round((result["start"] + result["duration"]) * 1_000),
    }
