"""Everything a live session needs to know, read in one go when it opens: the claim, the call, the log so far."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from calls.accounts import own_speech
from calls.clock import database_now
from calls.events import Kind
from calls.live import recording
from calls.live.audio import NEVER_ARRIVED, ON_ITS_WAY
from calls.live.door import ConsentState
from calls.live.epochs import MARKS, Start
from calls.live.recording_mark import claim
from calls.models import Call, CallEvent, CallInbox, Recording
from calls.models import Gap as GapRow
from calls.services import claim_epoch
from calls.speech.accounts import OwnAccount
from calls.speech.base import SAMPLES_PER_MS, Gap
from calls.speech.browser import NAME as BROWSER
from coaching.course import Course
from coaching.ears import recalled
from coaching.services import load_material
from coaching.types import Card, Channel, Lane, Line, Material, Moment, MomentState, SignalKind, Source
from tenants.consent.rules import Answer, Mode
from tenants.context import require_tenant
from tenants.house.policies import current_policy
from tenants.house.vendor_keys import model_key
from tenants.members.help_modes import HelpMode


@dataclass(frozen=True, slots=True)
class Past:
    """What the call's log holds already: what a coach needs to go on as if nothing had happened.

    `course` is what the plays that wait for time and order make of it.
    """

    lines: tuple[Line, ...] = ()
    moments: tuple[Moment, ...] = ()
    cards: tuple[Card, ...] = ()
    course: Course | None = None


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """A claimed call, with what the policy allows it. `age_s` at the time of opening.

    `stored_samples` is None when nothing is recorded.
    """

    id: uuid.UUID
    member_id: int
    member_name: str
    channels: int
    source: str
    age_s: float
    epoch: int
    last_seq: int
    starts: tuple[Start, ...]
    acked_samples: int
    stored_samples: int | None
    recording_path: str
    material: Material
    past: Past
    gaps: tuple[tuple[int, int], ...]
    """Those whose audio is here."""
    unheard: tuple[tuple[int, int], ...]
    """All that nobody has heard yet, also where the audio is still on its way."""
    consent: ConsentState
    redact: tuple[str, ...]
    allow_model_cards: bool
    allow_browser_speech: bool
    own_speech: OwnAccount | None = None
    help_mode: HelpMode = HelpMode.FULL
    own_model_key: str = field(default="", repr=False)

    @property
    def is_replay(self) -> bool:
        """A recording that is played in: its order counts, not its hour."""
        return self.source == "replay"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message another process left for the owner."""

    id: int
    member_id: int
    member_name: str
    is_own_call: bool
    message: dict[str, Any]


def open_call(call_id: uuid.UUID) -> OpenedCall:
    """Claims the call for this process. Raises `CallOver`, `CallNotFound`."""
    epoch = claim_epoch(call_id)
    call = Call.objects.select_related("member").get(pk=call_id)
    policy = current_policy()
    path, stored = _recording(call, epoch, is_kept=policy.keep_recording)
    material = load_material()
    return OpenedCall(
        id=call.id,
        member_id=call.member_id,
        member_name=call.member.name,
        channels=call.channels,
        source=call.source,
        age_s=max(0.0, (database_now() - call.started_at).total_seconds()),
        epoch=epoch,
        last_seq=call.last_seq,
        starts=_starts(call) if epoch > 1 else (),
        acked_samples=call.acked_samples,
        stored_samples=stored,
        recording_path=path,
        material=material,
        past=_past(call, material) if call.last_seq > 1 else Past(),
        gaps=tuple(_gaps(call, stored)),
        unheard=tuple(GapRow.objects.filter(call=call, repaired_at=None).values_list("start_ms", "end_ms")),
        consent=ConsentState(Mode(call.consent_mode), Answer(call.consent_answer)),
        redact=tuple(policy.redact),
        allow_model_cards=policy.allow_model_cards,
        allow_browser_speech=policy.allow_browser_speech,
        own_speech=own_speech(),
        help_mode=HelpMode(call.member.help_mode),
        own_model_key=model_key(),
    )


def _starts(call: Call) -> tuple[Start, ...]:
    """Where the numbers of each former owner begin."""
    marks = CallEvent.objects.filter(call=call, kind__in=MARKS, payload__epoch__gt=0).order_by("seq")
    first: dict[int, int] = {}
    for seq, epoch in marks.values_list("seq", "payload__epoch"):
        first.setdefault(epoch, seq)
    return tuple(Start(epoch, seq) for epoch, seq in first.items())


def unheard_gaps(call: OpenedCall, until_ms: int) -> list[Gap]:
    """What the former owner kept, but did not live to hear: by channel, from the last line an engine heard."""
    heard = [line for line in call.past.lines if line.provider != BROWSER]
    gaps = []
    for channel in list(Channel)[: call.channels]:
        last_ms = max((line.end_ms for line in heard if line.channel is channel), default=0)
        start_ms = max(call.acked_samples // SAMPLES_PER_MS, min(last_ms, until_ms))
        is_known = any(start <= start_ms and until_ms <= end for start, end in call.gaps)
        if start_ms < until_ms and not is_known:
            gaps.append(Gap(channel, start_ms, until_ms, "The server changed."))
    return gaps


def read_inbox(call_id: uuid.UUID, after_id: int) -> list[Mail]:
    rows = CallInbox.objects.filter(call_id=call_id, pk__gt=after_id).order_by("pk")
    return [Mail(row.pk, row.member_id, row.member_name, row.is_own_call, row.message) for row in rows]


def _recording(call: Call, epoch: int, *, is_kept: bool) -> tuple[str, int | None]:
    if not is_kept:
        return "", None
    path = recording.relative_path(require_tenant().id, call.id)
    row, _ = Recording.objects.get_or_create(call=call, defaults={"path": path, "channels": call.channels})
    file = recording.storage_root() / row.path
    # Before its length counts: a former owner that is still there writes nothing from here on.
    with suppress(OSError):
        claim(file, epoch)
    stored = recording.stored_samples(file, call.channels)
    if GapRow.objects.filter(call=call, reason=ON_ITS_WAY, repaired_at=None).exists():
        # The file has holes: only what its owner said of it counts.
        stored = min(stored, row.stored_samples)
    return row.path, stored


def _gaps(call: Call, stored: int | None) -> Iterable[tuple[int, int]]:
    """Those whose audio is here. What was still on its way comes again: its client has no ack for it."""
    here = ~Q(reason=ON_ITS_WAY) | Q(end_ms__lte=(stored or 0) // SAMPLES_PER_MS)
    gaps = GapRow.objects.filter(here, call=call, repaired_at=None).exclude(reason=NEVER_ARRIVED)
    return gaps.values_list("start_ms", "end_ms")


def _past(call: Call, material: Material) -> Past:
    kinds = [Kind.LINE.value, Kind.MOMENT.value, Kind.CARD.value]
    rows: Iterable[tuple[str, dict[str, Any]]] = (
        CallEvent.objects.filter(call=call, kind__in=kinds).order_by("seq").values_list("kind", "payload")
    )
    lines, moments, cards = [], {}, []
    for kind, payload in rows:
        if kind == Kind.LINE.value:
            lines.append(line_of(payload))
        elif kind == Kind.MOMENT.value:
            moments[payload["id"]] = _moment_of(payload)
        else:
            cards.append(_card_of(payload))
    course = recalled(material, lines, cards, is_mono=call.channels == 1)
    return Past(tuple(lines), tuple(moments.values()), tuple(cards), course)


def line_of(payload: Mapping[str, Any]) -> Line:
    """A line as the log keeps it; without words, which nobody needs any more."""
    return Line(
        channel=Channel(payload["channel"]),
        text=payload["text"],
        start_ms=payload["start_ms"],
        end_ms=payload["end_ms"],
        confidence=payload["confidence"],
        is_final=True,
        utterance=payload["utterance"],
        provider=payload["provider"],
        recovered=payload["recovered"],
    )


def _moment_of(payload: Mapping[str, Any]) -> Moment:
    return Moment(
        id=payload["id"],
        signal_id=payload["signal_id"],
        kind=SignalKind(payload["kind"]),
        topic=payload["topic"],
        state=MomentState(payload["state"]),
        quote=payload["quote"],
        start_ms=payload["start_ms"],
        end_ms=payload["end_ms"],
    )


def _card_of(payload: Mapping[str, Any]) -> Card:
    source = payload["source"]
    return Card(
        id=payload["id"],
        lane=Lane(payload["lane"]),
        kind=SignalKind(payload["kind"]) if payload["kind"] else None,
        title=payload["title"],
        say=payload["say"],
        why=payload["why"],
        topic=payload["topic"],
        trigger_end_ms=payload["trigger_end_ms"],
        signal_id=payload["signal_id"] or None,
        source=Source(**source) if source else None,
        replaces=payload["replaces"] or None,
        author=payload["author"],
        prompt_version=payload.get("prompt_version"),
        playbook_version=payload.get("playbook_version"),
        play=payload.get("play", ""),
        question=payload.get("question", ""),
    )
