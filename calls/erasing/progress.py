"""How far an erasure came: the unfinished certificate, kept on disk after every step, without anybody's name."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.utils.crypto import salted_hmac

from tenants.context import Business
from tenants.erasure import certificates
from tenants.erasure.certificates import Check
from tenants.erasure.handed_out import HandedOut

REMAINS = (
    "Backups of the database and of the recordings: they hold the person until they are overwritten.",
    "Archives and lists that were handed out: see the exports below.",
    "A business's program that runs may show what it has in memory until the page or the call is closed.",
    "What speech and model services keep by their own contracts.",
    "Spellings of the name that were not given, and recordings whose transcript has the name wrong.",
    "What calls cost and when they were, by number of call and member.",
)


class Progress:
    """Of one person's erasure. Its file's name comes from a keyed hash of the name: whoever gives the name again finds
    it, nobody reads the name from it.
    """

    def __init__(self, business: Business, kind: str, name: str, path: Path | None = None) -> None:
        key = salted_hmac("erasure", f"{business.schema_name}|{kind}|{name.strip().lower()}").hexdigest()[:12]
        self.path = path or certificates.folder() / f"person-{business.schema_name}-{kind}-{key}.json"
        self.business = business
        self.kind = kind
        self.counts = Counter[str]()
        self.calls: list[str] = []
        self.member_id: int | None = None
        self.started_at = certificates.now_text()
        self.runs = 1
        self.is_new = not self._resume()

    def add(self, counts: Mapping[str, int]) -> None:
        self.counts.update({name: count for name, count in counts.items() if count})
        self._keep()

    def note_call(self, call_id: uuid.UUID) -> None:
        if str(call_id) not in self.calls:
            self.calls.append(str(call_id))
            self._keep()

    def about(self, member_id: int | None) -> None:
        self.member_id = member_id
        self._keep()

    def certify(self, checks: Sequence[Check], handed_out: Sequence[HandedOut]) -> Path:
        """Writes the certificate; an older one of the same person gets out of the way. Raises `OSError`."""
        if self.path.exists():
            for former in (self.path, self.path.with_suffix(".txt")):
                if former.exists():
                    former.replace(former.with_stem(f"{former.stem}-before-{self.started_at.replace(':', '')}"))
        certificates.write(
            self.path,
            {
                "certificate": 1,
                "erased_what": f"{self._whom()} of business {self.business.schema_name} (id {self.business.id})",
                "started_at": self.started_at,
                "finished_at": certificates.now_text(),
                "by": certificates.operator(),
                "runs": self.runs,
                "calls": self.calls,
                "erased": dict(self.counts),
                "checks": [check.to_json() for check in checks],
                "remains": list(REMAINS),
                "exports_handed_out": [each.to_json() for each in handed_out],
            },
        )
        return self.path

    def _whom(self) -> str:
        return "a customer" if self.member_id is None else f"member {self.member_id}"

    def _resume(self) -> bool:
        known = certificates.read_partial(self.path)
        if known is None:
            return False
        self.counts.update(known["counts"])
        self.calls = list(known["calls"])
        self.member_id = known["member_id"]
        self.started_at, self.runs = known["started_at"], known["runs"] + 1
        return True

    def _keep(self) -> None:
        values: dict[str, Any] = {
            "counts": dict(self.counts),
            "calls": self.calls,
            "member_id": self.member_id,
            "started_at": self.started_at,
            "runs": self.runs,
        }
        certificates.write_partial(self.path, values)
