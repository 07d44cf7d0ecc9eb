"""What is left when the work is over: every row, key, file and mail, whose it is and what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bench.soak.canary import CANARY, Watch
from bench.soak.house import House


@dataclass
class Left:
    """Counts by what was looked at; `foreign` says where a canary stood that did not belong there."""

    rows: int = 0
    tables: int = 0
    own: dict[str, int] = field(default_factory=dict)
    keys: int = 0
    files: int = 0
    mails: int = 0
    foreign: list[str] = field(default_factory=list)

    def note(self, where: str, allowed: set[str], data: bytes) -> None:
        found = {each.decode() for each in CANARY.findall(data)}
        self.foreign += [f"{where} holds {canary}" for canary in sorted(found - allowed)]


def look_through(houses: tuple[House, House], watch: Watch, folders: tuple[Path, ...], mails: Path) -> Left:
    left = Left()
    for house in houses:
        left.own[house.canary] = _tables(house, watch, left)
    _keys(houses, left)
    _files(houses, folders, left)
    for mail in mails.glob("*.eml"):
        content = mail.read_bytes()
        left.mails += 1
        found = {each.decode() for each in CANARY.findall(content)}
        left.foreign += [f"a mail holds {sorted(found)}"] * (len(found) != 1)
    return left


def _tables(house: House, watch: Watch, left: Left) -> int:
    """Every row of the business as text; how many of them hold its own canary."""
    from django.db import connection

    from tenants.context import business_scope
    from tenants.selectors import business_by_schema

    own = 0
    with business_scope(business_by_schema(house.canary)), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [house.canary])
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            left.tables += 1
            for (text,) in cursor.fetchall():
                data = text.encode()
                left.rows += 1
                own += house.canary in text
                watch.look(house.canary, f"table {table}", data)
                left.note(f"table {table} of {house.canary}", {house.canary}, data)
    return own


def _keys(houses: tuple[House, House], left: Left) -> None:
    """A key that names a business holds nothing of the other. Queues name it in each task."""
    import redis
    from django.conf import settings

    store = redis.Redis.from_url(settings.REDIS_URL)
    for key in store.scan_iter("*"):
        left.keys += 1
        owners = {house.canary for house in houses if house.canary in key.decode(errors="replace")}
        if owners and store.type(key) == b"string":
            left.note(f"key {key!r}", owners, store.get(key) or b"")


def _files(houses: tuple[House, House], folders: tuple[Path, ...], left: Left) -> None:
    for folder in folders:
        for file in (each for each in folder.rglob("*") if each.is_file()):
            left.files += 1
            parts = set(file.relative_to(folder).parts)
            owners = {house.canary for house in houses if parts & {f"b{house.business_id}", str(house.business_id)}}
            left.note(f"file {file.relative_to(folder)}", owners, file.read_bytes())
