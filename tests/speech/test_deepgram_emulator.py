"""The emulator itself: it must see what is wrong, or its silence proves nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from calls.speech.deepgram.options import Account
from calls.speech.deepgram.provider import DeepgramProvider
from tests.speech.hearing import SPEC, Listener, silence, tone
from tests.vendors.deepgram import Emulator, Script, Turn

GOOD = (
    "model=nova-3&encoding=linear16&sample_rate=16000&channels=2&multichannel=true&interim_results=true"
    "&endpointing=300&utterance_end_ms=1000&vad_events=true&smart_format=true&mip_opt_out=true"
)
HEADERS = {"Authorization": "Token a-key"}


async def violations(query: str, *frames: bytes | str, headers: dict[str, str] = HEADERS) -> list[str]:
    async with Emulator(keep_alive_min_s=1.0) as emulator:
        address = f"{emulator.url.replace('http', 'ws')}/v1/listen?{query}"
        async with connect(address, additional_headers=headers) as socket:
            for frame in frames:
                await socket.send(frame)
            await socket.send('{"type": "CloseStream"}')
            async for _ in socket:
                pass
        return emulator.violations


async def test_a_client_that_does_all_right_has_none() -> None:
    assert await violations(GOOD, tone(100), tone(250), tone(20)) == []


async def test_every_wrong_parameter_is_seen() -> None:
    assert await violations(GOOD.replace("mip_opt_out=true", "mip_opt_out=false")) == ["mip_opt_out is ['false']"]
    assert await violations(GOOD.replace("multichannel=true", "multichannel=false"))
    assert await violations(GOOD.replace("16000", "8000"))
    assert await violations(GOOD + "&tag=jane@acme.example")
    assert await violations(GOOD + "&diarize=true")
    assert await violations(GOOD + "".join(f"&keyterm=word{number}" for number in range(501)))
    assert await violations(GOOD, headers={"Authorization": "Bearer a-key"})


async def test_every_wrong_frame_is_seen() -> None:
    assert await violations(GOOD, tone(300)) == ["frame of 300 ms"]
    assert await violations(GOOD, tone(10)) == ["frame of 10 ms"]
    assert await violations(GOOD, tone(100)[:-1])
    assert await violations(GOOD, tone(100), '{"type": "KeepAlive"}')
    assert await violations(GOOD, '{"type": "Hello"}')


async def test_silence_on_the_line_is_seen_and_ends_it() -> None:
    async with Emulator(idle_s=0.1) as emulator:
        address = f"{emulator.url.replace('http', 'ws')}/v1/listen?{GOOD}"
        async with connect(address, additional_headers=HEADERS) as socket:
            await socket.wait_closed()
        assert (socket.close_code, socket.close_reason) == (1011, "NET-0001")
        assert emulator.violations


async def test_a_recording_that_is_none_is_seen() -> None:
    async with Emulator() as emulator, httpx.AsyncClient(headers=HEADERS) as client:
        answer = await client.post(f"{emulator.url}/v1/listen?model=nova-3", content=b"")
        assert answer.status_code == 200
        assert "0 bytes that are no WAV file" in emulator.violations


async def test_it_runs_as_a_program_with_a_script(tmp_path: Path) -> None:
    """As the browser tests and the bench start it: its address first, then a call, then what it saw."""

    turn = {"channel": "customer", "start_ms": 200, "end_ms": 900, "text": "Too expensive."}
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"turns": [turn]}))
    root = Path(__file__).parents[2]
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.vendors.deepgram", "--script", script, cwd=root, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert program.stdout is not None
        url = (await asyncio.wait_for(program.stdout.readline(), 20)).decode().strip()
        listener = Listener(await DeepgramProvider(Account("a-key", url)).open(SPEC))
        await listener.send(2_000)
        await listener.stream.finish()
        await listener.end()
        assert [line.text for line in listener.finals] == ["Too expensive."]
        async with httpx.AsyncClient() as client:
            seen = (await client.get(f"{url}/_seen")).json()
        assert seen["violations"] == []
        assert seen["sockets"][0]["audio_ms"] == 2_000
    finally:
        program.terminate()
        await program.wait()


async def test_a_long_turn_comes_in_several_finals() -> None:
    text = " ".join(f"word{number}" for number in range(40))
    script = Script((Turn("rep", 0, 16_000, text),))
    async with Emulator(script=script) as emulator:
        listener = Listener(await DeepgramProvider(Account("a-key", emulator.url)).open(SPEC))
        for offset in range(0, 18_000, 100):
            await listener.stream.send(offset * 16, silence(100))
            await asyncio.sleep(0.002)
        await listener.stream.finish()
        await listener.end()
    assert " ".join(line.text for line in listener.finals) == text
    assert [line.ends_turn for line in listener.finals] == [False] * (len(listener.finals) - 1) + [True]
    assert len(listener.finals) >= 3
