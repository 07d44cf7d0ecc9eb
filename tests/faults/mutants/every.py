"""All mutants, in the order of the page."""

from __future__ import annotations

from tests.faults.mutants import after, browser, coaching, doubt, hearing, owning, room, saving, sharing

MUTANTS = (
    *saving.MUTANTS,
    *owning.MUTANTS,
    *hearing.MUTANTS,
    *doubt.MUTANTS,
    *after.MUTANTS,
    *room.MUTANTS,
    *coaching.MUTANTS,
    *sharing.MUTANTS,
    *browser.MUTANTS,
)
