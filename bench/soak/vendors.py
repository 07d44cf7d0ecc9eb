"""A process that is both vendors: what it says carries the canary of who asked. `python -m bench.soak.vendors A B`.

Speech knows whose stream it is by the business's keyterm, the model by the words of the prompt. A question that
names two businesses is a leak that only the vendor sees: `/control` counts them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench import script
from bench.model_vendor import choice, head, plain, send, usage
from bench.soak.canary import CANARY
from bench.speech_vendor import result

counts = {"streams": 0, "prompts": 0, "mixed": 0, "nameless": 0}


async def listen(socket: ServerConnection) -> None:
    assert socket.request is not None
    query = parse_qs(urlsplit(socket.request.path).query)
    counts["streams"] += 1
    canary = of_whom(" ".join(query.get("keyterm", [])))
    channels = int(query.get("channels", ["1"])[0])
    cues = script.cues()
    cue = next(cues)
    width, heard = 32 * channels, 0
    try:
        async for raw in socket:
            if isinstance(raw, str):
                if json.loads(raw).get("type") == "CloseStream":
                    end = {"type": "Metadata", "request_id": "soak", "duration": heard / width / 1000}
                    await socket.send(json.dumps(end))
                    return
                continue
            if foreign := {found.decode() for found in CANARY.findall(raw)} - {canary}:
                counts["mixed"] += len(foreign)
            heard += len(raw)
            while cue.at_ms <= heard // width:
                await socket.send(json.dumps(result(replace(cue, text=f"{canary} {cue.text}"), channels)))
                cue = next(cues)
    except ConnectionClosed:
        pass


def of_whom(text: str) -> str:
    found = {each.decode() for each in CANARY.findall(text.encode())}
    counts["mixed"] += len(found) > 1
    counts["nameless"] += not found
    return " and ".join(sorted(found)) or "nobody"


async def completions(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    counts["prompts"] += 1
    canary = of_whom(json.dumps(body["messages"]))
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema") or {}
    names = schema.get("properties", {})
    text = json.dumps({name: words(name, kind, canary) for name, kind in names.items()}) if names else canary
    if not body.get("stream"):
        return web.json_response({**head("chat.completion"), "choices": [choice(message=text)], "usage": usage(body)})
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    with suppress(ConnectionError):
        await stream(answer, text, body)
    return answer


async def stream(answer: web.StreamResponse, text: str, body: dict[str, Any]) -> None:
    """Until it is said, or until nobody listens: a call that ends hangs up."""
    for start in range(0, len(text), 24):
        await send(answer, {**head("chat.completion.chunk"), "choices": [choice(delta=text[start : start + 24])]})
        await asyncio.sleep(0.005)
    await send(answer, {**head("chat.completion.chunk"), "choices": [choice(finish="stop")]})
    await send(answer, {**head("chat.completion.chunk"), "choices": [], "usage": usage(body)})
    await answer.write(b"data: [DONE]\n\n")


def words(name: str, kind: dict[str, Any], canary: str) -> Any:
    if name == "say":
        return f"What would help {canary} the most today?"
    if kind.get("type") == "string" and "enum" not in kind:
        return f"{canary} {name}"
    return plain(kind)


async def control(_: web.Request) -> web.Response:
    return web.json_response(counts)


async def main(speech_port: int, model_port: int) -> None:
    app = web.Application(client_max_size=4 << 20)
    app.router.add_post("/v1/chat/completions", completions)
    app.router.add_get("/control", control)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", model_port).start()
    async with serve(listen, "127.0.0.1", speech_port, compression=None, max_size=None, ping_interval=None):
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
