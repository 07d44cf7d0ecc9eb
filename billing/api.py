"""What one call cost, for programs of billing staff."""

from __future__ import annotations

import uuid

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import selectors
from billing.costs import CallCost, Cost
from tenants.members.access import has_role
from tenants.members.models import Role, Scope


class CallCosts(APIView):
    """GET: `{"call", "total", "components"}`; money in integer micro-dollars, null where no price is known."""

    key_scope = Scope.BILLING_READ
    permission_classes = [has_role(Role.BILLING, Role.ADMIN)]

    def get(self, request: Request, call_id: uuid.UUID) -> Response:  # noqa: ARG002 -- DRF's signature
        found = selectors.costs_of_calls([call_id])
        if not found:
            return Response({"code": "not_found", "message": "This call has no usage entries."}, status=404)
        return Response(call_costs_to_wire(found[0]))


def call_costs_to_wire(call: CallCost) -> dict[str, object]:
    return {
        "call": str(call.call_id),
        "total": cost_to_wire(call.total),
        "components": {name: cost_to_wire(cost) for name, cost in sorted(call.components.items())},
    }


def cost_to_wire(cost: Cost) -> dict[str, int | None]:
    return {
        "cost_micros": cost.micros if cost.is_known else None,
        "waste_micros": cost.waste_micros,
        "entries": cost.entries,
        "entries_without_price": cost.unpriced,
    }
