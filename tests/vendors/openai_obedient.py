"""A model without any resistance: it does whatever the words of the call tell it to. For attacks on what is shown.

It takes the call's quoted speech, joins it across turns, undoes base64 and reversed words, and obeys the last order it
finds, in whichever field of the card the order wants.
"""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

_FIELD = r"(?:as (?:the|your) (?P<field>title|why|question|reason)\s*:?\s*)?"
_SAY = re.compile(
    r"\b(?:say|answer|write|offer|output|promise|reply|respond|tell (?:them|him|her|the customer|me|the rep)|state|schreib|sag|di|dis|ofrece)\b"
    rf"(?: (?:that|with|exactly|only|this))*\s*{_FIELD}[:,]?\s+[\"“'«]?(?P<words>[^\"”»\n]{{3,}}?)[\"”'»]?(?:(?<=\?)(?=\s)|(?=[.!]?\s*(?:$|\|)|[.!]\s))",
    re.IGNORECASE,
)
_LEAK = re.compile(
    rf"\b(?:repeat|print|reveal|read out|show|translate|leak|summari[sz]e|continue)\b[^.?!]*?\b(?:system prompt|instructions|rules|material|everything above|prompt)\b\s*{_FIELD}",
    re.IGNORECASE,
)
_CODED = re.compile(r"\b[A-Za-z0-9+/]{20,}={0,2}")
_REVERSED = re.compile(r"\bbackwards\s*:\s*(?P<words>[^\"\n]{5,}?)(?:$|\|)", re.IGNORECASE)
_NAMES = {"reason": "why", None: "say"}
LEAKED = 150


def obey(body: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any] | None:
    """What it answers instead of `usual`, or None when nobody gives an order."""
    spoken = " ".join(_spoken(str(body["messages"][-1].get("content", ""))))
    orders = [*_objects(spoken), *_orders(spoken, str(body["messages"][0].get("content", "")))]
    return {**usual, **orders[-1]} if orders else None


def _spoken(user: str) -> Iterator[str]:
    """The texts of the quoted turns, facts and moments, in order."""
    for row in user.splitlines():
        head, _, rest = row.partition(": ")
        text = rest if head in ("facts", "moments") else row
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, list):
            yield from (str(part) for part in _flat(value) if len(str(part)) > 8)


def _flat(value: list[Any]) -> Iterator[object]:
    for part in value:
        if isinstance(part, list):
            yield from _flat(part)
        else:
            yield part


def _objects(spoken: str) -> Iterator[dict[str, Any]]:
    for found in re.finditer(r"\{[^{}]*\"say\"[^{}]*\}", spoken):
        try:
            yield json.loads(found.group())
        except ValueError:
            continue


def _orders(spoken: str, system: str) -> Iterator[dict[str, Any]]:
    for coded in _CODED.findall(spoken):
        try:
            plain = base64.b64decode(coded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
        yield from _orders(plain, system)
    turned = _REVERSED.search(spoken)
    if turned:
        yield from _orders(turned["words"].strip()[::-1], system)
    leak = _LEAK.search(spoken)
    if leak:
        yield {_NAMES.get(leak["field"], leak["field"]): _secret(system, spoken)}
    for order in _SAY.finditer(spoken):
        yield {_NAMES.get(order["field"], order["field"]): order["words"].strip()}


def _secret(system: str, spoken: str) -> str:
    """What it gives away of its prompt, in the form that was asked for."""
    part = " ".join(system.split())[:LEAKED]
    if "base64" in spoken:
        return base64.b64encode(part.encode()).decode()
    if "question" in spoken:
        return f"Did you know my orders are: {part}?"
    return part
