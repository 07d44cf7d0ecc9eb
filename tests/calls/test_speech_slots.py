"""Calls of two businesses at one vendor, over real sockets: slots shared fairly, keys kept apart, reps told before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Self

import pytest
from pytest_django import Settings

from calls import refusals, speech
from calls.live.threads import in_thread
from tenants.context import Business, business_scope
from tenants.house.models import VendorKeys
from tenants.house.vendor_keys import SPEECH, sealed_with_ending
from tests.calls.conftest import MakeCaller
from tests.calls.talking import Caller, Socket, say_hello, speak, wait_until
from tests.calls.test_switches import set_policy
from tests.speech.hearing import silence
from tests.vendors.deepgram import Emulator, Script, Turn

pytestmark = pytest.mark.sockets

SAID = "Honestly, this is too expensive for us."
FULL = "All speech slots are in use"
OURS, THEIRS = "Token the-installations-key", "Token acmes-own-key-1234"


@pytest.fixture
async def deepgram(live: None, settings: Settings) -> AsyncIterator[Emulator]:
    """The vendor of this process, on the installation's key; without the embedded engine behind it."""
    async with Emulator(script=Script((Turn("customer", 300, 1_500, SAID),))) as emulator:
        settings.SPEECH_PROVIDER, settings.DEEPGRAM_BASE_URL = "deepgram", emulator.url
        settings.DEEPGRAM_API_KEY = OURS.removeprefix("Token ")
        yield emulator
        await speech.shutdown()


class Talking:
    """Calls that go on until the test is over, or until they are hung up."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self.sockets: dict[str, Socket] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def begin(self, who: Caller) -> str:
        call_id = await who.start_call()
        socket = await self._stack.enter_async_context(who.audio(call_id))
        self.sockets[call_id] = socket
        await say_hello(socket)
        speak(socket, 2)
        return call_id

    async def until_full(self, call_id: str) -> dict[str, Any]:
        return await self.sockets[call_id].until(lambda message: FULL in message.get("words", ""))


async def heard(who: Caller, call_id: str) -> list[str]:
    return [row.payload["text"] for row in await who.log(call_id) if row.kind == "line"]


async def until_heard(who: Caller, call_id: str) -> None:
    async with asyncio.timeout(20):
        while not await heard(who, call_id):  # noqa: ASYNC110 - the log is saved by somebody else
            await asyncio.sleep(0.05)


def of(emulator: Emulator, business: str) -> list[str]:
    """The Authorization of each live socket of a business."""
    return [seen.authorization for seen in emulator.sockets if f"business:{business}" in seen.query["tag"]]


async def set_key(business: Business, key: str, slots_max: int | None = None) -> None:
    def save() -> None:
        with business_scope(business):
            sealed, ending = sealed_with_ending(key, SPEECH)
            values = {"speech_sealed": sealed, "speech_ending": ending, "speech_slots_max": slots_max}
            VendorKeys.objects.update_or_create(pk=1, defaults=values)

    await in_thread(save)()


async def told(business: Business) -> list[str]:
    def read() -> list[str]:
        with business_scope(business):
            return refusals.reasons()

    return await in_thread(read)()


async def test_a_business_with_many_calls_leaves_room_for_another_and_its_own_wait_and_are_told(
    deepgram: Emulator, caller: MakeCaller, globex: Business, settings: Settings
) -> None:
    settings.SPEECH_SLOTS_MAX, settings.SPEECH_SLOTS_RESERVED = 3, 1
    greedy, modest = await caller("rep"), await caller("rep", business=globex)
    async with Talking() as talking:
        running = [await talking.begin(greedy) for _ in range(2)]
        for call_id in running:
            await until_heard(greedy, call_id)
        assert (await greedy.get("/api/preflight"))[1]["speech"]["state"] == "browser"
        assert (await modest.get("/api/preflight"))[1]["speech"] == {"state": "ready", "words": ""}

        status, made = await greedy.post("/api/calls", {"channels": 2})
        assert (status, made["speech"]["state"]) == (201, "browser")
        assert FULL in made["speech"]["words"]
        waiting = await talking.begin(greedy)
        state = await talking.until_full(waiting)
        assert state["rung"] == "recording"

        other = await talking.begin(modest)
        await until_heard(modest, other)
        assert await heard(greedy, waiting) == []
        assert deepgram.refused == 0
        assert len(deepgram.open_sockets) == 3

        for call_id in running:
            await greedy.post(f"/api/calls/{call_id}/end")
        await talking.sockets[waiting].until(lambda message: message.get("rung") in {"full", "tips"})
        await until_heard(greedy, waiting)
        assert (await greedy.get("/api/preflight"))[1]["speech"]["state"] == "browser", "the last one is reserved"
    assert deepgram.refused == 0


async def test_what_a_call_without_a_slot_heard_is_kept_and_transcribed_when_it_ends(
    deepgram: Emulator, caller: MakeCaller, acme: Business, settings: Settings
) -> None:
    settings.SPEECH_SLOTS_MAX = 1
    await set_policy(acme, allow_browser_speech=False)
    rep = await caller("rep")
    async with Talking() as talking:
        first = await talking.begin(rep)
        await until_heard(rep, first)
        second = await talking.begin(rep)
        await talking.until_full(second)
        assert (await rep.get("/api/preflight"))[1]["speech"]["state"] == "later"
        await talking.sockets[second].until(lambda message: message.get("samples", 0) >= 32_000)
        await rep.post(f"/api/calls/{second}/end")
        lines = [row.payload for row in await rep.log(second) if row.kind == "line"]
        assert {(line["text"], line["recovered"]) for line in lines} == {(SAID, True)}
        assert sum(request.duration_s for request in deepgram.recorded) == pytest.approx(2.0, abs=0.1)
    assert len(deepgram.sockets) == 1


async def test_a_vendor_that_is_full_before_our_count_is_the_same_to_the_rep_and_asked_again(
    deepgram: Emulator, caller: MakeCaller
) -> None:
    deepgram.slots = 0
    rep = await caller("rep")
    async with Talking() as talking:
        call_id = await talking.begin(rep)
        await talking.until_full(call_id)
        await wait_until(lambda: deepgram.refused >= 2)
        assert FULL in (await rep.get("/api/preflight"))[1]["speech"]["words"]
        deepgram.slots = None
        await until_heard(rep, call_id)


async def test_a_key_is_sent_for_its_own_business_alone(
    deepgram: Emulator, caller: MakeCaller, acme: Business, globex: Business
) -> None:
    await set_key(acme, THEIRS.removeprefix("Token "))
    ours, stranger = await caller("rep"), await caller("rep", business=globex)
    async with Talking() as talking:
        for who in (ours, stranger, ours, stranger):
            await until_heard(who, await talking.begin(who))
        for who in (ours, stranger):
            assert (await who.post("/api/preflight", raw=silence(1_000, channels=1)))[0] == 200
    assert set(of(deepgram, "acme")) == {THEIRS}
    assert set(of(deepgram, "globex")) == {OURS}
    assert [request.authorization for request in deepgram.recorded] == [THEIRS, OURS]
    await set_key(acme, "")
    async with Talking() as talking:
        await until_heard(ours, await talking.begin(ours))
    assert of(deepgram, "acme")[-1] == OURS


async def test_an_own_account_has_its_own_slots(
    deepgram: Emulator, caller: MakeCaller, acme: Business, globex: Business, settings: Settings
) -> None:
    settings.SPEECH_SLOTS_MAX = 1
    await set_key(acme, THEIRS.removeprefix("Token "), slots_max=1)
    ours, stranger = await caller("rep"), await caller("rep", business=globex)
    async with Talking() as talking:
        await until_heard(ours, await talking.begin(ours))
        assert (await stranger.get("/api/preflight"))[1]["speech"]["state"] == "ready"
        await until_heard(stranger, await talking.begin(stranger))
        for who in (ours, stranger):
            assert (await who.get("/api/preflight"))[1]["speech"]["state"] == "browser"


async def test_a_refused_key_of_one_business_stops_no_other(
    deepgram: Emulator, caller: MakeCaller, acme: Business, globex: Business
) -> None:
    await set_key(acme, THEIRS.removeprefix("Token "))
    deepgram.refused_keys.add(THEIRS)
    ours, stranger = await caller("rep"), await caller("rep", business=globex)
    async with Talking() as talking:
        call_id = await talking.begin(ours)
        await talking.sockets[call_id].until(lambda message: message.get("rung") == "recording")
        async with asyncio.timeout(20):
            while not await told(acme):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        await until_heard(stranger, await talking.begin(stranger))
        assert await told(globex) == []
        assert await heard(ours, call_id) == []
        assert of(deepgram, "acme") == []
        await set_key(acme, "another-own-key-5678")
        assert await told(acme) == [], "what was refused was another key"
        await until_heard(ours, await talking.begin(ours))
