"""What readers are told, by whom, and how they notice that nobody tells them anything."""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import get_channel_layer

from calls import consumers
from calls.events import Event, Kind
from calls.live import registry as registry_module
from calls.live import session as session_module
from calls.live import wake
from calls.live.epochs import Turn
from calls.live.feed import Feed, Subscriber
from calls.live.registry import registry
from calls.live.store import Entry, Page
from calls.live.threads import in_thread
from calls.models import Call, CallState
from calls.services import end_call
from tenants.context import Business, business_scope
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import HELLO, Closed, say_hello, speak, wait_until

ACME = Business(id=1, schema_name="acme", name="Acme")


class Pages(Feed):
    """A call that lives elsewhere: its log is what these pages say."""

    def __init__(self, *pages: Page) -> None:
        super().__init__(ACME, uuid.uuid4())
        self.pages = deque(pages)
        self.asked: list[tuple[int, int | None]] = []

    async def read(self, after: int, epoch: int | None) -> Page:
        self.asked.append((after, epoch))
        return self.pages.popleft()


async def catch_up(subscriber: Subscriber) -> None:
    async with asyncio.timeout(5):
        await subscriber._catch_up()


async def test_a_reader_goes_back_to_where_its_knowledge_was_true() -> None:
    """It was told up to 7 by an owner that had saved up to 3."""
    feed = Pages(Page([(8, "8")], epoch=2, true_through=3), Page([(4, "4"), (5, "5")], epoch=2, true_through=5))
    taken: list[str] = []
    turns: list[Turn] = []
    reader = feed.subscribe(after=7, take=taken.append, take_fleeting=taken.append, epoch=1, turn=turns.append)
    await catch_up(reader)
    assert taken == ["4", "5"]
    assert turns == [Turn(2, rewind_to=3)]
    assert feed.asked == [(7, 1), (3, 2)]


async def test_an_event_out_of_order_makes_a_reader_look() -> None:
    feed = Pages(Page([(6, "6"), (7, "7")], epoch=1, true_through=7))
    taken: list[str] = []
    reader = feed.subscribe(after=5, take=taken.append, take_fleeting=taken.append)
    reader._must_look.clear()
    reader._is_live = True
    reader.offer(Entry(Event(7, 0, Kind.NOTE, {}), "{}"), "7")
    assert taken == []
    assert reader._must_look.is_set()
    await catch_up(reader)
    assert taken == ["6", "7"]


async def test_an_owner_that_took_over_names_itself_before_anything_else(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it has something to say from the first moment on, of what its predecessor left unheard."""
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
    [session] = registry.sessions.values()
    await session.let_go()
    before = len(await rep.log(call_id))

    def says_something(*_: object, **__: object) -> None:
        [session] = registry.sessions.values()
        session.append(Kind.NOTE, {"text": "anything else"})

    monkeypatch.setattr(session_module, "repair_the_past", says_something)
    async with rep.audio(call_id) as audio:
        assert (await say_hello(audio))["epoch"] == 2
        [session] = registry.sessions.values()
        await wait_until(lambda: session.log.is_clean)
    first = (await rep.log(call_id))[before]
    assert (first.kind, first.payload.get("epoch")) == ("state", 2)


async def test_a_process_that_is_about_to_stop_takes_no_call(live: None, hears: Hears, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    registry.is_moving = True
    try:
        status, answer = await rep.post("/api/calls", {"channels": 1})
        assert (status, answer["code"]) == (503, "moving")
        async with rep.audio(call_id) as audio:
            audio.send(HELLO)
            assert (await audio.closed()).code == 1012
    finally:
        registry.is_moving = False
    assert not registry.sessions
    async with rep.audio(call_id) as audio:
        await say_hello(audio)


async def test_each_save_wakes_the_other_processes(
    live: None, hears: Hears, caller: MakeCaller, globex: Business
) -> None:
    """The other process of this business hears of it; one that follows another business does not."""
    layer: Any = get_channel_layer()
    elsewhere, strangers = await layer.new_channel(), await layer.new_channel()
    rep = await caller("rep")
    await layer.group_add(wake.group(rep.business.id), elsewhere)
    await layer.group_add(wake.group(globex.id), strangers)
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        [session] = registry.sessions.values()
        session.append(Kind.NOTE, {"text": "news"})
        last = session.log.last_seq
        async with asyncio.timeout(10):
            while (await layer.receive(elsewhere))["calls"].get(uuid.UUID(call_id).hex, 0) < last:
                pass
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await layer.receive(strangers)


async def test_a_lost_wake_up_costs_a_look_and_nothing_else(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_module, "LOOK_EVERY_S", 0.05)
    rep = await caller("rep")
    call_id = await rep.start_call()

    def end_it() -> None:
        with business_scope(rep.business):
            end_call(uuid.UUID(call_id), reason="silent")

    async with rep.events(call_id) as events:
        await events.until_kind("call_started")
        monkeypatch.setattr(wake, "send", lambda *_: None)
        await in_thread(end_it)()
        await events.until_kind("call_ended")


async def test_who_comes_back_is_asked_for_what_is_missing_first(live: None, hears: Hears, caller: MakeCaller) -> None:
    """A second drop while the rest of the first was still coming: the session still knows what it lacks."""
    rep = await caller("rep")
    call_id = await rep.start_call()

    def age() -> None:
        with business_scope(rep.business):
            long_ago = Call.objects.get(pk=call_id).started_at - timedelta(minutes=1)
            Call.objects.filter(pk=call_id).update(started_at=long_ago)

    await in_thread(age)()
    async with rep.audio(call_id) as audio:
        await say_hello(audio, backlog=True)
        end = speak(audio, 1)
        last = speak(audio, 1, first_sample=end + 160_000)
        [session] = registry.sessions.values()
        await wait_until(lambda: session.next_sample == last)
    async with rep.audio(call_id) as audio:
        assert (await say_hello(audio, backlog=True))["next_sample"] == end


async def test_an_idle_audio_socket_hears_from_the_server_all_the_time(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    """Nothing is sent and nothing is new: the acks say that the connection lives."""
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        for _ in range(3):
            await audio.until(lambda message: message["type"] == "ack")


async def test_an_idle_events_socket_hears_from_the_server_all_the_time(
    live: None, hears: Hears, caller: MakeCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "ALIVE_EVERY_S", 0.05)
    rep = await caller("rep")
    call_id = await rep.start_call()
    async with rep.events(call_id) as events:
        for _ in range(3):
            await events.until(lambda message: message["type"] == "alive")


async def test_a_stranger_hears_nothing_of_a_call_of_acme(
    live: None, hears: Hears, caller: MakeCaller, globex: Business
) -> None:
    rep, stranger = await caller("rep"), await caller("rep", business=globex)
    call_id = await rep.start_call()
    async with rep.audio(call_id) as audio, stranger.events(call_id) as theirs:
        await say_hello(audio)
        closed = await theirs.closed()
        assert isinstance(closed, Closed)
        assert closed.code == 4404
    assert theirs.messages == []
    assert (await rep.row(call_id)).state == CallState.OPEN
