"""How much help a rep wants: chosen in a call, obeyed at once, kept for later calls, nobody else's to choose."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from calls.live.threads import in_thread
from coaching.types import Channel
from tenants.context import Business, business_scope
from tenants.members.help_modes import HelpMode
from tenants.members.models import Member
from tests import owner
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import FRAME_SAMPLES, say_hello, wait_until
from tests.speech.fakes import ScriptedTurn

TURNS = (ScriptedTurn(Channel.CUSTOMER, 300, 900, "honestly this is too expensive for us"),)
SILENT = {"type": "help", "mode": "silent"}


async def in_business(business: Business, work: Any) -> Any:
    def inside() -> Any:
        with business_scope(business):
            return work()

    return await in_thread(inside)()


def modes() -> set[str]:
    return set(Member.objects.values_list("help_mode", flat=True))


def customer_speaks(audio: Any, frames: int = 20) -> None:
    """Two seconds in which the rep is silent, so that no card has to wait."""
    for number in range(frames):
        wave = b"".join(struct.pack("<hh", 0, 3_000 if i % 8 < 4 else -3_000) for i in range(FRAME_SAMPLES))
        audio.send(struct.pack("<Q", number * FRAME_SAMPLES) + wave)


async def cards_of_a_call(
    rep: Any, call_id: Any, change: dict[str, Any] | None = None, *, until: str = "moment"
) -> list[str]:
    """The lanes of the cards in the log of a call in which the customer objects, heard up to an event."""
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        if change is not None:
            assert (await rep.post(f"/api/calls/{call_id}/actions", change))[0] == 200
        customer_speaks(audio)
        async with rep.events(call_id) as events:
            await events.until_kind(until)
    await rep.post(f"/api/calls/{call_id}/end")
    return [row.payload["lane"] for row in await rep.log(call_id) if row.kind == "card"]


async def test_a_silent_coach_still_keeps_the_moments_and_shows_no_card(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    hears(*TURNS)
    rep = await caller("rep")
    call_id, key_moments = await rep.start_call(), {"type": "help", "mode": "key_moments"}
    assert await cards_of_a_call(rep, call_id, key_moments, until="card") == ["instant"]
    assert await cards_of_a_call(rep, await rep.start_call(), SILENT) == []
    assert await in_business(acme, modes) == {"silent"}
    assert await cards_of_a_call(rep, await rep.start_call()) == [], "chosen once, kept for later calls"


async def test_nobody_but_the_rep_chooses(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, globex: Business
) -> None:
    rep, manager, stranger = await caller("rep"), await caller("manager"), await caller("rep", business=globex)
    call_id = await rep.start_call()
    path = f"/api/calls/{call_id}/actions"
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        status, body = await manager.post(path, SILENT)
        assert (status, "how much help" in str(body)) == (403, True)
        assert (await stranger.post(path, SILENT))[0] == 404
        for wrong in ({"type": "help"}, {"type": "help", "mode": "loud"}, {**SILENT, "member": 1}):
            assert (await rep.post(path, wrong))[0] == 400
    await rep.post(f"/api/calls/{call_id}/end")
    assert await in_business(acme, modes) == {"full"}
    assert await in_business(globex, modes) == {"full"}


async def test_a_choice_that_can_not_be_kept_holds_for_this_call(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, caplog: pytest.LogCaptureFixture
) -> None:
    """The table refuses the change; the call goes on and is silent."""
    hears(*TURNS)
    rep = await caller("rep")
    call_id = await rep.start_call()

    table = f"{acme.schema_name}.members_member"
    with owner.connect() as database:
        database.execute(f"ALTER TABLE {table} ADD CONSTRAINT no_silence CHECK (help_mode <> 'silent')")
        try:
            assert await cards_of_a_call(rep, call_id, SILENT) == []
            await wait_until(lambda: any("help-mode" in record.getMessage() for record in caplog.records))
        finally:
            database.execute(f"ALTER TABLE {table} DROP CONSTRAINT no_silence")
    assert await in_business(acme, modes) == {HelpMode.FULL.value}
