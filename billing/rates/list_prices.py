"""The vendors' list prices this installation starts with, each with where and when it was read.

Prices move (Deepgram's moved twice in 2026): a new price is a new row with its own `valid_from`, never an
edit, so old entries keep the price they were made with. Operators add rows in the admin.
"""

from __future__ import annotations

from datetime import date

from billing.prices import Rate

_MINUTE_MS = 60_000
_MILLION = 1_000_000
_ALWAYS = date(2026, 1, 1)

_DEEPGRAM_MAY = "Deepgram price page, pay as you go, as surveyed 5 May 2026"
_DEEPGRAM_AUGUST = "Deepgram price page, pay as you go, as surveyed 1 Aug 2026"
_CONFLICT = (
    "Deepgram price page, surveyed 1 Aug 2026 ({high} $/min); a survey of 5 May 2026 said {low}: "
    "sources conflict, the higher is taken"
)
_OWN = "Runs on this installation or in the browser: nothing is bought"

PRERECORDED = "-prerecorded"
"""Suffix of the model name under which pre-recorded transcription is metered: it has its own price."""


def _speech(model: str, micros: int, valid_from: date, source: str) -> Rate:
    """Deepgram bills per channel and per second of audio sent; prices are published per minute."""
    return Rate("speech", "deepgram", model, "audio_ms", micros, _MINUTE_MS, valid_from, source)


def _model(model: str, valid_from: date, source: str, **micros: int) -> list[Rate]:
    """Prices published per million tokens, by unit."""
    return [Rate("model", "openai", model, unit, price, _MILLION, valid_from, source) for unit, price in micros.items()]


def _free(component: str, provider: str, *units: str) -> list[Rate]:
    return [Rate(component, provider, "", unit, 0, 1, _ALWAYS, _OWN) for unit in units]


TOKEN_UNITS = ("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens")

LIST_PRICES: tuple[Rate, ...] = (
    _speech("nova-3", 4_800, date(2026, 5, 5), _DEEPGRAM_MAY),
    _speech("nova-3", 4_800, date(2026, 8, 1), _DEEPGRAM_AUGUST),
    _speech(f"nova-3{PRERECORDED}", 7_700, date(2026, 5, 5), _CONFLICT.format(high="0.0077", low="0.0043")),
    _speech("nova-3-multilingual", 5_800, date(2026, 8, 1), _DEEPGRAM_AUGUST),
    _speech(
        f"nova-3-multilingual{PRERECORDED}",
        9_200,
        date(2026, 5, 5),
        _CONFLICT.format(high="0.0092", low="0.0052"),
    ),
    _speech("flux-general-en", 6_500, _ALWAYS, "Deepgram price page, Flux English streaming, 2026"),
    _speech("flux-general-multi", 7_800, date(2026, 11, 4), "Deepgram price page, Flux multilingual, 4 Nov 2026"),
    *_model(
        "gpt-6-luna",
        date(2026, 9, 22),
        "OpenAI model page of gpt-6-luna, 22 Sep 2026",
        input_tokens=100_000,
        cached_tokens=10_000,
        cache_write_tokens=125_000,
        output_tokens=500_000,
    ),
    *_model(
        "gpt-5.6-luna",
        _ALWAYS,
        "OpenAI model page of gpt-5.6-luna, 2026; cache writes at 1.25 × input (prompt caching guide)",
        input_tokens=200_000,
        cached_tokens=20_000,
        cache_write_tokens=250_000,
        output_tokens=1_200_000,
    ),
    *_model(
        "gpt-6.1-terra",
        date(2026, 10, 26),
        "Model page of gpt-6.1-terra as cited 26 Oct 2026; cache writes at the 12 h price, the higher one",
        input_tokens=1_000_000,
        cached_tokens=50_000,
        cache_write_tokens=2_500_000,
        output_tokens=5_000_000,
    ),
    *_model(
        "gpt-6-sol",
        date(2026, 9, 1),
        "Survey of OpenAI prices, Sep 2026; cache writes at 1.25 × input",
        input_tokens=2_000_000,
        cached_tokens=200_000,
        cache_write_tokens=2_500_000,
        output_tokens=10_000_000,
    ),
    *_model(
        "gpt-5.4-mini",
        _ALWAYS,
        "OpenAI model page of gpt-5.4-mini, 2026, approximate; cache writes are free",
        input_tokens=750_000,
        cached_tokens=75_000,
        cache_write_tokens=0,
        output_tokens=4_500_000,
    ),
    *_free("speech", "local", "audio_ms"),
    *_free("speech", "browser", "audio_ms"),
    *_free("model", "extractive", *TOKEN_UNITS),
)
