"""A member's own calls: what they said there goes from log, report and recording; what the customer said stays."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from calls.erasing import audio
from calls.erasing.names import Names
from calls.erasing.payloads import Voice, with_pseudonym
from calls.events import Kind
from calls.live.recording import storage_root
from calls.live.recording_mark import shut
from calls.models import Call, CallEvent, CallInbox, PromptTestMoment, Recording, Report
from coaching.types import Channel

ERASED_ORIGIN = "erased"
"""`Report.origin` of a summary that was erased with the member."""


def erase_voice(call: Call, names: Names, pseudonym: str) -> int:
    """Audio first, then texts in one transaction; returns how many ms were silenced. May run again.

    Raises `OSError` when the recording can not be written: the texts are then as they were.
    """
    silenced_ms = _silence(call)
    with transaction.atomic():
        voice = _voice(call, names, pseudonym)
        for event in CallEvent.objects.filter(call=call).iterator():
            payload = voice.without(event.kind, event.payload)
            if payload != event.payload:
                CallEvent.objects.filter(pk=event.pk).update(payload=payload)
        report = Report.objects.filter(call=call).first()
        if report is not None:
            _erase_report(report, voice)
        # An answer of a test may repeat what was said.
        PromptTestMoment.objects.filter(call=call).delete()
        CallInbox.objects.filter(call=call).delete()
    return silenced_ms


def erase_notes(names: Names, pseudonym: str) -> int:
    """Notes of the member on calls of others, and the cards that showed them; how many events changed.

    A log knows who wrote a note by the name only: notes of a namesake go, too.
    """
    changed = 0
    for event in CallEvent.objects.filter(kind__in=[Kind.NOTE.value, Kind.CARD.value]).iterator():
        payload = with_pseudonym(event.kind, event.payload, names, pseudonym)
        if payload != event.payload:
            CallEvent.objects.filter(pk=event.pk).update(payload=payload)
            changed += 1
    for report in Report.objects.iterator():
        cards = [with_pseudonym(Kind.CARD, card, names, pseudonym) for card in report.cards]
        if cards != report.cards:
            Report.objects.filter(pk=report.pk).update(cards=cards)
    return changed


def is_unheard(call: Call) -> bool:
    """Whether the recording holds nothing of the member any more."""
    row = Recording.objects.filter(call=call).first()
    return row is None or audio.is_silent(storage_root() / row.path, row.channels, Channel.REP.index)


def _silence(call: Call) -> int:
    row = Recording.objects.filter(call=call).first()
    if row is None:
        return 0
    shut(storage_root() / row.path, call.epoch)
    return audio.silence_all(storage_root() / row.path, row.channels, Channel.REP.index)


def _voice(call: Call, names: Names, pseudonym: str) -> Voice:
    signals = CallEvent.objects.filter(call=call, kind=Kind.SIGNAL.value).values_list("payload", flat=True)
    others = {str(each.get("id", "")) for each in signals if each.get("channel") == Channel.CUSTOMER}
    return Voice(names=names, pseudonym=pseudonym, is_mono=call.channels == 1, other_signals=others)


def _erase_report(report: Report, voice: Voice) -> None:
    """The summary goes whole: nobody can tell whose words it repeats. Figures are numbers and stay."""
    changes: dict[str, Any] = {
        "summary": "",
        "origin": ERASED_ORIGIN,
        "key_points": [],
        "next_steps": [],
        "moments": [voice.without(Kind.MOMENT, moment) for moment in report.moments],
        "cards": [voice.without(Kind.CARD, card) for card in report.cards],
    }
    Report.objects.filter(pk=report.pk).update(**changes)
