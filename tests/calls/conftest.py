"""Calls in this process: real Postgres and Valkey, real sockets' code, a scripted engine instead of a microphone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from pytest_django import Settings

from calls.live import registry as registry_module
from calls.live.registry import registry
from calls.live.threads import in_thread
from calls.speech.base import SpeechProvider
from tenants.context import Business, business_scope
from tenants.members.models import ApiKey, Scope
from tests.calls.talking import Caller
from tests.conftest import MakeMember
from tests.speech.fakes import ScriptedProvider, ScriptedTurn

Hears = Callable[..., ScriptedProvider | None]
MakeCaller = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def live(committed_db: None, tmp_path: Path, settings: Settings) -> AsyncIterator[None]:
    """A process that can run calls; everything it started is ended afterwards."""
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}/audio"
    yield
    await registry.aclose()


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> Hears:
    """`hears(turn, …)`: the engine hears these turns, none of them: silence. `is_deaf`: there is no engine."""

    def make(*turns: ScriptedTurn, is_deaf: bool = False) -> ScriptedProvider | None:
        engine = None if is_deaf else ScriptedProvider(turns)

        def chosen() -> SpeechProvider | None:
            return engine

        monkeypatch.setattr(registry_module, "speech_provider", chosen)
        return engine

    make()
    return make


@pytest.fixture
def caller(committed_db: None, member: MakeMember) -> Callable[..., Awaitable[Caller]]:
    """`await caller("rep")`: a new member of acme (or of `business`) who speaks the API and the sockets by key.

    `scopes`: of the key, all when left out.
    """

    async def make(
        role: str = "rep", *, business: Business | None = None, scopes: Sequence[str] = tuple(Scope)
    ) -> Caller:
        def saved() -> Caller:
            who = member(role, business=business)
            home: Business = who.business  # type: ignore[attr-defined]
            with business_scope(home):
                _, key = ApiKey.issue(member=who, name="tests", scopes=scopes)
            return Caller(home, key)

        return await in_thread(saved)()

    return make
