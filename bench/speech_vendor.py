"""A process that speaks Deepgram's live protocol and plays the standard call-minute on every stream.

`/control` answers `{"reset": true}` and `{"read": true}` with what was measured: how long audio took to get here.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench import script

audio_up_us: list[int] = []
received = {"frames": 0, "streams": 0}


async def handle(socket: ServerConnection) -> None:
    assert socket.request is not None
    parts = urlsplit(socket.request.path)
    try:
        if parts.path == "/control":
            await control(socket)
        else:
            await listen(socket, parse_qs(parts.query))
    except ConnectionClosed:
        pass


async def control(socket: ServerConnection) -> None:
    async for raw in socket:
        if "reset" in json.loads(raw):
            audio_up_us.clear()
            received["frames"] = 0
        await socket.send(json.dumps({"audio_up_us": audio_up_us, **received}))


async def listen(socket: ServerConnection, query: dict[str, list[str]]) -> None:
    channels = int(query.get("channels", ["1"])[0])
    received["streams"] += 1
    cues = script.cues()
    cue = next(cues)
    width, heard = 32 * channels, 0
    async for raw in socket:
        if isinstance(raw, str):
            if json.loads(raw).get("type") == "CloseStream":
                await socket.send(
                    json.dumps({"type": "Metadata", "request_id": "bench", "duration": heard / width / 1000})
                )
                return
            continue
        note(raw)
        heard += len(raw)
        while cue.at_ms <= heard // width:
            await socket.send(json.dumps(result(cue, channels)))
            cue = next(cues)


def note(raw: bytes) -> None:
    """A message may hold several frames of the load."""
    now_us = time.monotonic_ns() // 1_000
    for sent_us in script.marks_in(raw):
        audio_up_us.append(now_us - sent_us)
        received["frames"] += 1


def result(cue: script.Cue, channels: int) -> dict[str, object]:
    text = f"{cue.text} {script.stamp(time.monotonic_ns() // 1_000)}"
    spoken = text.split()
    each = (cue.end_ms - cue.start_ms) / len(spoken) / 1_000
    start = cue.start_ms / 1_000
    words = [
        {
            "word": word,
            "punctuated_word": word,
            "start": round(start + number * each, 3),
            "end": round(start + (number + 1) * each, 3),
            "confidence": 0.98,
        }
        for number, word in enumerate(spoken)
    ]
    return {
        "type": "Results",
        "channel_index": [min(cue.channel, channels - 1), channels],
        "start": start,
        "duration": (cue.end_ms - cue.start_ms) / 1_000,
        "is_final": cue.is_final,
        "speech_final": cue.ends_turn,
        "from_finalize": False,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.97, "words": words}]},
        "metadata": {
            "request_id": "bench",
            "model_uuid": "bench",
            "model_info": {"name": "nova-3", "version": "bench", "arch": "nova-3"},
        },
    }


async def main(port: int) -> None:
    async with serve(handle, "127.0.0.1", port, compression=None, max_size=None, ping_interval=None):
        print("ready", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
