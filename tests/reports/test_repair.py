"""Gaps of a call that ended: transcribed from the recording by the real client of the speech service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from billing.models import UsageEntry
from calls import speech
from calls.events import Kind
from calls.models import Call, CallEvent, Gap, Recording, Report
from calls.reports import write_report
from calls.speech import choice
from coaching.types import Channel
from tenants.members.models import Member
from tests.reports.written import ended_call, is_whole, line
from tests.vendors.deepgram import Emulator, Fault, Script, Turn

MakeMember = Callable[..., Member]

SCRIPT = Script(
    (
        Turn("rep", 20_500, 22_000, "What would it have to cost?"),
        Turn("customer", 22_500, 24_000, "Half of that."),
    )
)
HEARD = [
    (Kind.LINE, line(Channel.REP, 0.5, 3, "Hello, what brings you to us today?", 1)),
    (Kind.LINE, line(Channel.REP, 20.5, 22, "What would it have to cost?", 2)),
]

pytestmark = pytest.mark.usefixtures("rolled_back")


@pytest.fixture
def deepgram(settings: Any) -> Iterator[Emulator]:
    """The emulator on a loop of its own thread, as a server elsewhere would be; it is the process's provider."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    emulator = Emulator(script=SCRIPT)
    asyncio.run_coroutine_threadsafe(emulator.__aenter__(), loop).result(20)
    emulator.recorded_offset_ms = 20_000
    settings.SPEECH_PROVIDER, settings.DEEPGRAM_BASE_URL, settings.DEEPGRAM_API_KEY = "deepgram", emulator.url, "key"
    choice._is_chosen = False
    yield emulator
    choice._is_chosen = False
    asyncio.run_coroutine_threadsafe(emulator.__aexit__(None, None, None), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.fixture
def call(member: MakeMember, settings: Any, tmp_path: Path) -> Call:
    """30 s of two channels on disk, a gap of 5 s of which the rep's half was heard."""
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}"
    (tmp_path / "call.pcm").write_bytes(bytes(30 * 16_000 * 2 * 2))
    call = ended_call(member("rep"), HEARD)
    Recording.objects.create(call=call, path="call.pcm", channels=2, stored_samples=30 * 16_000)
    Gap.objects.create(call=call, start_ms=20_000, end_ms=25_000, reason="the speech service was gone")
    return call


def recovered(call: Call) -> list[str]:
    lines = CallEvent.objects.filter(call=call, kind=Kind.LINE.value).order_by("seq")
    return [each.payload["text"] for each in lines if each.payload["recovered"]]


def test_a_gap_is_filled_and_what_was_heard_is_not_written_twice(deepgram: Emulator, call: Call) -> None:
    write_report(call.pk)
    assert recovered(call) == ["Half of that."]
    assert Gap.objects.get(call=call).repaired_at is not None
    assert Report.objects.get(call=call).coverage == 1
    assert is_whole(call.pk)


def test_recorded_audio_has_its_own_price(deepgram: Emulator, call: Call) -> None:
    write_report(call.pk)
    entry = UsageEntry.objects.get(call_id=call.pk)
    assert (entry.model, entry.purpose, entry.quantity) == ("nova-3-prerecorded", "repair", 10_000)
    assert entry.cost_micros == round(7_700 * 10_000 / 60_000)


def test_when_the_service_refuses_the_report_is_written_with_the_gap(deepgram: Emulator, call: Call) -> None:
    deepgram.recorded_faults.append(Fault("refuse", status=401))
    assert write_report(call.pk)
    assert recovered(call) == []
    assert Gap.objects.get(call=call).repaired_at is None
    assert (Report.objects.get(call=call).coverage or 1) < 1


def test_without_the_audio_the_gap_stays(deepgram: Emulator, call: Call, tmp_path: Path) -> None:
    (tmp_path / "call.pcm").unlink()
    assert write_report(call.pk)
    assert deepgram.recorded == []
    assert Gap.objects.get(call=call).repaired_at is None


def test_without_an_engine_the_gap_stays(call: Call, settings: Any) -> None:
    settings.SPEECH_PROVIDER = "none"
    asyncio.run(speech.shutdown())
    assert write_report(call.pk)
    assert Gap.objects.get(call=call).repaired_at is None
    asyncio.run(speech.shutdown())
