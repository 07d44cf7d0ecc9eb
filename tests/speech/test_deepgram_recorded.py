"""The second lane: recorded spans through the official SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from calls.speech.base import SpeechError, StreamSpec
from calls.speech.deepgram.options import MOST_KEYTERM_TOKENS, Account, limited_keyterms
from calls.speech.deepgram.provider import DeepgramProvider
from coaching.types import Channel
from tests.data import shared
from tests.speech.hearing import SPEC, silence
from tests.vendors.deepgram import Emulator, Fault, Script, Turn

pytestmark = pytest.mark.sockets

SCRIPT = Script(
    (
        Turn("rep", 60_500, 62_000, "What would it have to cost?"),
        Turn("customer", 62_500, 64_000, "Half of that."),
        Turn("customer", 90_000, 91_000, "Not in this span."),
    )
)


@pytest.fixture
async def deepgram() -> AsyncIterator[Emulator]:
    async with Emulator(script=SCRIPT) as emulator:
        emulator.recorded_offset_ms = 60_000
        yield emulator


def provider(emulator: Emulator) -> DeepgramProvider:
    return DeepgramProvider(Account("a-key", emulator.url))


async def test_a_span_comes_back_as_recovered_lines_on_the_calls_clock(deepgram: Emulator) -> None:
    lines, usage = await provider(deepgram).transcribe(SPEC, 60_000 * 16, silence(5_000))
    assert [(line.channel, line.start_ms, line.text) for line in lines] == [
        (Channel.REP, 60_500, "What would it have to cost?"),
        (Channel.CUSTOMER, 62_500, "Half of that."),
    ]
    assert all(line.recovered and line.is_final and line.words for line in lines)
    assert lines[1].words[0].start_ms == 62_500
    assert [(entry.quantity, entry.purpose, entry.provider) for entry in usage] == [(10_000, "repair", "deepgram")]
    assert deepgram.violations == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_retry_sends_the_whole_audio_again(deepgram: Emulator, status: int) -> None:
    deepgram.recorded_faults.append(Fault("refuse", status=status, retry_after="0"))
    lines, _ = await provider(deepgram).transcribe(SPEC, 960_000, silence(5_000))
    first, second = deepgram.recorded
    assert first.body_bytes == second.body_bytes > 5 * 64_000
    assert len(lines) == 2
    assert deepgram.violations == []


@pytest.mark.parametrize(("status", "is_retryable"), [(401, False), (402, False), (403, False), (400, False)])
async def test_a_refusal_says_whether_to_try_again(deepgram: Emulator, status: int, is_retryable: bool) -> None:
    deepgram.recorded_faults.append(Fault("refuse", status=status))
    with pytest.raises(SpeechError) as caught:
        await provider(deepgram).transcribe(SPEC, 0, silence(1_000))
    assert caught.value.retryable is is_retryable
    assert "a-key" not in caught.value.reason


async def test_lasting_overload_is_worth_another_try_later(deepgram: Emulator) -> None:
    deepgram.recorded_faults.extend([Fault("refuse", status=429, retry_after="0")] * 2)
    with pytest.raises(SpeechError) as caught:
        await provider(deepgram).transcribe(SPEC, 0, silence(1_000))
    assert caught.value.retryable
    assert caught.value.retry_after_s == 0.0
    assert len(deepgram.recorded) == 2


async def test_a_service_that_is_away_is_a_retryable_error(deepgram: Emulator) -> None:
    await deepgram.stop()
    with pytest.raises(SpeechError) as caught:
        await provider(deepgram).transcribe(SPEC, 0, silence(1_000))
    assert caught.value.retryable


@pytest.mark.parametrize("name", ["a231370d", "b00dc103", "c4e1c003", "f3b6208a"])
async def test_recorded_answers_of_the_real_service_are_understood(deepgram: Emulator, name: str) -> None:
    path = shared("wire", "deepgram-rest", f"{name}-a17f4880-response.json")
    deepgram.recorded_answer = json.loads(path.read_text(encoding="utf-8"))
    spec = StreamSpec(call_id="c-1", business="acme", channels=1)
    lines, _ = await provider(deepgram).transcribe(spec, 16_000 * 100, silence(1_000, channels=1))
    text = " ".join(line.text for line in lines)
    assert text.startswith("We, the people of")
    assert "more perfect union" in text
    assert lines[0].words[0].start_ms == 100_320


def test_key_terms_stay_within_what_the_service_takes() -> None:
    assert limited_keyterms(["Acme Cloud", " Acme Cloud ", "", "SOC 2"]) == ["Acme Cloud", "SOC 2"]
    many = [f"competitor-number-{index}" for index in range(500)]
    kept = limited_keyterms(many)
    assert kept == many[: len(kept)]
    assert 0 < sum(1 + len(term) // 4 for term in kept) <= MOST_KEYTERM_TOKENS


def test_addresses_follow_the_setting() -> None:
    assert Account("k").http_url == "https://api.deepgram.com"
    assert Account("k").socket_url == "wss://api.deepgram.com"
    assert Account("k", "http://10.0.0.5:9000/").socket_url == "ws://10.0.0.5:9000"
    assert Account("k", "https://speech.example/dg").socket_url == "wss://speech.example/dg"
