"""A business's policies for the code that obeys them. Reads within the current business."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tenants.consent.rules import Mode, Override, Ruling, decide, standard_rules
from tenants.context import require_tenant
from tenants.house.policy import ConsentOverride, Listener, Policy, today
from tenants.members.models import Role


def current_policy() -> Policy:
    """The business's row; the strict defaults of an empty one before it was saved."""
    return Policy.objects.first() or Policy()


def starting_policy(place: str = "") -> dict[str, Any]:
    """What a new business in `place` begins with: the rule of its place for all its calls, or, unknown, the strictest.

    Figures of the customer's mood are off in the EU and where nobody knows. Raises `ValueError` for no known place.
    """
    rules = standard_rules()
    if place and not rules.knows(place):
        raise ValueError(f"There is no consent rule for {place}: write a code such as US-CA, DE or GB.")
    is_eu = rules.rule_of(place, today()).is_eu
    return {"home_place": place, "customers_place": place, "customer_sentiment": bool(place) and not is_eu}


def ruling_for(places: Sequence[str], policy: Policy | None = None) -> Ruling:
    """What a call needs with customers in `places`; none named: the policy's usual place, else an unknown one."""
    policy = policy or current_policy()
    return _decide(list(places) or [place for place in (policy.customers_place,) if place], policy, overrides())


def _decide(places: Sequence[str], policy: Policy, own: Mapping[str, Override]) -> Ruling:
    return decide(
        standard_rules(),
        customer_places=places,
        other_places=[policy.home_place],
        overrides=own,
        business=require_tenant().name,
        is_recorded=policy.keep_recording,
        on=today(),
    )


def rulings() -> dict[str, Ruling]:
    """What a call of today needs with its customer in each of the known places. Two queries."""
    policy, own = current_policy(), overrides()
    return {place: _decide([place], policy, own) for place, _ in standard_rules().places()}


def overrides() -> dict[str, Override]:
    return {
        row.place: Override(row.place, Mode(row.mode) if row.mode else None, row.wording)
        for row in ConsentOverride.objects.all()
    }


def may_listen(roles: Collection[str], *, is_own_call: bool, policy: Policy) -> bool:
    """Whether someone with `roles` may play a call's recording. Whether they may see the call at all, others decide.

    A rep hears own calls only; whoever made the call as manager or admin hears it by that role too.
    """
    heard_by = set(policy.recordings_heard_by)
    if Listener.REP in heard_by and is_own_call and Role.REP in roles:
        return True
    return (Listener.MANAGER in heard_by and Role.MANAGER in roles) or (
        Listener.ADMIN in heard_by and Role.ADMIN in roles
    )
