"""A stream of the official SDK to the emulated Deepgram, with timings for tests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from calls.speech.base import SpeechError, StreamState
from calls.speech.deepgram.options import Account, Timings
from calls.speech.deepgram.provider import DeepgramProvider
from tests.speech.hearing import FRAME_MS, SPEC, Listener
from tests.vendors.deepgram import Emulator, Script, Turn

SCRIPT = Script(
    (
        Turn("rep", 200, 2_000, "Thanks for taking the time today."),
        Turn("customer", 2_500, 5_000, "Honestly, this is too expensive for us."),
        Turn("rep", 6_000, 8_000, "What would it have to cost?"),
        Turn("customer", 8_500, 10_500, "Globex asks for half of that."),
    )
)
QUICK = Timings(
    open_s=0.5,
    ping_every_s=0.3,
    ping_answer_s=0.2,
    close_s=0.2,
    keep_alive_s=0.1,
    send_s=0.5,
    finish_s=2.0,
    backoff_s=(0.02, 0.05),
)
PACE_S = 0.005


def provider(emulator: Emulator, timings: Timings = QUICK, key: str = "a-key") -> DeepgramProvider:
    return DeepgramProvider(Account(key, emulator.url), timings=timings)


async def listen(emulator: Emulator, timings: Timings = QUICK, channels: int = 2) -> Listener:
    """A stream; on a healthy service one that is up, since these tests send faster than audio can wait."""
    listener = Listener(await provider(emulator, timings).open(replace(SPEC, channels=channels)))
    if not emulator.faults and emulator.is_serving:
        await listener.until(is_up)
    return listener


def is_up(listener: Listener) -> bool:
    states = listener.of(StreamState)
    return bool(states) and states[-1].is_up


async def until_up(listener: Listener, times: int) -> None:
    """After a failure a stream is up once the service has said something, for which it needs audio."""
    async with asyncio.timeout(10):
        while ups(listener) < times:
            await asyncio.sleep(PACE_S)
            with suppress(SpeechError):  # a minute waits already
                await listener.send(FRAME_MS)


def ups(listener: Listener) -> int:
    return sum(state.is_up for state in listener.of(StreamState))
