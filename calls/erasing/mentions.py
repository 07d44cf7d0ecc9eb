"""A person's names wherever a business's tables have texts: put `[erased]` in their place, or count what is left."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from psycopg import sql

from calls.erasing import audio, lines
from calls.erasing.fields import ONLY_KEYS, business_models, label, with_words
from calls.erasing.names import ERASED, Names
from calls.erasing.payloads import without_mentions
from calls.events import Kind
from calls.live.recording import storage_root
from calls.models import Call, CallEvent, Recording
from tenants.audit.models import AuditLine

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`rows` by table; `silenced_ms` of audio; `failed`: calls whose recording could not be written, left as they
    were.
    """

    rows: Counter[str]
    silenced_ms: int = 0
    failed: tuple[uuid.UUID, ...] = ()


def scrub(
    names: Names,
    *,
    keep_calls: Collection[uuid.UUID] = (),
    is_dry: bool = False,
) -> Scrubbed:
    """Treats every text of the current business. `keep_calls`: of somebody else with the same name, left alone.

    Lines first, each call's audio before its text: while the text is there a run that was cut off finds the place
    again. `is_dry` counts only.
    """
    rows, silenced_ms, failed = Counter[str](), 0, []
    for call_id, events in _lines_by_call(names, keep_calls):
        try:
            silenced_ms += 0 if is_dry else _silence(call_id, [redacted for _, redacted in events])
        except OSError:
            failed.append(call_id)
            continue
        rows["lines"] += len(events)
        if not is_dry:
            _store_lines(events)
    for model in business_models():
        if not model._meta.proxy:  # noqa: SLF001
            rows += _scrub_table(model, names, keep_calls={*keep_calls, *failed}, is_dry=is_dry)
    return Scrubbed(rows, silenced_ms, tuple(failed))


def left(names: Names, *, keep_calls: Collection[uuid.UUID] = ()) -> int:
    """Rows that still name the person."""
    return sum(scrub(names, keep_calls=keep_calls, is_dry=True).rows.values())


# Lines and their audio --------------------------------------------------------------------------------

Line = tuple[int, lines.Redacted]


def _lines_by_call(names: Names, keep_calls: Collection[uuid.UUID]) -> Iterator[tuple[uuid.UUID, list[Line]]]:
    found: dict[uuid.UUID, list[Line]] = {}
    for keys in _candidates(CallEvent, names):
        events = CallEvent.objects.filter(kind=Kind.LINE.value, pk__in=keys)
        for event in _without_calls(events, keep_calls):
            if redacted := lines.without_names(event.payload, names):
                found.setdefault(event.call_id, []).append((event.pk, redacted))
    yield from found.items()


def _silence(call_id: uuid.UUID, redacted: list[lines.Redacted]) -> int:
    recording = Recording.objects.filter(call_id=call_id).first()
    if recording is None:
        return 0
    path = storage_root() / recording.path
    return sum(
        audio.silence(path, recording.channels, each.channel.index, audio.padded(each.spans)) for each in redacted
    )


def _store_lines(events: list[Line]) -> None:
    with transaction.atomic():
        for pk, redacted in events:
            CallEvent.objects.filter(pk=pk).update(payload=redacted.payload)


# All other texts --------------------------------------------------------------------------------------


def _scrub_table(
    model: type[models.Model], names: Names, *, keep_calls: Collection[uuid.UUID] = (), is_dry: bool = False
) -> Counter[str]:
    """How many rows of one table changed, lines of transcript apart."""
    columns = with_words(model)
    if not columns:
        return Counter()
    changed = 0
    for keys in _candidates(model, names):
        rows = _without_calls(model._base_manager.filter(pk__in=keys), keep_calls)  # noqa: SLF001
        if model is CallEvent:
            rows = rows.exclude(kind=Kind.LINE.value)
        with transaction.atomic(), _unguarded(model, is_dry=is_dry):
            changed += sum(_scrub_row(row, columns, names, is_dry=is_dry) for row in rows)
    return +Counter({model._meta.db_table: changed})  # noqa: SLF001


def _scrub_row(row: models.Model, columns: list[Any], names: Names, *, is_dry: bool) -> bool:
    values = _changes(row, columns, names)
    if values and not is_dry:
        type(row)._base_manager.filter(pk=row.pk).update(**values)  # noqa: SLF001
    return bool(values)


def _without_calls(rows: models.QuerySet[Any], calls: Collection[uuid.UUID]) -> models.QuerySet[Any]:
    if not calls:
        return rows
    if rows.model is Call:
        return rows.exclude(pk__in=list(calls))
    if any(field.name == "call" and field.is_relation for field in rows.model._meta.concrete_fields):  # noqa: SLF001
        return rows.exclude(call__in=list(calls))
    return rows


def _changes(row: models.Model, columns: list[Any], names: Names) -> dict[str, Any]:
    changes = {}
    for field in columns:
        before = getattr(row, field.name)
        after = _treated(row, field, before, names)
        if after != before:
            changes[field.name] = after
    return changes


def _treated(row: models.Model, field: Any, value: Any, names: Names) -> Any:
    if isinstance(row, CallEvent):
        return without_mentions(row.kind, value, names)
    if isinstance(row, AuditLine) and row.subject == "member" and field.name == "subject_name":
        return value  # of whom the id says
    if isinstance(value, dict) and (keys := ONLY_KEYS.get(label(field))):
        return {**value, **{key: names.erased_json(value[key]) for key in keys & value.keys()}}
    if isinstance(field, models.JSONField | ArrayField) or not isinstance(value, str):
        return names.erased_json(value)
    after = names.erased(value)
    return value if after == value else _fitting(row, field, after)


def _fitting(row: models.Model, field: Any, text: str) -> str:
    """As the column may hold it."""
    if isinstance(field, models.EmailField):
        return "" if field.blank else nowhere(row.pk)
    if field.unique:
        # Two rows may become alike that were not.
        text = text.replace(ERASED, f"[erased {row.pk}]")
    return text[: field.max_length] if field.max_length else text


def nowhere(member_id: Any) -> str:
    """An address that no mail reaches."""
    return f"erased-{member_id}@erased.invalid"


def _candidates(model: type[models.Model], names: Names) -> Iterator[list[Any]]:
    """Keys, in portions, of the rows in which all words of one of the names stand somewhere."""
    table, key = model._meta.db_table, model._meta.pk  # noqa: SLF001
    if not names.hints or key is None:
        return
    conditions, values = [], []
    for words in names.hints:
        conditions.append(sql.SQL(" AND ").join([sql.SQL("t::text ILIKE %s")] * len(words)))
        values += [f"%{_escaped(word)}%" for word in words]
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("SELECT {} FROM {} t WHERE {}").format(
                sql.Identifier(str(key.column)),
                sql.Identifier(table),
                sql.SQL(" OR ").join(sql.SQL("({})").format(each) for each in conditions),
            ),
            values,
        )
        keys = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@contextmanager
def _unguarded(model: type[models.Model], *, is_dry: bool) -> Iterator[None]:
    """Tables whose rows never change have triggers that see to it; the owner lifts them for one transaction."""
    table = model._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal LIMIT 1", [f'"{table}"']
        )
        is_guarded = cursor.fetchone() is not None and not is_dry
        if is_guarded:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        yield
        if is_guarded:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
