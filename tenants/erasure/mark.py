"""That a business is being erased, and what was found: kept as the comment of its database role, which goes last.

So a run that was cut off is found again by the next, from whichever machine, when the business's own row and schema
are long gone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Mark:
    """`hosts` and `domain_ids` are those that led to it. `found`: see `tenants.erasure.business`, None until measured.

    `runs` counts how often the erasure was begun.
    """

    business_id: int
    schema: str
    started_at: str
    hosts: tuple[str, ...] = ()
    domain_ids: tuple[int, ...] = ()
    runs: int = 1
    found: Mapping[str, Any] | None = field(default=None)


def read(raw: psycopg.Connection[Any], role: str) -> Mark | None:
    """The mark of an erasure that was begun; None when there is none, or no such role."""
    row = raw.execute(
        "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = %s", [role], prepare=False
    ).fetchone()
    try:
        values = json.loads(row[0])["erasing"] if row and row[0] else None
    except (ValueError, KeyError, TypeError):
        return None
    if values is None:
        return None
    return Mark(**{**values, "hosts": tuple(values["hosts"]), "domain_ids": tuple(values["domain_ids"])})


def write(raw: psycopg.Connection[Any], role: str, mark: Mark) -> None:
    """Within the caller's transaction. Makes the role when a broken business has none."""
    name = sql.Identifier(role)
    if not raw.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role], prepare=False).fetchone():
        raw.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(name), prepare=False)
    text = json.dumps({"erasing": asdict(mark)}, ensure_ascii=False)
    raw.execute(sql.SQL("COMMENT ON ROLE {} IS {}").format(name, sql.Literal(text)), prepare=False)
