"""A word that only one business knows, and the watch that looks for it where it must not be."""

from __future__ import annotations

import re
import secrets
import string
from collections import Counter, defaultdict

CANARY = re.compile(rb"qz[a-p]{10}qz")
_ID = re.compile(rb"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
AROUND = 60
EXAMPLES = 20


def new_canary() -> str:
    """Letters only: it may stand in a host name, a schema's name, and in what somebody says."""
    return f"qz{''.join(secrets.choice(string.ascii_lowercase[:16]) for _ in range(10))}qz"


class Watch:
    """Searches what the people of each business receive. `hits` are foreign words or ids, with what stood around."""

    def __init__(self, *canaries: str) -> None:
        self.canaries = canaries
        self.counts: Counter[str] = Counter()
        self.own_sightings: Counter[str] = Counter()
        self.hits: list[str] = []
        self.hit_count = 0
        self.troubles: Counter[str] = Counter()
        self._owners: dict[bytes, str] = {}
        self._calls: defaultdict[str, list[str]] = defaultdict(list)

    def know(self, canary: str, call_id: str) -> None:
        """This is a call of the business."""
        self._owners[call_id.replace("-", "").encode()] = canary
        self._calls[canary].append(call_id)

    def calls_of(self, canary: str) -> list[str]:
        """Their ids so far; the list grows."""
        return self._calls[canary]

    def look(self, canary: str, where: str, data: bytes, *, asked_for: str = "") -> None:
        """`data` came to somebody of the business. `asked_for`: a foreign id that stood in the question itself."""
        self.counts["bytes searched"] += len(data)
        own = canary.encode()
        for found in CANARY.finditer(data):
            if found[0] == own:
                self.own_sightings[canary] += 1
            elif found[0].decode() in self.canaries:
                self.hit(canary, where, _around(data, found))
        known_id = asked_for.replace("-", "").encode()
        for found in _ID.finditer(data):
            each = found[0].replace(b"-", b"")
            if each != known_id and self._owners.get(each, canary) != canary:
                self.hit(canary, where, _around(data, found))

    def hit(self, canary: str, where: str, what: str) -> None:
        self.hit_count += 1
        if len(self.hits) < EXAMPLES:
            self.hits.append(f"{canary} saw at {where}: {what}")


def _around(data: bytes, found: re.Match[bytes]) -> str:
    return data[max(0, found.start() - AROUND) : found.end() + AROUND].decode(errors="replace")
