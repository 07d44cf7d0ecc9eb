"""A process that speaks the OpenAI chat completions protocol: 600 ms to the first delta, then one every 15 ms.

The answer follows the JSON schema of the request; its `say` carries the time each delta was sent.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from aiohttp import web

from bench import script

FIRST_S = 0.6
BETWEEN_S = 0.015
DELTAS = 40
PIECE = 3
QUESTION = (
    " help your team the most today, when you look at the hours it takes "
    "and at what it costs to wait for another year or so"
)
counts = {"requests": 0, "cut": 0}


async def completions(request: web.Request) -> web.StreamResponse:
    counts["requests"] += 1
    body = await request.json()
    schema = ((body.get("response_format") or {}).get("json_schema") or {}).get("schema") or {}
    if not body.get("stream"):
        content = "".join(part for part in parts(schema, words=8))
        return web.json_response(
            {**head("chat.completion"), "choices": [choice(message=content)], "usage": usage(body)}
        )
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    try:
        await stream(answer, schema, body)
    except (ConnectionError, asyncio.CancelledError):
        counts["cut"] += 1
        raise
    return answer


async def stream(answer: web.StreamResponse, schema: dict[str, Any], body: dict[str, Any]) -> None:
    await asyncio.sleep(FIRST_S)
    for part in parts(schema, words=DELTAS - 6):
        await send(answer, {**head("chat.completion.chunk"), "choices": [choice(delta=part)]})
        await asyncio.sleep(BETWEEN_S)
    await send(answer, {**head("chat.completion.chunk"), "choices": [choice(finish="stop")]})
    await send(answer, {**head("chat.completion.chunk"), "choices": [], "usage": usage(body)})
    await answer.write(b"data: [DONE]\n\n")


async def send(answer: web.StreamResponse, chunk: dict[str, Any]) -> None:
    await answer.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


def parts(schema: dict[str, Any], *, words: int) -> Any:
    """The answer piece by piece, each made (and stamped) when it is asked for."""
    if not schema:
        yield "Fine."
        return
    for number, (name, kind) in enumerate(schema.get("properties", {}).items()):
        yield f"{'{' if number == 0 else ', '}{json.dumps(name)}: "
        if name == "say":
            yield from sentence(words)
        else:
            yield json.dumps(plain(kind))
    yield "}"


def sentence(words: int) -> Any:
    """A question of at most 25 words, letter by letter where it must fill more deltas than it has words."""
    yield f'"What {script.stamp(time.monotonic_ns() // 1_000)} would'
    rest = QUESTION[: words * PIECE]
    for start in range(0, len(rest), PIECE):
        yield rest[start : start + PIECE]
    yield '?"'


def plain(kind: dict[str, Any]) -> Any:
    if "enum" in kind:
        return kind["enum"][0]
    if "anyOf" in kind:
        return plain(kind["anyOf"][0])
    match kind.get("type"):
        case "boolean":
            return True
        case "integer" | "number":
            return 1
        case "array":
            return []
        case "object":
            return {name: plain(inner) for name, inner in kind.get("properties", {}).items()}
        case _:
            return ""


def head(kind: str) -> dict[str, Any]:
    return {"id": "bench", "object": kind, "created": 1, "model": "bench"}


def choice(*, delta: str = "", message: str = "", finish: str | None = None) -> dict[str, Any]:
    if message:
        return {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": message}}
    return {"index": 0, "finish_reason": finish, "delta": {"content": delta} if delta else {}}


def usage(body: dict[str, Any]) -> dict[str, Any]:
    prompt = sum(len(str(message.get("content", ""))) for message in body.get("messages", [])) // 4
    return {
        "prompt_tokens": prompt,
        "completion_tokens": DELTAS * 2,
        "total_tokens": prompt + DELTAS * 2,
        "prompt_tokens_details": {"cached_tokens": prompt // 128 * 128 * 3 // 4},
    }


async def models(_: web.Request) -> web.Response:
    return web.json_response(
        {"object": "list", "data": [{"id": "bench", "object": "model", "created": 1, "owned_by": "bench"}]}
    )


async def read(_: web.Request) -> web.Response:
    return web.json_response(counts)


def app() -> web.Application:
    application = web.Application(client_max_size=4 << 20)
    application.router.add_post("/v1/chat/completions", completions)
    application.router.add_get("/v1/models", models)
    application.router.add_get("/control", read)
    return application


if __name__ == "__main__":
    web.run_app(
        app(), host="127.0.0.1", port=int(sys.argv[1]), print=lambda *_: print("ready", flush=True), access_log=None
    )
