"""The emulated Deepgram of the tests of live speech."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.speech.deepgram_stream import SCRIPT
from tests.vendors.deepgram import Emulator


@pytest.fixture
async def deepgram() -> AsyncIterator[Emulator]:
    async with Emulator(script=SCRIPT, keep_alive_min_s=0.08) as emulator:
        yield emulator
