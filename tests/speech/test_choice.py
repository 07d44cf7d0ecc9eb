"""Which engine hears, by the settings; and the processes that must stay light."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from calls import speech
from calls.speech.base import SpeechError
from calls.speech.deepgram.provider import DeepgramProvider
from calls.speech.fallback import FallbackProvider
from calls.speech.local import LocalProvider
from tests.speech.hearing import silence
from tests.vendors.deepgram import Emulator, Fault, Script, Turn


@pytest.fixture(autouse=True)
async def fresh() -> AsyncIterator[None]:
    await speech.shutdown()
    yield
    await speech.shutdown()


@pytest.mark.parametrize(
    ("wanted", "key", "url", "kind"),
    [
        ("auto", "", "", LocalProvider),
        ("auto", "a-key", "", FallbackProvider),
        ("auto", "", "http://127.0.0.1:1", FallbackProvider),
        ("deepgram", "a-key", "", DeepgramProvider),
        ("local", "a-key", "", LocalProvider),
        ("browser", "a-key", "", type(None)),
        ("none", "", "", type(None)),
    ],
)
async def test_the_settings_choose(settings: Settings, wanted: str, key: str, url: str, kind: type) -> None:
    settings.SPEECH_PROVIDER, settings.DEEPGRAM_API_KEY, settings.DEEPGRAM_BASE_URL = wanted, key, url
    provider = speech.get_provider()
    assert type(provider) is kind
    assert speech.get_provider() is provider


async def test_the_pre_flight_check_names_the_text_and_who_heard_it(settings: Settings) -> None:
    async with Emulator(script=Script((Turn("rep", 200, 1_500, "Can you hear me?"),))) as emulator:
        settings.SPEECH_PROVIDER, settings.DEEPGRAM_BASE_URL = "deepgram", emulator.url
        assert await speech.transcribe_snippet(silence(2_000, channels=1)) == ("Can you hear me?", "deepgram")
        assert emulator.violations == []


async def test_the_pre_flight_check_says_when_nobody_listens(settings: Settings) -> None:
    settings.SPEECH_PROVIDER = "none"
    with pytest.raises(SpeechError, match="no speech engine"):
        await speech.transcribe_snippet(silence(1_000, channels=1))


async def test_warming_up_never_raises(settings: Settings) -> None:
    settings.SPEECH_PROVIDER = "local"
    settings.LOCAL_SPEECH_MODEL_DIR = "there/is/no/model"
    await speech.warm_up()


async def test_the_check_falls_back_to_the_embedded_engine(settings: Settings) -> None:
    async with Emulator() as emulator:
        emulator.recorded_faults.append(Fault("refuse", status=401))
        settings.SPEECH_PROVIDER, settings.DEEPGRAM_BASE_URL = "auto", emulator.url
        text, provider = await speech.transcribe_snippet(silence(1_000, channels=1))
    assert text == ""
    assert provider in {"local", "deepgram"}


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        ("import calls.speech.engine.__main__", ("django", "deepgram", "ctranslate2", "prometheus_client")),
        ("import calls.speech.local, calls.speech.deepgram.provider", ("django", "deepgram", "ctranslate2", "numpy")),
        ("import calls.speech.fallback, calls.speech.browser", ("django", "deepgram", "ctranslate2", "numpy")),
    ],
)
def test_imports_stay_light(program: str, absent: tuple[str, ...]) -> None:
    code = f"{program}; import sys; print([name for name in {absent!r} if name in sys.modules])"
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
