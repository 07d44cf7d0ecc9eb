"""A server that speaks OpenAI's chat completions, for tests, demos and benches, on a real socket.

Content follows the prompt: a card leans on a listed entry whose words fit the topic, a report quotes numbered
lines. `python -m tests.vendors.openai --port 8199` runs it alone; point OPENAI_BASE_URL at `<url>/v1`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import threading
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from aiohttp import web

from tests.vendors.openai_faults import Fault, breaks_in_the_middle
from tests.vendors.openai_obedient import obey

__all__ = ["Fault", "OpenAIServer", "Recorded", "Script"]

CHUNK = 8
MIDDLE = 4
"""The piece of an answer in which faults of the middle happen: some words are out then."""

CACHE_STEP = 128
CACHE_MIN = 1_024


@dataclass(slots=True)
class Recorded:
    """One request as it came. `was_cancelled`: the client left before the end."""

    path: str
    authorization: str
    body: dict[str, Any]
    was_cancelled: bool = False

    @property
    def is_report(self) -> bool:
        return not self.body.get("stream")


@dataclass(slots=True)
class Script:
    """How the server behaves from now on. Queues are taken from the left, one per request.

    `declines`: requests whose prompt holds one of these words are refused by the model, however often they come.
    `obeys`: it does whatever the words of the call tell it to (`tests.vendors.openai_obedient`).
    """

    first_token_s: float = 0.02
    gap_s: float = 0.002
    stall_s: float = 30.0
    faults: deque[Fault] = field(default_factory=deque)
    declines: set[str] = field(default_factory=set)
    answers: deque[dict[str, Any]] = field(default_factory=deque)
    unknown_params: set[str] = field(default_factory=set)
    formats: tuple[str, ...] = ("json_schema", "json_object", "text")
    sends_usage: bool = True
    replay: list[str] | None = None
    obeys: bool = False


class OpenAIServer:
    """Runs in a thread of its own. Use as a context manager; `url` is the base URL for the SDK."""

    def __init__(self, *, port: int = 0, key: str | None = None) -> None:
        self.script = Script()
        self.requests: list[Recorded] = []
        self.problems: list[str] = []
        self.usual: list[dict[str, Any]] = []
        self.obeyed: list[dict[str, Any]] = []
        self.connections: set[object] = set()
        self._key = key
        self._port = port
        self._seen_prefixes: set[tuple[str, str]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="openai-server")
        self._runner: web.AppRunner | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def cards(self) -> list[Recorded]:
        """Requests for cards, without warm-ups."""
        return [one for one in self.requests if one.body.get("stream") and "has not begun" not in _user(one.body)]

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        self.connections.add(request.transport)
        refusal = self._unauthorised(request)
        if refusal is not None:
            return refusal
        names = ("gpt-6-luna", "gpt-6.1-terra")
        data = [{"id": name, "object": "model", "created": 1, "owned_by": "tests"} for name in names]
        return web.json_response({"object": "list", "data": data})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.connections.add(request.transport)
        body = await request.json()
        recorded = Recorded(request.path, request.headers.get("Authorization", ""), body)
        self.requests.append(recorded)
        refusal = self._unauthorised(request) or self._unsupported(body)
        if refusal is not None:
            return refusal
        self.problems.extend(_problems(body, self.script))
        fault = self._fault(body)
        if fault.kind == "status":
            fault.breaks()
            return _error(fault)
        answer = self.script.answers.popleft() if self.script.answers else self._answered(body)
        usage = self._usage(body, answer)
        if not body.get("stream"):
            return web.json_response(_completion(body, answer, usage))
        try:
            return await self._stream(request, body, answer, usage, fault)
        except (asyncio.CancelledError, ConnectionResetError):
            recorded.was_cancelled = True
            raise

    async def _stream(
        self,
        request: web.Request,
        body: dict[str, Any],
        answer: dict[str, Any],
        usage: dict[str, Any],
        fault: Fault,
    ) -> web.StreamResponse:
        instead = await self._no_stream(fault, _completion(body, answer, usage))
        if instead is not None:
            return instead
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        if self.script.replay is not None:
            for line in self.script.replay:
                await response.write(f"{line}\n".encode())
            return response
        await asyncio.sleep(self.script.first_token_s)
        await _send(response, _chunk(body, {"role": "assistant", "content": ""}))
        if fault.kind == "silent":
            fault.breaks()
            await asyncio.sleep(self.script.stall_s)
        text = fault.text(json.dumps(answer, ensure_ascii=False))
        for number, start in enumerate(range(0, len(text), CHUNK)):
            if number == MIDDLE and fault.kind:
                chunk = partial(_chunk, body)
                if await breaks_in_the_middle(fault, request, response, chunk, self.script.stall_s):
                    return response
            piece = text[start : start + CHUNK]
            await _send(response, _chunk(body, {"content": piece * 2 if fault.kind == "repeat" else piece}))
            await asyncio.sleep(self.script.gap_s)
        await _send(response, _chunk(body, {}, fault.finish))
        if self.script.sends_usage and (body.get("stream_options") or {}).get("include_usage"):
            await _send(response, {**_chunk(body, {}), "choices": [], "usage": usage})
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _no_stream(self, fault: Fault, whole: dict[str, Any]) -> web.Response | None:
        if fault.kind == "hang":
            fault.breaks()
            await asyncio.sleep(self.script.stall_s)
        if fault.kind not in ("not_sse", "json_body"):
            return None
        fault.breaks()
        if fault.kind == "json_body":
            return web.json_response(whole)
        return web.Response(text="<html>hello</html>", content_type="text/html")

    def _answered(self, body: dict[str, Any]) -> dict[str, Any]:
        """By the prompt's content, or by what the call orders. `usual` and `obeyed` keep both."""
        usual = _answer(body)
        self.usual.append(usual)
        ordered = obey(body, usual) if self.script.obeys and body.get("stream") else None
        if ordered is not None:
            self.obeyed.append(ordered)
        return ordered or usual

    def _fault(self, body: dict[str, Any]) -> Fault:
        """The next one; without a kind when all is well."""
        if any(
            word in str(message.get("content", "")) for word in self.script.declines for message in body["messages"]
        ):
            return Fault("refusal")
        return self.script.faults.popleft() if self.script.faults else Fault("")

    def _unauthorised(self, request: web.Request) -> web.Response | None:
        sent = request.headers.get("Authorization", "")
        if not sent.startswith("Bearer "):
            self.problems.append("no bearer token")
        if self._key is not None and sent != f"Bearer {self._key}":
            return _error(Fault("status", status=401, code="invalid_api_key"))
        return None

    def _unsupported(self, body: dict[str, Any]) -> web.Response | None:
        """Refuse what an older or foreign server would not know, as it would."""
        unknown = sorted(self.script.unknown_params & set(body))
        if unknown:
            return _refusal(f"Unrecognized request argument supplied: {unknown[0]}")
        wanted = (body.get("response_format") or {"type": "text"}).get("type")
        if wanted not in self.script.formats:
            return _refusal(f"'response_format.type' must be one of {list(self.script.formats)}")
        return None

    def _usage(self, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """Counted, not invented: the prefix is cached when the same key sent it before and it is long enough."""
        prefix = str(body["messages"][0].get("content", ""))
        key = (str(body.get("prompt_cache_key", "")), prefix)
        prompt = sum(len(str(message.get("content", ""))) for message in body["messages"]) // 4
        tokens = len(prefix) // 4
        is_cached = key in self._seen_prefixes and tokens >= CACHE_MIN
        self._seen_prefixes.add(key)
        output = len(json.dumps(answer)) // 4
        return {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": tokens // CACHE_STEP * CACHE_STEP if is_cached else 0},
        }


def _problems(body: dict[str, Any], script: Script) -> list[str]:
    """What a strict vendor would dislike about a request."""
    problems = []
    if body.get("stream") and not body.get("stream_options") and "stream_options" not in script.unknown_params:
        problems.append("a stream without usage")
    if "store" not in script.unknown_params and body.get("store") is not False:
        problems.append("store is not off")
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema = wanted["json_schema"]
        properties = schema["schema"].get("properties", {})
        if not schema.get("strict") or set(schema["schema"].get("required", [])) != set(properties):
            problems.append("the schema is not strict")
    if not body.get("messages") or body["messages"][0].get("role") != "system":
        problems.append("no system message first")
    return problems


def _user(body: dict[str, Any]) -> str:
    return str(body["messages"][-1].get("content", ""))


def _answer(body: dict[str, Any]) -> dict[str, Any]:
    system, user = str(body["messages"][0].get("content", "")), _user(body)
    if "key_points" in system:
        return _report(user)
    if "has not begun" in user:
        return _card("", should_show=False)
    found = re.search(r"just raised: (\w+) about ([\w-]+)", user)
    kind, topic = found.groups() if found else ("question", "general")
    entries = re.findall(r"^([\w-]+) \| ([^|\n]+) \| ([^\n]+)$", system, re.MULTILINE)
    words = topic.replace("_", " ").replace("-", " ").lower()
    for key, title, text in entries:
        if words in f"{key} {title}".lower().replace("-", " "):
            return _card(_sentence(text), kind=kind, title=title.strip(), source_key=key)
    return _card(f"I hear you on {words}. What matters most to you there?", kind=kind, title=words.capitalize())


def _card(
    say: str, *, kind: str = "question", title: str = "", source_key: str = "", should_show: bool = True
) -> dict[str, Any]:
    why = "It fits what was just said."
    return {
        "say": say,
        "why": why,
        "kind": kind,
        "title": title,
        "source_key": source_key,
        "should_show": should_show,
    }


def _sentence(text: str) -> str:
    return text.strip()[:200]


def _report(user: str) -> dict[str, Any]:
    rows = []
    for line in user.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, list) and len(row) == 3:
            rows.append(row)
    customer = [row for row in rows if row[1] == "customer"]
    points = [{"text": f"The customer said: {row[2]}", "line": row[0]} for row in customer[:3]]
    steps = [{"text": f"Follow up on: {rows[-1][2]}", "line": rows[-1][0]}] if rows else []
    return {
        "text": f"A call of {len(rows)} lines, {len(customer)} of them by the customer.",
        "key_points": points,
        "next_steps": steps,
    }


def _chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]}


def _completion(body: dict[str, Any], answer: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": json.dumps(answer)}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    base = {"id": "c1", "object": "chat.completion", "created": 1, "model": body["model"]}
    return {**base, "choices": [choice], "usage": usage}


async def _send(response: web.StreamResponse, value: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(value)}\n\n".encode())


def _error(fault: Fault) -> web.Response:
    headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
    error = {"message": "no", "type": "error", "code": fault.code}
    return web.json_response({"error": error}, status=fault.status, headers=headers)


def _refusal(message: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "code": None}
    return web.json_response({"error": error}, status=400)


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server for tests.")
    parser.add_argument("--port", type=int, default=8199)
    parser.add_argument("--first-token-ms", type=int, default=300)
    parser.add_argument("--gap-ms", type=int, default=10)
    options = parser.parse_args()
    server = OpenAIServer(port=options.port)
    server.script.first_token_s = options.first_token_ms / 1_000
    server.script.gap_s = options.gap_ms / 1_000
    with server:
        print(f"OPENAI_BASE_URL={server.url}", flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
