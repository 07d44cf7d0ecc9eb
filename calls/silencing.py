"""Where a number was taken out of the transcript, the recording falls silent too: once, after the call has ended.

The log says where: a masked word keeps its time. While the call runs the recording stays as it came, so that an
acknowledged sample is a stored sample; when the report is due nothing more is written to it but this.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls.events import Kind
from calls.live.recording import storage_root
from calls.live.recording_mark import shut
from calls.models import Call, CallEvent, Recording
from calls.redaction import holds_mask, is_masked
from calls.speech import browser
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLES_PER_MS
from coaching.types import Channel

AROUND_MS = 150
"""Engines place words to about a tenth of a second."""


@dataclass(frozen=True, slots=True)
class Span:
    """Milliseconds of one side that are not to be heard."""

    channel: Channel
    start_ms: int
    end_ms: int


def silence_redacted(call: Call) -> int:
    """How many spans are silent now; the second time does the same again. Raises `OSError` when the disk refuses."""
    recording = Recording.objects.filter(call=call).first()
    if recording is None:
        return 0
    lines = CallEvent.objects.filter(call=call, kind=Kind.LINE.value).values_list("payload", flat=True)
    spans = [span for payload in lines.iterator() for span in spans_of(payload)]
    path = storage_root() / recording.path
    if not spans:
        with suppress(OSError):
            shut(path, call.epoch)
        return 0
    if not path.exists():
        return 0
    shut(path, call.epoch)
    silence(path, recording.channels, spans)
    return len(spans)


def spans_of(payload: Mapping[str, Any]) -> Iterator[Span]:
    """Of one line of the log: its masked words, or all of it where words have no times of their own."""
    channel = Channel(payload["channel"])
    words = [(start, end) for text, start, end, _ in payload["words"] if is_masked(text)]
    if words and payload["provider"] != browser.NAME:
        yield from (Span(channel, start - AROUND_MS, end + AROUND_MS) for start, end in words)
    elif holds_mask(payload["text"]):
        yield Span(channel, payload["start_ms"] - AROUND_MS, payload["end_ms"] + AROUND_MS)


def silence(path: Path, channels: int, spans: Iterable[Span]) -> None:
    """Overwrites the spans with silence in place, the other side untouched; synced to the disk when this returns."""
    stride = BYTES_PER_SAMPLE * channels
    handle = os.open(path, os.O_RDWR)
    try:
        for span in spans:
            start = max(0, span.start_ms) * SAMPLES_PER_MS * stride
            length = max(0, span.end_ms * SAMPLES_PER_MS * stride - start)
            pcm = os.pread(handle, length, start)
            os.pwrite(handle, hushed(pcm, channels, span.channel), start)
        os.fsync(handle)
    finally:
        os.close(handle)


def hushed(pcm: bytes, channels: int, channel: Channel) -> bytes:
    """Interleaved PCM16 with one side silent; a call with one channel has both people on it."""
    if channels == 1:
        return bytes(len(pcm))
    kept = bytearray(pcm)
    for byte in range(BYTES_PER_SAMPLE):
        side = slice(channel.index * BYTES_PER_SAMPLE + byte, None, BYTES_PER_SAMPLE * channels)
        kept[side] = bytes(len(kept[side]))
    return bytes(kept)
