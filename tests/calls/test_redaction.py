"""A card number comes in by each way there is, and is nowhere afterwards: in no table, socket, model request or log."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from calls import metrics, speech
from calls.events import Kind
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.models import CallEvent, CallInbox, Gap, Recording
from calls.reports import write_report
from coaching.types import Channel
from salespilot.logs import JsonFormatter
from tenants.context import Business, business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import WITHIN_S, Caller, say_hello, speak
from tests.calls.test_switches import set_policy
from tests.conftest import MakeMember
from tests.reports.written import ended_call
from tests.speech.fakes import ScriptedProvider, ScriptedTurn
from tests.vendors.openai import OpenAIServer

pytestmark = pytest.mark.sockets

CARD = "4716 9025 1174 3368"
# One group of it alone is found too, unless it is part of an identifier or of a time.
CANARY = re.compile(r"(?<![\w.:-])(?:4716|9025|1174|3368)(?![\w:-])|4716902511743368")
TURNS = (
    ScriptedTurn(Channel.REP, 200, 900, "so what is the card number"),
    ScriptedTurn(Channel.CUSTOMER, 1_000, 2_400, f"honestly this is too expensive but my card is {CARD} okay"),
)
MASKED = "honestly this is too expensive but my card is [card number] okay"


@pytest.fixture
def model(settings: Any) -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = server.url, "sk-redaction"
        yield server


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Everything that was logged, as it would be written."""
    caplog.set_level(logging.DEBUG)
    lines: list[str] = []
    yield lines
    for record in caplog.records:
        assert not is_said(json.loads(JsonFormatter().format(record))), record


def is_said(content: Any) -> bool:
    """Whether a text in it holds the canary. Numbers are no texts: a latency may be 1174 ms."""
    if isinstance(content, dict):
        return any(is_said(part) for pair in content.items() for part in pair)
    if isinstance(content, list):
        return any(map(is_said, content))
    return isinstance(content, str) and CANARY.search(content) is not None


def rows_with_the_canary(business: Business) -> list[str]:
    """The tables of the business that hold it in whatever column."""
    with business_scope(business), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() "
            "AND has_table_privilege(quote_ident(table_schema) || '.' || quote_ident(table_name), 'SELECT')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        assert "calls_callevent" in tables
        found = []
        for name in tables:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{name}" t')
            found += [name for (row,) in cursor.fetchall() if is_said(json.loads(row))]
    return found


async def nowhere(business: Business, *messages: list[dict[str, Any]]) -> None:
    assert await in_thread(rows_with_the_canary)(business) == []
    for message in (one for each in messages for one in each):
        assert not is_said(message), message


async def report_of(rep: Caller, call_id: str) -> None:
    row = await rep.row(call_id)

    def run() -> None:
        with business_scope(rep.business):
            assert write_report(row.id)

    await in_thread(run)()


def texts(log: list[CallEvent]) -> list[str]:
    return [row.payload["text"] for row in log if row.kind == "line"]


async def test_by_the_engine(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, model: OpenAIServer, said: list[str]
) -> None:
    hears(*TURNS)
    before = metrics.redactions.labels("card_number")._value.get()
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call()
    async with rep.events(call_id) as own, manager.events(call_id) as board, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 4)
        await own.until(lambda one: one.get("kind") == "line" and one["payload"]["channel"] == "customer")
        await own.until(lambda one: one.get("kind") == "usage" and one["payload"]["component"] == "model")
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
        await rep.post(f"/api/calls/{call_id}/end")
        await board.until_kind("call_ended")
    await report_of(rep, call_id)
    log = await rep.log(call_id)
    assert texts(log) == [TURNS[0].text, MASKED]
    assert "[card number]" in [word[0] for row in log if row.kind == "line" for word in row.payload["words"]]
    assert [one for one in own.messages if one["type"] == "interim" and "card" in one["text"]]
    assert model.cards
    assert any("too expensive" in json.dumps(request.body) for request in model.requests)
    assert any(request.is_report for request in model.requests)
    assert not is_said([request.body for request in model.requests])
    assert metrics.redactions.labels("card_number")._value.get() == before + 1
    await nowhere(acme, own.messages, board.messages)


async def test_by_the_browser_over_http(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, said: list[str]
) -> None:
    hears(is_deaf=True)
    rep = await caller("rep")
    call_id = await rep.start_call()
    asked = {"channel": "rep", "text": "and the card number?", "start_ms": 0, "end_ms": 500, "is_final": True}
    given = {"channel": "customer", "text": "it's 4716 9025", "start_ms": 600, "end_ms": 1_200, "is_final": False}
    rest = {**given, "text": "1174 3368", "start_ms": 1_300, "end_ms": 1_900, "is_final": True, "utterance": 3}
    async with rep.events(call_id) as events:
        lines = [
            {**asked, "utterance": 1},
            {**given, "utterance": 2},
            {**given, "utterance": 2, "is_final": True},
            rest,
        ]
        assert (await rep.post(f"/api/calls/{call_id}/lines", {"lines": lines}))[1] == {"taken": 4}
        await rep.post(f"/api/calls/{call_id}/end")
        await events.until_kind("call_ended")
    polled = (await rep.get(f"/api/calls/{call_id}/events"))[1]["events"]
    assert texts(await rep.log(call_id)) == ["and the card number?", "it's [card number]", "[card number]"]
    assert [one["text"] for one in events.messages if one["type"] == "interim"] == ["it's [card number]"]
    await nowhere(acme, events.messages, polled)


async def test_by_the_repair_beside_the_live_call(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, said: list[str]
) -> None:
    engine = hears(*TURNS, ScriptedTurn(Channel.REP, 4_200, 4_800, "thank you very much"))
    assert engine is not None
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events, rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 0.95)
        await events.until_kind("line")
        engine.streams[0].go_down()
        await events.until(lambda one: one.get("payload", {}).get("rung") == "recording")
        end = speak(audio, 2.8, first_sample=end)
        [session] = registry.sessions.values()
        while session._listening.lane.sent_through < end:  # type: ignore[union-attr]
            await events.receive()
        engine.streams[0].go_up()
        speak(audio, 2, first_sample=end)
        await events.until(lambda one: one.get("kind") == "line" and one["payload"]["recovered"])
        await rep.post(f"/api/calls/{call_id}/end")
        await events.until_kind("call_ended")
    lines = [row.payload for row in await rep.log(call_id) if row.kind == "line"]
    assert [line["text"] for line in lines if line["recovered"]] == [MASKED]
    await nowhere(acme, events.messages)


@pytest.mark.usefixtures("rolled_back")
def test_by_the_repair_after_the_call(
    acme: Business, member: MakeMember, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}"
    (tmp_path / "call.pcm").write_bytes(bytes([1, 0]) * 5 * 16_000 * 2)
    call = ended_call(member("rep"), [])
    Recording.objects.create(call=call, path="call.pcm", channels=2, stored_samples=5 * 16_000)
    Gap.objects.create(call=call, start_ms=0, end_ms=5_000, reason="the speech service was gone")
    monkeypatch.setattr(speech, "get_provider", lambda: ScriptedProvider(TURNS))
    assert write_report(call.pk)
    rows = CallEvent.objects.filter(call=call, kind=Kind.LINE.value).order_by("seq")
    assert [row.payload["text"] for row in rows] == [TURNS[0].text, MASKED]
    assert rows_with_the_canary(acme) == []
    # The sound of it is gone as well, the other side's is not.
    pcm = (tmp_path / "call.pcm").read_bytes()
    spoken = range(1_900 * 16, 2_100 * 16)
    assert {pcm[4 * sample : 4 * sample + 4] for sample in spoken} == {bytes([1, 0, 0, 0])}
    assert pcm[:64] == bytes([1, 0]) * 32


async def test_by_what_people_type(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, said: list[str]
) -> None:
    rep, manager = await caller("rep"), await caller("manager")
    call_id = await rep.start_call(customer=f"Initech {CARD}")
    note = {"type": "note", "text": f"His card is {CARD}."}
    # Nobody owns the call yet: the note waits in the database.
    assert (await manager.post(f"/api/calls/{call_id}/actions", note))[0] == 200
    await nowhere(acme)

    def waiting() -> list[dict[str, Any]]:
        with business_scope(acme):
            return list(CallInbox.objects.values_list("message", flat=True))

    assert await in_thread(waiting)() == [{"type": "note", "text": "His card is [card number]."}]
    async with rep.events(call_id) as events, rep.audio(call_id) as audio, manager.events(call_id) as board:
        await say_hello(audio)
        await events.until_kind("card")
        board.send({"type": "note", "text": f"Read it back: {CARD}"})
        card = await events.until_kind("card")
        assert card["payload"]["say"] == "Read it back: [card number]"
        await rep.post(f"/api/calls/{call_id}/end")
        await board.until_kind("call_ended")
    assert (await rep.row(call_id)).customer == "Initech [card number]"
    await nowhere(acme, events.messages, board.messages)


async def test_another_business_that_switched_it_off_keeps_its_own_text(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, globex: Business
) -> None:
    hears(*TURNS)
    await set_policy(globex, redact=[])
    callers = [await caller("rep"), await caller("rep", business=globex)]
    found = []
    for rep in callers:
        call_id = await rep.start_call(customer=f"Initech {CARD}")
        async with rep.events(call_id) as events, rep.audio(call_id) as audio:
            await say_hello(audio)
            speak(audio, 4)
            await events.until(lambda one: one.get("kind") == "line" and one["payload"]["channel"] == "customer")
            await rep.post(f"/api/calls/{call_id}/end")
            await events.until_kind("call_ended")
        found.append((texts(await rep.log(call_id))[1], (await rep.row(call_id)).customer))
    assert found == [(MASKED, "Initech [card number]"), (TURNS[1].text, f"Initech {CARD}")]
    await nowhere(acme)


async def test_whoever_takes_a_call_over_goes_on_in_the_middle_of_a_number(
    live: None, hears: Hears, caller: MakeCaller, acme: Business
) -> None:
    hears(is_deaf=True)
    rep = await caller("rep")
    call_id = await rep.start_call()
    base = {"channel": "customer", "is_final": True}
    first = [{**base, "text": "my card number is 4716", "start_ms": 0, "end_ms": 900, "utterance": 1}]
    await rep.post(f"/api/calls/{call_id}/lines", {"lines": first})
    await registry.move()
    registry.is_moving = False
    second = [{**base, "text": "9025", "start_ms": 1_000, "end_ms": 1_900, "utterance": 2}]
    async with asyncio.timeout(WITHIN_S):
        # Until it is certain that the former owner hears nobody any more.
        while (await rep.post(f"/api/calls/{call_id}/lines", {"lines": second}))[0] != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await rep.post(f"/api/calls/{call_id}/end")
    assert texts(await rep.log(call_id)) == ["my card number is [card number]", "[card number]"]
    await nowhere(acme)
