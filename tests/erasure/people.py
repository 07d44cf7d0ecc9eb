"""Two people in every text of a business: who is erased is to be nowhere, who stays is to be where they were."""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from calls import events
from calls.erasing.fields import FIELDS, Holds, business_models, with_words
from calls.events import Kind
from calls.live.recording import relative_path, storage_root
from calls.models import Call, Recording, Report, ReportState
from calls.redaction import CleanLine
from coaching.types import Channel, Line, Word
from tenants.context import Business, business_scope
from tenants.members.models import Member
from tests.reports.written import ended_call
from tests.stranger import planted, values

GONE, STAYS = "Vera Gone", "Otto Stays"
BOTH = f"{GONE} met {STAYS}"
LOUD = 3_000
SECONDS = 12


def plant_both(monkeypatch: pytest.MonkeyPatch, business: Business, rep: Member) -> planted.Planted:
    """Both names in every column that may name anybody; columns of one person's, and codes, hold other things."""
    for module in (planted, values):
        monkeypatch.setattr(module, "CANARY", BOTH)
    for label, holds in FIELDS.items():
        if holds is not Holds.WORDS and label not in values.SPECIAL and (other := _other(label)):
            monkeypatch.setitem(values.SPECIAL, label, other)
    note = {"id": "n1", "text": f"{BOTH} said", "author": "Somebody"}
    monkeypatch.setitem(values.SPECIAL, "calls.callevent.payload", lambda: note)
    monkeypatch.setitem(values.SPECIAL, "mfa.authenticator.data", lambda: {"name": BOTH, "secret": "s"})
    return planted.plant(business, rep)


def _other(label: str) -> Callable[[], object] | None:
    """What else to plant there; None: what is planted anyway names nobody."""
    model = next((each for each in business_models() if label.startswith(f"{each._meta.label_lower}.")), None)
    field: Any = model._meta.get_field(label.rpartition(".")[2]) if model else None
    kind = type(field).__name__
    if kind == "JSONField":
        return dict
    if kind not in {"CharField", "TextField", "EmailField", "SlugField"} or field.choices:
        return None
    return lambda: f"{secrets.token_hex(2)}@x.example" if kind == "EmailField" else secrets.token_hex(2)


def columns_with(business: Business, name: str) -> set[str]:
    """Columns that may name anybody and do name this person."""
    with business_scope(business):
        return {
            f"{model._meta.label_lower}.{field.name}"
            for model in business_models()
            if not model._meta.proxy
            for field in with_words(model)
            for value in model._base_manager.values_list(field.name, flat=True)
            if name.lower() in str(value).lower()
        }


def spoken(channel: Channel, text: str, start_ms: int, *, number: int = 1, has_words: bool = True) -> events.Payload:
    """A line, half a second for each word."""
    words = text.split()
    timed = tuple(Word(word, start_ms + 500 * at, start_ms + 500 * (at + 1), 0.9) for at, word in enumerate(words))
    end_ms = start_ms + 500 * len(words)
    line = Line(
        channel, text, start_ms, end_ms, 0.9, is_final=True, utterance=number, provider="local",
        words=timed if has_words else (),
    )  # fmt: skip
    return events.line(CleanLine(line))


def heard_call(
    rep: Member,
    *entries: tuple[Kind, events.Payload],
    business: Business,
    customer: str = "",
    channels: int = 2,
    summary: str = "It went well.",
) -> Call:
    """An ended call with its recording, loud from beginning to end, and a report. In the business's scope."""
    call = ended_call(rep, entries, channels=channels, customer=customer, report_state=ReportState.READY)
    path = relative_path(business.id, call.pk)
    file = storage_root() / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(array("h", [LOUD] * (SECONDS * 16_000 * channels)).tobytes())
    Recording.objects.create(call=call, path=path, channels=channels, stored_samples=SECONDS * 16_000)
    Report.objects.create(call=call, summary=summary, origin="model", moments=[], cards=[])
    return call


def file_of(call: Call) -> Path:
    return storage_root() / Recording.objects.get(call=call).path


def silent_ms(call: Call, channel: Channel) -> tuple[int, int] | None:
    """From when to when the channel is silent; None when it is loud throughout. Fails when silence is in pieces."""
    channels = Recording.objects.get(call=call).channels
    samples = array("h", file_of(call).read_bytes())[channel.index if channels > 1 else 0 :: channels]
    quiet = [at for at, value in enumerate(samples) if value == 0]
    if not quiet:
        return None
    assert quiet == list(range(quiet[0], quiet[-1] + 1))
    assert all(value in {0, LOUD} for value in samples)
    return quiet[0] // 16, (quiet[-1] + 1) // 16
