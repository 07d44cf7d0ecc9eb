"""The recording is silent where the transcript is masked, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls import events
from calls.events import Kind
from calls.models import Recording
from calls.redaction import Redactor
from calls.silencing import Span, hushed, silence, silence_redacted, spans_of
from coaching.types import Channel, Line
from tests.conftest import MakeMember
from tests.redaction.talks import line
from tests.reports.written import ended_call

LOUD = bytes([7, 1])


def payload(
    text: str, *, provider: str = "local", kinds: tuple[str, ...] = ("pci",), start_ms: int = 1_000
) -> events.Payload:
    spoken = line(text, start_ms=start_ms)
    named = Line(
        spoken.channel, text, spoken.start_ms, spoken.end_ms, 0.9, is_final=True, utterance=1, provider=provider,
        words=spoken.words,
    )  # fmt: skip
    return events.line(Redactor(kinds).hear(named).line)


def test_masked_words_say_where() -> None:
    # Five words in 1.5 s from 1 s on: the number is said from 1.9 s to 2.5 s.
    assert list(spans_of(payload("so my card 4242424242424242 4242"))) == [Span(Channel.CUSTOMER, 1_750, 2_650)]
    assert list(spans_of(payload("so my plan has 4200 seats"))) == []
    assert list(spans_of(payload("so my card 4242424242424242 4242", kinds=()))) == []


def test_where_words_have_no_times_of_their_own_the_line_is_silent() -> None:
    whole = [Span(Channel.CUSTOMER, 850, 2_650)]
    assert list(spans_of(payload("so my card 4242424242424242 4242", provider="browser"))) == whole
    assert list(spans_of({**payload("my card 4242424242424242"), "words": []})) == whole


def test_what_the_service_took_out_is_silent_too() -> None:
    assert list(spans_of(payload("so my card [CREDIT_CARD_1] thanks"))) == [Span(Channel.CUSTOMER, 1_750, 2_350)]


@pytest.mark.parametrize(
    ("channels", "channel", "kept"),
    [
        (2, Channel.CUSTOMER, (LOUD + bytes(2)) * 3),
        (2, Channel.REP, (bytes(2) + LOUD) * 3),
        (1, Channel.REP, bytes(12)),
    ],
)
def test_the_other_side_is_untouched(channels: int, channel: Channel, kept: bytes) -> None:
    assert hushed(LOUD * 6, channels, channel) == kept


def test_the_file_keeps_its_length(tmp_path: Path) -> None:
    path = tmp_path / "call.pcm"
    path.write_bytes(LOUD * 2 * 16_000)
    spans = [Span(Channel.CUSTOMER, -150, 10), Span(Channel.CUSTOMER, 990, 5_000), Span(Channel.CUSTOMER, 7_000, 8_000)]
    silence(path, 2, spans)
    pcm = path.read_bytes()
    assert len(pcm) == 2 * 2 * 16_000
    assert pcm[: 160 * 4] == (LOUD + bytes(2)) * 160
    assert pcm[160 * 4 : -160 * 4] == LOUD * 2 * (16_000 - 320)
    assert pcm[-160 * 4 :] == (LOUD + bytes(2)) * 160
    silence(path, 2, spans)
    assert path.read_bytes() == pcm


@pytest.mark.usefixtures("rolled_back")
def test_without_a_recording_there_is_nothing_to_do(member: MakeMember, settings: object, tmp_path: Path) -> None:
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}"  # type: ignore[attr-defined]
    call = ended_call(member("rep"), [(Kind.LINE, payload("my card 4242424242424242"))])
    assert silence_redacted(call) == 0
    Recording.objects.create(call=call, path="call.pcm", channels=2)
    assert silence_redacted(call) == 0
    (tmp_path / "call.pcm").write_bytes(LOUD * 2 * 16_000 * 3)
    assert silence_redacted(call) == 1


@pytest.mark.usefixtures("rolled_back")
def test_a_disk_that_refuses_fails_loudly(member: MakeMember, settings: object, tmp_path: Path) -> None:
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}"  # type: ignore[attr-defined]
    call = ended_call(member("rep"), [(Kind.LINE, payload("my card 4242424242424242"))])
    Recording.objects.create(call=call, path="call.pcm", channels=2)
    (tmp_path / "call.pcm").mkdir()
    with pytest.raises(OSError, match="directory"):
        silence_redacted(call)
