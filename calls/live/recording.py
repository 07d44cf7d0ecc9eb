"""Keeps a call's audio: raw PCM16 in one file per call, written and synced by a thread about every second.

The stored watermark is what `fsync` has confirmed without a hole since the start: it may be acknowledged.
"""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from errno import ENOENT
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

from django.conf import settings

from calls import metrics
from calls.live.backlog import Spans
from calls.live.recording_mark import Mark, claim, read_mark, write_mark
from calls.models import Recording as RecordingRow
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE

SYNC_EVERY_S = 1.0
MAX_WAITING_SAMPLES = 30 * SAMPLE_RATE

logger = logging.getLogger(__name__)

Chunk = tuple[int, bytes]
P = ParamSpec("P")
T = TypeVar("T")

_disk = ThreadPoolExecutor(max_workers=8, thread_name_prefix="disk")


class _SupersededError(Exception):
    """The recording is another owner's, or nobody's any more."""


def business_folder(business_id: int) -> str:
    """Below `AUDIO_STORAGE_URL`: by business id, so that a business is one folder to move or erase."""
    return f"b{business_id}"


def relative_path(business_id: int, call_id: uuid.UUID) -> str:
    """Below `AUDIO_STORAGE_URL`, in the business's folder."""
    return f"{business_folder(business_id)}/{call_id.hex}.pcm"


def passing_path(business_id: int, call_id: uuid.UUID) -> str:
    """As `relative_path`, for audio that is kept only until it is transcribed."""
    return f"{business_folder(business_id)}/{call_id.hex}{RecordingRow.PASSING}"


def storage_root() -> Path:
    return Path(unquote(urlsplit(settings.AUDIO_STORAGE_URL).path))


def stored_samples(path: Path, channels: int) -> int:
    """Samples in a recording, as far as it is whole; 0 when there is none."""
    try:
        size = path.stat().st_size // (BYTES_PER_SAMPLE * channels)
        mark = read_mark(path)
    except OSError:
        return 0
    return size if mark is None or mark.whole_through is None else min(size, mark.whole_through)


def read_samples(path: Path, channels: int, start: int, end: int) -> bytes:
    """Interleaved PCM of [start, end), less when the file is shorter; empty when there is none."""
    stride = BYTES_PER_SAMPLE * channels
    try:
        with path.open("rb") as file:
            file.seek(start * stride)
            pcm = file.read((end - start) * stride)
    except OSError:
        return b""
    return pcm[: len(pcm) // stride * stride]


def write_samples(path: Path, channels: int, first_sample: int, pcm: bytes) -> None:
    """Writes interleaved PCM at its place; on the disk when this returns. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_chunks(path, BYTES_PER_SAMPLE * channels, [(first_sample, pcm)])


class Recorder:
    """One call's file. `add` never waits; `on_stored(samples)` and `on_trouble(is_in_trouble)` run on the loop.

    While the disk refuses, up to 30 s wait in memory. What goes beyond is dropped, oldest first, and from
    there on nothing more of this recording is acknowledged: the client is asked to keep it.
    `on_superseded` is told when the recording is another owner's by now, or deleted: nothing is written any more.
    """

    def __init__(
        self,
        path: Path,
        channels: int,
        *,
        stored: int,
        on_stored: Callable[[int], None],
        on_trouble: Callable[[bool], None],
        epoch: int = 0,
        on_superseded: Callable[[], None] = lambda: None,
    ) -> None:
        self._epoch = epoch
        self._on_superseded = on_superseded
        self._is_superseded = False
        self._mark: Mark | None = None
        self.path = path
        self.channels = channels
        self.stored = stored
        self._on_stored = on_stored
        self._on_trouble = on_trouble
        self._waiting: deque[Chunk] = deque()
        self._waiting_samples = 0
        self._ahead = Spans()
        self._is_whole = True
        self._is_in_trouble = False
        self._turn = asyncio.Lock()

    def add(self, first_sample: int, pcm: bytes) -> None:
        if self._is_superseded:
            return
        self._waiting.append((first_sample, pcm))
        self._waiting_samples += self._samples(pcm)
        while self._waiting_samples > MAX_WAITING_SAMPLES:
            _, dropped = self._waiting.popleft()
            self._waiting_samples -= self._samples(dropped)
            self._is_whole = False

    def pass_over(self, start: int, end: int) -> None:
        """Nothing comes for [start, end): no watermark waits for it."""
        self._reach(start, end)

    @property
    def is_full(self) -> bool:
        """More than half of what may wait does: audio that can wait should."""
        return self._waiting_samples > MAX_WAITING_SAMPLES // 2

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            await self.flush()

    async def flush(self) -> None:
        """Writes and syncs what waits. Never raises; what could not be written waits on."""
        async with self._turn:
            chunks = list(self._waiting)
            if not chunks:
                return
            through, is_size_right = self._outlook(chunks)
            write = partial(self._write, before=self.stored, through=through, is_size_right=is_size_right)
            try:
                await self._in_thread(write, chunks)
            except _SupersededError:
                self._is_superseded = True
                self._waiting.clear()
                self._on_superseded()
            except OSError as error:
                self._note_trouble(error)
            else:
                self._note_trouble(None)
                self._written(chunks)

    async def read(self, start: int, end: int) -> bytes:
        """What is kept of [start, end): on the disk, or waiting for one that refuses."""
        pcm = bytearray(await self._in_thread(read_samples, self.path, self.channels, start, end))
        stride = BYTES_PER_SAMPLE * self.channels
        for first_sample, waiting in self._waiting:
            low, high = max(first_sample, start), min(first_sample + self._samples(waiting), end)
            if low < high:
                pcm.extend(bytes(max(0, (high - start) * stride - len(pcm))))
                pcm[(low - start) * stride : (high - start) * stride] = waiting[
                    (low - first_sample) * stride : (high - first_sample) * stride
                ]
        return bytes(pcm)

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """In a thread of the disk's own: one that hangs keeps nobody else waiting."""
        return await asyncio.get_running_loop().run_in_executor(_disk, partial(work, *args, **kwargs))

    def _written(self, chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            # `add` may have dropped it meanwhile.
            if self._waiting and self._waiting[0] is chunk:
                self._waiting.popleft()
                self._waiting_samples -= self._samples(chunk[1])
        if self._is_whole:
            for first_sample, pcm in chunks:
                self._reach(first_sample, first_sample + self._samples(pcm))
            self._on_stored(self.stored)

    def _outlook(self, chunks: Sequence[Chunk]) -> tuple[int, bool]:
        """How far the recording is whole once `chunks` are written, and whether its size says so too."""
        if not self._is_whole:
            return self.stored, False
        ahead = self._ahead.copy()
        for first_sample, pcm in chunks:
            ahead.add(first_sample, first_sample + self._samples(pcm))
        through = ahead.through(self.stored)
        return through, through >= ahead.last

    def _reach(self, start: int, end: int) -> None:
        """The watermark passes what is stored without a hole; what lies behind one waits for it."""
        self._ahead.add(start, end)
        self.stored = self._ahead.through(self.stored)
        self._ahead.remove(0, self.stored)

    def _write(self, chunks: Sequence[Chunk], *, before: int, through: int, is_size_right: bool) -> None:
        """Raises `OSError`, `_SupersededError`."""
        if self._mark is None:
            self._mark = claim(self.path, self._epoch)
        if not is_size_right:
            # Before what comes after the hole: the size lies from here on.
            self._note_whole(before)
        self._check_owner()
        _write_chunks(self.path, BYTES_PER_SAMPLE * self.channels, chunks)
        # What an owner wrote that was stopped in between is not acknowledged.
        self._check_owner()
        if self._mark.whole_through is not None:
            self._note_whole(through)

    def _check_owner(self) -> None:
        mark = read_mark(self.path)
        if mark is None and not self.path.parent.is_dir():
            raise FileNotFoundError(ENOENT, "The recordings' folder is gone")
        if mark is None or mark.epoch > self._epoch:
            raise _SupersededError

    def _note_whole(self, through: int) -> None:
        if self._mark is None or self._mark.whole_through != through:
            self._check_owner()
            self._mark = Mark(self._epoch, through)
            write_mark(self.path, self._mark)

    def _note_trouble(self, error: OSError | None) -> None:
        if error is not None:
            metrics.errors.labels("storage").inc()
        # A recording with a hole stays in trouble: nothing of it is acknowledged any more.
        is_in_trouble = error is not None or not self._is_whole
        if is_in_trouble is not self._is_in_trouble:
            self._is_in_trouble = is_in_trouble
            if error is not None:
                logger.warning("A recording can not be written: %s", error.strerror)
            self._on_trouble(self._is_in_trouble)

    def _samples(self, pcm: bytes) -> int:
        return len(pcm) // (BYTES_PER_SAMPLE * self.channels)


def _write_chunks(path: Path, stride: int, chunks: Sequence[Chunk]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for first_sample, pcm in chunks:
            _write_all(handle, pcm, first_sample * stride)
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes, offset: int) -> None:
    while data:
        written = os.pwrite(handle, data, offset)
        data, offset = data[written:], offset + written


async def run_quietly(recorder: Recorder) -> None:
    """`run`, then one last flush when cancelled."""
    with suppress(asyncio.CancelledError):
        await recorder.run()
    await recorder.flush()
