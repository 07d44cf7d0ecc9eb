"""Outside transcripts as words: a service's output, human labels, human and machine words of a call centre."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from calls.analysis.speech import SpokenWord, words_of
from coaching.types import Channel, Line

TIMING = Path(__file__).parents[2].parent / "shared" / "data" / "timing"

_INTERVAL = re.compile(r'xmin = ([\d.]+)\s*\n\s*xmax = ([\d.]+)\s*\n\s*text = "((?:[^"]|"")*)"')
_ROLES = {"AGENT": Channel.REP, "CUSTOMER": Channel.CUSTOMER, "agent": Channel.REP, "caller": Channel.CUSTOMER}


def read(name: str) -> Any:
    return json.loads((TIMING / name).read_text(encoding="utf-8"))


def aws_words() -> list[SpokenWord]:
    """Word items of `aws-example-call.json`; punctuation is an item of its own there and joins the word before."""
    words: list[SpokenWord] = []
    for turn in read("aws-example-call.json")["Transcript"]:
        channel = _ROLES[turn["ParticipantRole"]]
        for item in turn["Items"]:
            text = item["Content"]
            if item["Type"] == "pronunciation":
                words.append(SpokenWord(channel, text, item["BeginOffsetMillis"], item["EndOffsetMillis"]))
            else:
                last = words.pop()
                words.append(SpokenWord(last.channel, last.text + text, last.start_ms, last.end_ms))
    return words


def primock_words(call: str) -> list[SpokenWord]:
    """Labelled utterances of one consultation, words spread evenly over each; `<...>` marks are no words."""
    lines = [
        line
        for side, channel in (("doctor", Channel.REP), ("patient", Channel.CUSTOMER))
        for line in _utterances(TIMING / f"primock57-{call}_{side}.TextGrid", channel)
    ]
    return words_of(lines)


def _utterances(path: Path, channel: Channel) -> list[Line]:
    found = _INTERVAL.findall(path.read_text(encoding="utf-8"))
    spoken = [(start, end, re.sub(r"<[^>]*>", " ", text).strip()) for start, end, text in found]
    return [
        Line(channel, text, round(float(start) * 1000), round(float(end) * 1000), 1.0, True, number, "human")
        for number, (start, end, text) in enumerate(spoken)
        if text
    ]


def harper_words() -> list[SpokenWord]:
    """The machine's words with their times, per side."""
    return [
        SpokenWord(_ROLES[line["speaker_role"]], word, line["offset_ms"] + offset, line["offset_ms"] + offset + length)
        for line in read("harpervalley-0002f70f7386445b.json")
        for word, offset, length in zip(
            line["transcript"].split(), line["word_offsets_ms"], line["word_durations_ms"], strict=False
        )
    ]
