"""Whose account at the speech vendor a call uses: the installation's, or the business's own."""

from __future__ import annotations

from dataclasses import dataclass, field

SHARED = "shared"


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """A business's own key. `slots_max`: how many live streams its contract allows at once, None: unknown."""

    business: str
    api_key: str = field(repr=False)
    slots_max: int | None = None
