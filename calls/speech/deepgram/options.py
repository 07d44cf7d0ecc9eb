"""What is asked of Deepgram, and how long it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from calls.speech.base import SAMPLE_RATE, StreamSpec

DEFAULT_BASE_URL = "https://api.deepgram.com"
MOST_KEYTERM_TOKENS = 450
"""The service refuses more than 500 tokens in all; our count is an estimate."""
MOST_KEYTERMS = 100


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds. The SDK's own (20 s to connect, 60 s to notice a dead peer, 30 s to leave) are far too slow."""

    open_s: float = 3.0
    ping_every_s: float = 5.0
    ping_answer_s: float = 4.0
    close_s: float = 1.0
    keep_alive_s: float = 4.0
    send_s: float = 1.0
    finish_s: float = 5.0
    backoff_s: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)
    most_wait_s: float = 60.0
    unheard_ms: int = 4_000
    """So much sounding audio without any result means that the stream is dead, whatever the socket says."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where and as whom. An empty `base_url` is Deepgram's own service."""

    api_key: str = field(repr=False)
    base_url: str = ""
    model: str = "nova-3"

    @property
    def http_url(self) -> str:
        return (self.base_url or DEFAULT_BASE_URL).rstrip("/")

    @property
    def socket_url(self) -> str:
        parts = urlsplit(self.http_url)
        return urlunsplit(parts._replace(scheme="wss" if parts.scheme == "https" else "ws"))


def limited_keyterms(terms: Sequence[str]) -> list[str]:
    """The first terms that fit. Tokens are estimated at one per four characters, at least one a word."""
    kept: list[str] = []
    spent = 0
    for term in dict.fromkeys(term.strip() for term in terms):
        cost = sum(1 + len(word) // 4 for word in term.split())
        if not term or spent + cost > MOST_KEYTERM_TOKENS:
            continue
        spent += cost
        kept.append(term)
        if len(kept) == MOST_KEYTERMS:
            break
    return kept


def tags(spec: StreamSpec, purpose: str) -> list[str]:
    """For the vendor's usage report: ids of ours, nothing personal."""
    return [f"business:{spec.business}", f"call:{spec.call_id}", purpose]


def common_parameters(spec: StreamSpec, account: Account) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "model": account.model,
        "language": spec.language,
        "smart_format": True,
        "multichannel": spec.channels > 1,
        "mip_opt_out": True,
    }
    if terms := limited_keyterms(spec.keyterms):
        parameters["keyterm"] = terms
    if spec.redact:
        parameters["redact"] = list(spec.redact)
    return parameters


def live_parameters(spec: StreamSpec, account: Account) -> dict[str, Any]:
    return common_parameters(spec, account) | {
        "encoding": "linear16",
        "sample_rate": SAMPLE_RATE,
        "channels": spec.channels,
        "interim_results": True,
        "endpointing": 300,
        "utterance_end_ms": 1000,
        "vad_events": True,
        "tag": tags(spec, "live"),
    }


def recorded_parameters(spec: StreamSpec, account: Account) -> dict[str, Any]:
    return common_parameters(spec, account) | {"utterances": True, "tag": tags(spec, "repair")}
