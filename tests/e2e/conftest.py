"""Everything real: Chromium, Daphne, a worker, Postgres, Valkey. Only the vendors are local servers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from tenants.context import Business
from tenants.members.models import Member
from tests.e2e.house import SAMPLE_TURNS, House, furnish
from tests.server import Server
from tests.vendors import deepgram
from tests.vendors.openai import OpenAIServer


@pytest.fixture
def house(acme: Business, globex: Business, committed_db: None, member: Callable[..., Member]) -> House:
    return furnish(acme, globex, member)


@dataclass(frozen=True)
class Installation:
    """A server whose vendors are ours: Deepgram says the sample call as its audio passes."""

    server: Server
    deepgram: deepgram.Emulator
    openai: OpenAIServer

    @property
    def base_url(self) -> str:
        return self.server.base_url()


@pytest.fixture
async def installation(house: House) -> AsyncIterator[Installation]:
    script = deepgram.Script.load(SAMPLE_TURNS)
    async with deepgram.Emulator(script=script, is_real_time=True) as speech:
        with (
            OpenAIServer() as model,
            Server(
                with_worker=True,
                DEEPGRAM_API_KEY="test",
                DEEPGRAM_BASE_URL=speech.url,
                OPENAI_API_KEY="test",
                OPENAI_BASE_URL=model.url,
            ) as server,
        ):
            yield Installation(server, speech, model)
        assert speech.violations == []
        assert model.problems == []
