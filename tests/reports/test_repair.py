"""Gaps of a call that ended: transcribed from the recording by the real client of the speech service."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from billing.models import UsageEntry
from calls import repair, speech, sweeper
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, Gap, Recording, Report, ReportState
from calls.reports import repair_again, write_report
from calls.services import end_call
from coaching.types import Channel
from tenants.context import Business, business_scope
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

LONG_AGO = timezone.now() - timedelta(days=1)

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
    yield emulator
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


def test_what_two_gaps_hold_is_written_once(deepgram: Emulator, call: Call) -> None:
    """The engine's loss and the end of the call may tell of the same stretch, each for itself."""
    Gap.objects.create(call=call, start_ms=20_000, end_ms=25_000, reason="Nobody was listening.")
    write_report(call.pk)
    assert recovered(call) == ["Half of that."]
    assert not Gap.objects.filter(call=call, repaired_at=None).exists()
    assert is_whole(call.pk)


@pytest.fixture
def orphan(call: Call) -> Call:
    """Its owner died: 30 s are on the disk, of 22 s the row knows, and 20 s were heard. Nobody told a gap."""
    Gap.objects.filter(call=call).delete()
    CallEvent.objects.filter(call=call).exclude(kind=Kind.LINE.value).delete()
    Recording.objects.filter(call=call).update(stored_samples=22 * 16_000)
    Call.objects.filter(pk=call.pk).update(
        state=CallState.OPEN, ended_at=None, end_reason="", epoch=1, acked_samples=20 * 16_000
    )
    call.refresh_from_db()
    return call


def test_what_a_dead_owner_had_kept_and_not_heard_is_heard_after_the_call(deepgram: Emulator, orphan: Call) -> None:
    assert end_call(orphan.pk, reason="silent")
    assert CallEvent.objects.get(call=orphan, kind=Kind.CALL_ENDED.value).payload["duration_ms"] == 30_000
    told = CallEvent.objects.get(call=orphan, kind=Kind.GAP.value).payload
    assert (told["start_ms"], told["end_ms"]) == (20_000, 30_000)
    write_report(orphan.pk)
    assert recovered(orphan) == ["Half of that."]
    assert not Gap.objects.filter(call=orphan, repaired_at=None).exists()


def test_an_owner_that_ends_its_call_itself_has_told_its_gaps(orphan: Call) -> None:
    assert end_call(orphan.pk, reason="hung_up", duration_ms=30_000, epoch=1)
    assert not Gap.objects.filter(call=orphan).exists()


def test_what_nobody_may_hear_is_no_gap(orphan: Call) -> None:
    Call.objects.filter(pk=orphan.pk).update(consent_mode="ask", consent_answer="")
    assert end_call(orphan.pk, reason="silent")
    assert not Gap.objects.filter(call=orphan).exists()


def test_where_nothing_is_kept_a_dead_owner_leaves_no_gap(orphan: Call) -> None:
    Recording.objects.filter(call=orphan).delete()
    assert end_call(orphan.pk, reason="silent")
    assert not Gap.objects.filter(call=orphan).exists()
    assert CallEvent.objects.get(call=orphan, kind=Kind.CALL_ENDED.value).payload["duration_ms"] == 22_000


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


@pytest.fixture
def long_gap(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gap:
    """Longer than what is repaired in one go; a slice is 5 s, one go 10 s."""
    monkeypatch.setattr(repair, "SLICE_MS", 5_000)
    monkeypatch.setattr(repair, "MOST_MS", 10_000)
    Gap.objects.filter(call=call).update(start_ms=5_000, end_ms=27_000)
    return Gap.objects.get(call=call)


def open_gaps(call: Call) -> list[tuple[int, int]]:
    return list(Gap.objects.filter(call=call, repaired_at=None).order_by("start_ms").values_list("start_ms", "end_ms"))


def due_now(call: Call) -> None:
    Call.objects.filter(pk=call.pk).update(report_due_at=timezone.now() - timedelta(seconds=1))


def test_a_gap_longer_than_one_go_is_repaired_slice_by_slice(deepgram: Emulator, call: Call, long_gap: Gap) -> None:
    deepgram.recorded_offset_ms = 0
    write_report(call.pk)
    assert open_gaps(call) == [(15_000, 27_000)]
    assert sweeper.due_repairs() == []
    due_now(call)
    assert sweeper.due_repairs() == [call.pk]
    assert repair_again(call.pk)
    assert write_report(call.pk)
    assert open_gaps(call) == [], "the second try, and the report after it, take the rest"
    assert sum(gap.end_ms - gap.start_ms for gap in Gap.objects.filter(call=call)) == 22_000
    assert is_whole(call.pk)


def test_a_repair_that_failed_is_tried_again_and_the_report_is_written_anew(deepgram: Emulator, call: Call) -> None:
    deepgram.recorded_faults.append(Fault("refuse", status=402))
    write_report(call.pk)
    first = Report.objects.get(call=call)
    call.refresh_from_db()
    assert call.report_state == ReportState.READY
    assert (call.report_due_at or LONG_AGO) > timezone.now()
    assert not repair_again(call.pk), "not before it is due"
    due_now(call)
    assert repair_again(call.pk)
    assert not repair_again(call.pk), "once"
    assert write_report(call.pk)
    second = Report.objects.get(call=call)
    assert recovered(call) == ["Half of that."]
    assert (first.coverage or 0) < (second.coverage or 0) == 1
    call.refresh_from_db()
    assert call.report_due_at is None
    assert is_whole(call.pk)


def test_each_try_waits_longer_and_after_a_day_there_is_none(deepgram: Emulator, call: Call) -> None:
    now = timezone.now()
    pauses = []
    for age_s in (5, 120, 4_000, 90_000):
        call.ended_at = now - timedelta(seconds=age_s)
        again = repair.again_at(call, now)
        pauses.append(again and (again - now).total_seconds())
    assert pauses == [60, 120, 4_000, None]


def test_what_has_no_audio_is_not_tried_again(deepgram: Emulator, call: Call, tmp_path: Path) -> None:
    (tmp_path / "call.pcm").unlink()
    write_report(call.pk)
    call.refresh_from_db()
    assert call.report_due_at is None


def test_a_stranger_repairs_nothing(deepgram: Emulator, call: Call, globex: Business) -> None:
    deepgram.recorded_faults.append(Fault("refuse", status=402))
    write_report(call.pk)
    due_now(call)
    with business_scope(globex):
        assert sweeper.due_repairs() == []
        assert not repair_again(call.pk)
    assert recovered(call) == []
