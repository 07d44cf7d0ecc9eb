"""What Deepgram's documentation asks of a client; each breach is one sentence in the list of violations."""

from __future__ import annotations

import re

Query = dict[str, list[str]]

LIVE_NEEDS = {
    "encoding": "linear16",
    "sample_rate": "16000",
    "interim_results": "true",
    "vad_events": "true",
    "smart_format": "true",
    "mip_opt_out": "true",
}
RECORDED_NEEDS = {"utterances": "true", "smart_format": "true", "mip_opt_out": "true"}
LIVE_KNOWS = {
    *LIVE_NEEDS, "model", "language", "channels", "multichannel", "endpointing", "utterance_end_ms", "keyterm",
    "redact", "tag",
}  # fmt: skip
RECORDED_KNOWS = {*RECORDED_NEEDS, "model", "language", "multichannel", "keyterm", "redact", "tag"}
TAG = re.compile(r"(business|call):[\w.-]+|live|repair")
MOST_KEYTERM_TOKENS = 500
REDACTIONS = {"pci", "ssn", "numbers"}


def authorization(value: str) -> list[str]:
    return [] if re.fullmatch(r"Token \S+", value) else ["Authorization is not 'Token <key>'"]


def live_query(query: Query) -> list[str]:
    found = _common(query, LIVE_NEEDS, LIVE_KNOWS)
    channels = query.get("channels", [""])[0]
    if channels not in {"1", "2"}:
        found.append(f"channels={channels}")
    if (query.get("multichannel") == ["true"]) != (channels == "2"):
        found.append("multichannel does not fit channels")
    if int(query.get("utterance_end_ms", ["0"])[0]) < 1000:
        found.append("utterance_end_ms below 1000")
    if not 100 <= int(query.get("endpointing", ["0"])[0]) <= 1000:
        found.append("endpointing does not suit a conversation")
    return found


def recorded_query(query: Query, channels: int) -> list[str]:
    found = _common(query, RECORDED_NEEDS, RECORDED_KNOWS)
    if (query.get("multichannel") == ["true"]) != (channels == 2):
        found.append("multichannel does not fit the file")
    return found


def _common(query: Query, needs: dict[str, str], knows: set[str]) -> list[str]:
    found = [f"{name} is {query.get(name)}" for name, value in needs.items() if query.get(name) != [value]]
    found += [f"unknown parameter {name}" for name in sorted(set(query) - knows)]
    if not query.get("model", [""])[0]:
        found.append("no model")
    found += [f"tag is not an id of ours: {tag}" for tag in query.get("tag", []) if not TAG.fullmatch(tag)]
    found += [f"redact={kind}" for kind in query.get("redact", []) if kind not in REDACTIONS]
    tokens = sum(max(1, len(word) // 4) for term in query.get("keyterm", []) for word in term.split())
    if tokens > MOST_KEYTERM_TOKENS:
        found.append(f"{tokens} keyterm tokens")
    return found


def frame(size: int, channels: int) -> list[str]:
    """An audio message holds 20 to 250 ms; an empty one would end the stream."""
    width = 2 * channels
    if size % width:
        return [f"frame of {size} bytes cuts a sample"]
    length_ms = size / width / 16
    return [] if 20 <= length_ms <= 250 else [f"frame of {length_ms:g} ms"]
