"""Audio that its call's end overtook: taken for a day, stored, transcribed, and the report written anew."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from calls import late, recordings, speech
from calls.erasing.whole import erase_content
from calls.events import Kind
from calls.live.recording import passing_path, relative_path
from calls.live.threads import in_thread
from calls.models import Call, Gap, Recording, Report, ReportState
from calls.reports import write_report
from calls.services import append_event, end_call
from calls.speech.base import SAMPLES_PER_MS
from coaching.types import Channel
from tenants.context import Business, business_scope
from tenants.house.policies import current_policy
from tenants.members.refs import MemberRef
from tests.calls.conftest import Hears, MakeCaller
from tests.calls.talking import Caller, frame, say_hello, speak
from tests.calls.test_switches import set_policy
from tests.speech.fakes import ScriptedProvider, ScriptedTurn

pytestmark = pytest.mark.sockets

TURNS = (
    ScriptedTurn(Channel.REP, 300, 1_200, "thanks for taking the time today"),
    ScriptedTurn(Channel.CUSTOMER, 3_500, 5_000, "we decide on Friday"),
)
TWO_S = 32_000


def pcm(seconds: float, value: int = 3_000) -> bytes:
    return frame(0, round(seconds * 16_000), value=value)[8:]


@pytest.fixture
def repaired(hears: Hears, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine listens to the call as long as it lasts; another one repairs its gaps afterwards."""
    hears(TURNS[0])
    engine = ScriptedProvider(TURNS)
    monkeypatch.setattr(speech, "get_provider", lambda: engine)


async def in_business(business: Business, work: Callable[[], Any]) -> Any:
    def run() -> Any:
        with business_scope(business):
            return work()

    return await in_thread(run)()


async def ended_after_two_seconds(rep: Caller, **content: Any) -> str:
    call_id = await rep.start_call(**content)
    async with rep.audio(call_id) as audio:
        await say_hello(audio)
        end = speak(audio, 2)
        await audio.until(lambda message: message["type"] == "ack" and message["samples"] == end)
    assert (await rep.post(f"/api/calls/{call_id}/end"))[0] == 200
    return call_id


async def send(rep: Caller, call_id: str, first_sample: int, body: bytes) -> tuple[int, dict[str, Any]]:
    return await rep.post(f"/api/calls/{call_id}/audio?first_sample={first_sample}", raw=body)


async def reported(rep: Caller, call_id: str) -> Report:
    """The report, written as soon as it is due."""

    def write() -> Report:
        Call.objects.filter(pk=call_id).update(report_due_at=timezone.now())
        assert write_report(uuid.UUID(call_id))
        return Report.objects.get(call_id=call_id)

    report: Report = await in_business(rep.business, write)
    return report


async def test_what_comes_after_the_end_is_in_the_recording_the_log_and_the_report(
    live: None, repaired: None, caller: MakeCaller, tmp_path: Path
) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    first = await reported(rep, call_id)
    # From before the end on, as a browser sends that did not hear the last ack; in two bodies that meet in a word.
    assert await send(rep, call_id, 16_000, pcm(3, 500)) == (200, {"ack": 64_000, "next_sample": 64_000})
    assert await send(rep, call_id, 64_000, pcm(2, 500)) == (200, {"ack": 96_000, "next_sample": 96_000})
    second = await reported(rep, call_id)
    log = await rep.log(call_id)
    assert [(row.payload["text"], row.payload["recovered"]) for row in log if row.kind == "line"] == [
        (TURNS[0].text, False),
        (TURNS[1].text, True),
    ]
    assert not [row for row in log if row.kind == "card" and row.payload["trigger_end_ms"] > 2_000]
    assert second.written_at > first.written_at
    assert second.coverage == 1
    stored = (tmp_path / "audio" / relative_path(rep.business.id, uuid.UUID(call_id))).read_bytes()
    assert stored == pcm(2) + pcm(4, 500)
    gap = await in_business(rep.business, lambda: Gap.objects.get(call_id=call_id))
    assert (gap.start_ms, gap.end_ms) == (2_000, 6_000)
    # Sent again it changes nothing.
    assert await send(rep, call_id, 32_000, pcm(4)) == (200, {"ack": 96_000, "next_sample": 96_000})
    assert len(await rep.log(call_id)) == len(log)


async def test_a_line_of_the_browser_beyond_the_audio_is_no_transcript_of_it(
    live: None, repaired: None, caller: MakeCaller
) -> None:
    """Without a way for its audio the browser may still have told a sentence of its rep."""
    rep = await caller("rep")
    call_id = await rep.start_call()
    line = {
        "channel": "rep", "text": "are you still there", "start_ms": 5_200, "end_ms": 5_900, "confidence": 0.9,
        "is_final": True, "utterance": 1, "provider": "browser", "recovered": False, "words": [],
    }  # fmt: skip
    await in_business(rep.business, lambda: end_call(uuid.UUID(call_id), reason="silent"))
    await in_business(rep.business, lambda: append_event(uuid.UUID(call_id), Kind.LINE, line))
    assert await send(rep, call_id, 0, pcm(6)) == (200, {"ack": 96_000, "next_sample": 96_000})
    await reported(rep, call_id)
    lines = [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
    assert set(lines) == {line["text"], *(turn.text for turn in TURNS)}
    assert len(lines) == 3


async def test_a_call_that_silence_ended_takes_the_rest_too(live: None, repaired: None, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await rep.start_call()
    await in_business(rep.business, lambda: end_call(uuid.UUID(call_id), reason="silent"))
    assert await send(rep, call_id, 0, pcm(6)) == (200, {"ack": 96_000, "next_sample": 96_000})
    await reported(rep, call_id)
    lines = [row.payload["text"] for row in await rep.log(call_id) if row.kind == "line"]
    assert lines == [turn.text for turn in TURNS]


async def test_what_never_came_stays_a_gap(live: None, repaired: None, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    assert (await send(rep, call_id, 48_000, pcm(3)))[0] == 200
    report = await reported(rep, call_id)
    gaps = await in_business(
        rep.business, lambda: list(Gap.objects.filter(call_id=call_id).values_list("start_ms", "repaired_at"))
    )
    assert gaps[0] == (2_000, None)
    assert gaps[1][1] is not None
    assert report.coverage is not None
    assert report.coverage < 1


async def test_a_report_that_is_being_written_is_written_again(live: None, repaired: None, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)

    def being_written() -> None:
        Call.objects.filter(pk=call_id).update(report_state=ReportState.WRITING, report_attempts=1)

    await in_business(rep.business, being_written)
    assert (await send(rep, call_id, TWO_S, pcm(4)))[0] == 200
    assert (await rep.row(call_id)).report_state == ReportState.DUE
    assert TURNS[1].text in [row.payload["text"] for row in await log_after_report(rep, call_id) if row.kind == "line"]


async def log_after_report(rep: Caller, call_id: str) -> list[Any]:
    await reported(rep, call_id)
    return list(await rep.log(call_id))


async def test_where_nothing_is_kept_it_is_transcribed_and_then_gone(
    live: None, repaired: None, caller: MakeCaller, acme: Business, tmp_path: Path
) -> None:
    await set_policy(acme, keep_recording=False)
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    path = tmp_path / "audio" / passing_path(acme.id, uuid.UUID(call_id))
    assert (await send(rep, call_id, TWO_S, pcm(4)))[0] == 200
    assert path.exists()

    def heard_by_its_rep() -> Any:
        call = Call.objects.select_related("member").get(pk=call_id)
        return recordings.find(call, MemberRef.from_member(call.member), current_policy())

    assert isinstance(await in_business(acme, heard_by_its_rep), recordings.Silence)
    assert await in_business(acme, late.drop_passing) == 0
    assert TURNS[1].text in [row.payload["text"] for row in await log_after_report(rep, call_id) if row.kind == "line"]
    assert await in_business(acme, late.drop_passing) == 1
    assert not path.exists()
    assert not await in_business(acme, lambda: Recording.objects.filter(call_id=call_id).exists())
    # More of it, after the file has gone: it joins what was transcribed, nothing is missing in between.
    assert await send(rep, call_id, 96_000, pcm(1)) == (200, {"ack": 112_000, "next_sample": 112_000})
    gaps = await in_business(acme, lambda: list(Gap.objects.filter(call_id=call_id).values_list("start_ms", "reason")))
    assert gaps == [(2_000, late.ARRIVED_LATE), (6_000, late.ARRIVED_LATE)]


async def test_audio_nobody_could_transcribe_is_not_kept_longer_than_it_may_come(
    live: None, hears: Hears, caller: MakeCaller, acme: Business, tmp_path: Path
) -> None:
    hears(is_deaf=True)
    await set_policy(acme, keep_recording=False)
    rep = await caller("rep")
    call_id = await ended_after_call_nobody_heard(rep)
    assert (await send(rep, call_id, 0, pcm(4)))[0] == 200

    def settle(**changes: Any) -> int:
        Call.objects.filter(pk=call_id).update(report_state=ReportState.READY, **changes)
        return late.drop_passing()

    assert await in_business(acme, settle) == 0
    assert await in_business(acme, lambda: settle(ended_at=timezone.now() - timedelta(hours=25))) == 1
    assert not (tmp_path / "audio" / passing_path(acme.id, uuid.UUID(call_id))).exists()


async def ended_after_call_nobody_heard(rep: Caller) -> str:
    call_id = await rep.start_call()
    assert (await rep.post(f"/api/calls/{call_id}/end"))[0] == 200
    return call_id


async def test_without_the_customers_yes_only_silence_is_stored(
    live: None, repaired: None, caller: MakeCaller, acme: Business, tmp_path: Path
) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep, place="US-CA")
    assert (await send(rep, call_id, TWO_S, pcm(4)))[0] == 200
    stored = (tmp_path / "audio" / relative_path(acme.id, uuid.UUID(call_id))).read_bytes()
    assert stored == bytes(len(pcm(6)))
    assert not [row for row in await log_after_report(rep, call_id) if row.kind == "line"]


async def test_a_stranger_and_colleagues_get_nothing(
    live: None, repaired: None, caller: MakeCaller, globex: Business
) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    before = len(await rep.log(call_id))
    for who, status in ((await caller("rep", business=globex), 404), (await caller("rep"), 403)):
        assert (await send(who, call_id, TWO_S, pcm(4)))[0] == status
    assert (await send(await caller("manager"), call_id, TWO_S, pcm(4)))[0] == 403
    assert len(await rep.log(call_id)) == before
    row = await in_business(rep.business, lambda: Recording.objects.get(call_id=call_id))
    assert row.stored_samples <= TWO_S


async def test_an_erased_call_and_a_day_later_take_nothing(
    live: None, repaired: None, caller: MakeCaller, tmp_path: Path
) -> None:
    rep = await caller("rep")
    erased, old = await ended_after_two_seconds(rep), await ended_after_two_seconds(rep)
    await in_business(rep.business, lambda: erase_content(Call.objects.get(pk=erased)))

    def age() -> None:
        Call.objects.filter(pk=old).update(ended_at=timezone.now() - timedelta(hours=25))

    await in_business(rep.business, age)
    for call_id in (erased, old):
        status, answer = await send(rep, call_id, TWO_S, pcm(4))
        assert (status, answer["code"]) == (409, "call_ended")
    assert not (tmp_path / "audio" / relative_path(rep.business.id, uuid.UUID(erased))).exists()


async def test_audio_of_the_future_and_broken_audio_are_refused(live: None, repaired: None, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    assert (await send(rep, call_id, 3_600_000 * SAMPLES_PER_MS, pcm(1)))[0] == 429
    assert (await send(rep, call_id, TWO_S, b"odd"))[0] == 400
    assert (await send(rep, call_id, TWO_S, b""))[0] == 400


async def test_a_disk_that_refuses_acknowledges_nothing(
    live: None, repaired: None, caller: MakeCaller, tmp_path: Path
) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    before = len(await rep.log(call_id))
    path = tmp_path / "audio" / relative_path(rep.business.id, uuid.UUID(call_id))
    kept = path.read_bytes()
    path.unlink()
    path.mkdir()
    status, answer = await send(rep, call_id, TWO_S, pcm(4))
    assert (status, answer["code"]) == (503, "saving_late")
    assert len(await rep.log(call_id)) == before
    path.rmdir()
    path.write_bytes(kept)
    assert await send(rep, call_id, TWO_S, pcm(4)) == (200, {"ack": 96_000, "next_sample": 96_000})


async def test_two_windows_at_once_store_it_once(live: None, repaired: None, caller: MakeCaller) -> None:
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    answers = await asyncio.gather(*(send(rep, call_id, TWO_S, pcm(4)) for _ in range(4)))
    assert {status for status, _ in answers} == {200}
    assert {answer["ack"] for _, answer in answers} == {96_000}
    assert len([row for row in await rep.log(call_id) if row.kind == "gap"]) == 1


async def test_what_the_owner_had_to_leave_unsaved_is_asked_for_again(
    live: None, hears: Hears, caller: MakeCaller
) -> None:
    """The client still has what lies before its next frame: a jump is no loss, and no ack goes over it."""
    hears()
    rep = await caller("rep")
    call_id = await ended_after_two_seconds(rep)
    late_audio = f"/api/calls/{call_id}/audio?first_sample={2 * TWO_S}"
    answer = await rep.post(f"{late_audio}&resume={TWO_S}", raw=pcm(1))
    assert answer == (200, {"ack": TWO_S, "next_sample": TWO_S})
    assert await in_business(rep.business, lambda: Gap.objects.filter(call_id=call_id).count()) == 0
    answer = await rep.post(f"{late_audio}&resume={2 * TWO_S}", raw=pcm(1))
    assert answer == (200, {"ack": 2 * TWO_S + 16_000, "next_sample": 2 * TWO_S + 16_000})
    assert (await rep.post(f"{late_audio}&resume=x", raw=pcm(1)))[0] == 400
