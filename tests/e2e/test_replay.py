"""`manage.py replay_call` on recordings, against a real server with the embedded engine."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from calls.models import Call, CallState
from tenants.members.models import ApiKey
from tests.e2e.house import ROOT, SAMPLE_CALL, House, in_business
from tests.server import Server

pytestmark = [pytest.mark.speech, pytest.mark.timeout(400)]

RECORDINGS = ROOT.parent / "shared" / "data" / "audio"
AGENT, CALLER = (RECORDINGS / f"Auto_Repairs_40_UTC_{side}.wav" for side in ("agent", "caller"))


async def replay(server: Server, *arguments: str) -> tuple[int, str, str]:
    """Runs the command as from a shell; exit code, output, errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "manage.py",
        "replay_call",
        *arguments,
        cwd=ROOT,
        env={**os.environ, **server.environment, "PORT": str(server.port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


async def answer(server: Server, house: House, *arguments: str) -> dict[str, Any]:
    code, output, errors = await replay(
        server, *arguments, "--business", "acme", "--member", house.rep, "--speed", "max", "--json"
    )
    assert code == 0, errors + server.output()[-2000:]
    content: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return content


def words(lines: list[dict[str, Any]]) -> str:
    return " ".join(line["text"] for line in lines).lower()


@pytest.mark.skipif(not AGENT.exists(), reason="the recorded call is not here")
async def test_a_real_two_party_recording_is_transcribed_on_both_sides(house: House) -> None:
    with Server(with_worker=True, SPEECH_PROVIDER="local") as server:
        found = await answer(server, house, str(AGENT), str(CALLER))
    # What the embedded engine makes of an 8 kHz telephone line: the sense comes through, names do not.
    for heard in ("help you today", "rental car", "two days from now"):
        assert heard in words(found["lines"]["rep"])
    for heard in ("got a car from the dealership", "my boss", "as soon as possible"):
        assert heard in words(found["lines"]["customer"])
    assert found["gaps"] == []
    assert min(len(found["lines"][side]) for side in ("rep", "customer")) >= 10
    assert found["audio_ms"] == pytest.approx(245_380, abs=200)
    assert found["coverage"] >= 0.95
    assert found["report"]["state"] == "ready"
    assert {"uplink_ack", "final"} <= set(found["latency_ms"])
    assert {"p50", "p95", "p99"} <= set(found["latency_ms"]["final"])
    assert found["cost"]["usd"] == 0
    calls, keys = await in_business(
        house.acme,
        lambda: (
            list(Call.objects.values_list("state", "member__email", "source")),
            list(ApiKey.objects.values_list("revoked_at", flat=True)),
        ),
    )
    assert calls == [(CallState.ENDED, house.rep, "replay")]
    assert len(keys) == 1
    assert keys[0] is not None
    assert await in_business(house.globex, Call.objects.count) == 0


async def test_recordings_of_every_kind_go_through_and_bad_ones_are_told_plainly(house: House, tmp_path: Path) -> None:
    samples, rate = soundfile.read(SAMPLE_CALL, dtype="float32", frames=7 * 16_000)
    mono = np.ascontiguousarray(samples.sum(axis=1))
    (tmp_path / "text.wav").write_text("not audio")
    soundfile.write(tmp_path / "stereo.mp3", samples, rate)
    soundfile.write(tmp_path / "8bit.wav", mono[::2], 8_000, subtype="PCM_U8")
    with Server(with_worker=True, SPEECH_PROVIDER="local") as server:
        stereo = await answer(server, house, str(tmp_path / "stereo.mp3"))
        assert "support desk" in words(stereo["lines"]["rep"])
        one_sided = await answer(server, house, str(tmp_path / "8bit.wav"))
        assert "support desk" in words(one_sided["lines"]["rep"])
        assert one_sided["lines"]["customer"] == []
        whose = ("--business", "acme", "--member", house.rep)
        for arguments, words_of_error in (
            ((str(tmp_path / "text.wav"), *whose), "not a recording"),
            ((str(tmp_path / "gone.wav"), *whose), "no such file"),
            ((str(SAMPLE_CALL), "--business", "initech", "--member", house.rep), "no business initech"),
            ((str(SAMPLE_CALL), "--business", "acme", "--member", house.stranger), "no active member"),
            ((str(SAMPLE_CALL), *whose, "--base-url", "http://acme.localhost:9"), "does not answer"),
        ):
            code, _, errors = await replay(server, *arguments)
            assert code != 0
            assert words_of_error in errors
            assert "Traceback" not in errors
