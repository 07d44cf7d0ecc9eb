"""Who asked for a business and how far it is. In the shared schema; no business's role reaches it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from tenants.models import Tenant


class State(models.TextChoices):
    REQUESTED = "requested", "E-mail not confirmed"
    WAITING = "waiting", "Waits for you"
    CONFIRMED = "confirmed", "Next to be built"
    BUILDING = "building", "Being built"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    REFUSED = "refused", "Refused"


# While one of these holds an address, nobody else gets it.
HOLDING = (State.WAITING, State.CONFIRMED, State.BUILDING)
TO_BUILD = (State.CONFIRMED, State.BUILDING)


class Problem(models.TextChoices):
    """Why a request failed, for code; `BusinessRequest.problem` says it to people."""

    NONE = "", "None"
    TAKEN = "taken", "The address went to another business"
    REFUSED = "refused", "What was entered can not be built"
    BROKEN = "broken", "Building broke off"


class BusinessRequest(models.Model):
    """One business that somebody wants. requested → (waiting →) confirmed → building → ready, or failed, or refused.

    The web process writes what is wanted; the builder (tenants/signup/building.py), as the database's owner, takes up
    what is confirmed. Every step is a conditional UPDATE on `state`, so of two at once one wins.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED, editable=False)
    name = models.CharField("business", max_length=60)
    slug = models.CharField("address", max_length=40)
    trade = models.CharField(max_length=100, blank=True)
    place = models.CharField(max_length=10, blank=True)
    admin_name = models.CharField("first admin", max_length=100)
    admin_email = models.EmailField("first admin's e-mail")
    # Empty: the person asked for it themselves.
    asked_by = models.CharField(max_length=100, blank=True, editable=False)
    # A hash of the network address it came from, to count by; never the address.
    origin = models.CharField(max_length=32, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    invited_at = models.DateTimeField(null=True, editable=False)
    # The builder's own.
    schema_name = models.CharField("short name", max_length=41, blank=True, editable=False)
    # The constraint is the migration's own: it empties this when a business goes, however it goes.
    tenant = models.OneToOneField(
        Tenant,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="request",
        verbose_name="built",
        db_constraint=False,
    )
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    try_after = models.DateTimeField(null=True, editable=False)
    problem_code = models.CharField(max_length=10, choices=Problem.choices, blank=True, editable=False)
    problem = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = "new business"
        verbose_name_plural = "new businesses"
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["confirmed_at"], condition=Q(state__in=["confirmed", "building"]), name="signup_to_be_built"
            ),
            models.Index(fields=["origin", "created_at"], name="signup_by_origin"),
            models.Index(fields=["admin_email", "created_at"], name="signup_by_email"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(state__in=["waiting", "confirmed", "building"]),
                name="signup_one_holds_an_address",
                violation_error_message="This address is taken. Choose another.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
