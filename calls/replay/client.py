"""One replayed call, from POST /api/calls to its report."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import httpx

from calls.replay.collected import Collected
from calls.replay.downlink import Downlink
from calls.replay.links import ReplayError
from calls.replay.recordings import Recording
from calls.replay.target import Target
from calls.replay.uplink import Uplink

ENDED_WITHIN_S = 180.0
POLL_S = 0.5
REPORT_OVER = {"ready", "failed"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A completed call: its id, what was seen, and how far its report is (`ready`, `failed`, `due` …)."""

    call_id: str
    collected: Collected
    report_state: str


class ReplayClient:
    """Speaks for one member, by API key. Use as an async context manager; one call at a time."""

    def __init__(self, target: Target, key: str) -> None:
        self._target = target
        self._key = key
        self._http = httpx.AsyncClient(
            base_url=target.http,
            headers={"Host": target.authority, "Authorization": f"Bearer {key}"},
            timeout=30.0,
            trust_env=not target.is_local,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def replay(
        self,
        recording: Recording,
        *,
        speed: float | None,
        customer: str = "",
        place: str = "",
        consent: str = "yes",
        report_within_s: float = 90.0,
    ) -> Outcome:
        """Plays `recording` as one call. `speed` as in `Uplink`. Raises `ReplayError`.

        `consent` is recorded as the answer of whoever made the recording, "" records none; `place` is where the
        customer is, "" the business's usual place.

        When it fails or is cancelled half-way the call is ended all the same.
        """
        wanted = {"channels": recording.channels, "customer": customer, "source": "replay"}
        said = {"place": place, "consent": consent}
        created = await self._request(
            "POST", "/api/calls", json={**wanted, **{name: value for name, value in said.items() if value}}
        )
        call_id = str(created["id"])
        collected = Collected(clock=time.monotonic)
        uplink = Uplink(
            self._target, str(created["audio"]), self._key, recording=recording, speed=speed, collected=collected
        )
        downlink = Downlink(self._target, str(created["events"]), self._key, collected=collected)
        try:
            await self._both(uplink, downlink, call_id)
        except BaseException:
            with suppress(ReplayError, httpx.HTTPError):
                await self._request("POST", f"/api/calls/{call_id}/end")
            raise
        return Outcome(call_id, collected, await self._report_state(call_id, report_within_s))

    async def _both(self, uplink: Uplink, downlink: Downlink, call_id: str) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                down = group.create_task(downlink.run())
                await uplink.run()
                await self._request("POST", f"/api/calls/{call_id}/end")
                async with asyncio.timeout(ENDED_WITHIN_S):
                    await asyncio.shield(down)
        except* ReplayError as failed:
            raise failed.exceptions[0] from None
        except* TimeoutError:
            raise ReplayError("The call did not end in time.") from None

    async def _report_state(self, call_id: str, within_s: float) -> str:
        give_up_at = time.monotonic() + within_s
        while True:
            state = str((await self._request("GET", f"/api/calls/{call_id}"))["report_state"])
            if state in REPORT_OVER or time.monotonic() > give_up_at:
                return state
            await asyncio.sleep(POLL_S)

    async def _request(self, method: str, path: str, *, json: Mapping[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, path, json=json)
        except httpx.HTTPError as error:
            raise ReplayError(f"{self._target.authority} does not answer: {type(error).__name__}.") from error
        if answer.is_error:
            raise ReplayError(f"{method} {path}: {answer.status_code} {_reason(answer)}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found


def _reason(answer: httpx.Response) -> str:
    """The server's own words, when the answer is one of our errors."""
    try:
        content = answer.json()
    except ValueError:
        return answer.reason_phrase
    return str(content.get("message") or content.get("detail") or answer.reason_phrase)
