"""Costs for other apps: what calls cost, by component. Reads only; writing is `billing.ledger.record`."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from billing import selectors
from billing.costs import CallCost


def call_costs(call_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, CallCost]:
    """The cost of each call so far, by component; a call without usage gets an empty `CallCost`.

    Reads within the current business; raises `NoBusiness` outside one. One query, however many calls.
    """
    wanted = list(call_ids)
    found = {cost.call_id: cost for cost in selectors.costs_of_calls(wanted)}
    return {call_id: found.get(call_id, CallCost(call_id, {})) for call_id in wanted}
