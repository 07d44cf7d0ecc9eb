"""How people of a business get in: invitations and the business's own rules. All in the business's schema."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.utils import timezone

from tenants.members.models import Member, Role, least_rights

INVITATION_LASTS = timedelta(days=7)


def invitation_end() -> datetime:
    return timezone.now() + INVITATION_LASTS


def provider_slug() -> str:
    """Part of addresses that are entered at the provider: it never changes and tells nothing."""
    return secrets.token_hex(5)


class Invitation(models.Model):
    """One person asked to join, once. Only the hash of the mailed key is kept; a new key replaces the former.

    The key has 240 random bits, so a plain SHA-256 is enough: there is nothing to guess.
    """

    email = models.EmailField()
    name = models.CharField(max_length=100, blank=True)
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=least_rights)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=invitation_end, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    invited_by = models.ForeignKey(Member, models.SET_NULL, null=True, editable=False, related_name="invitations_sent")
    member = models.ForeignKey(Member, models.SET_NULL, null=True, editable=False, related_name="invitations")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name or self.email

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    def renew(self) -> str:
        """A new key and a new end; not saved. The former key opens nothing from then on."""
        key = secrets.token_urlsafe(30)
        self.digest, self.expires_at, self.sent_at = self.digest_of(key), invitation_end(), None
        return key

    @property
    def state(self) -> str:
        if self.accepted_at:
            return "Accepted"
        if self.revoked_at:
            return "Withdrawn"
        if self.expires_at <= timezone.now():
            return "Expired"
        return "Open" if self.sent_at else "Mail not sent"

    @property
    def role_names(self) -> str:
        return ", ".join(str(role.label) for role in Role if role in self.roles)


class SignInPolicy(models.Model):
    """The business's own rules for signing in. At most one row (id 1); without it the defaults hold."""

    class Needs(models.TextChoices):
        NOBODY = "nobody", "Nobody: each member decides"
        ADMINS = "admins", "Admins"
        EVERYONE = "everyone", "Everyone"

    second_factor = models.CharField(
        "second factor required for",
        max_length=10,
        choices=Needs.choices,
        default=Needs.NOBODY,
        help_text="Whoever has none yet sets it up at the next sign-in, before anything else. "
        "Their open sessions end when you save.",
    )

    only_sso = models.BooleanField(
        "only through your identity provider",
        default=False,
        help_text="Passwords and passkeys then open the door for admins only, in case the provider is out of order.",
    )

    class Meta:
        verbose_name = "sign-in rule"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="signin_policy_single_row")]

    def __str__(self) -> str:
        return "Sign-in rules"

    def needs_second_factor(self, member: Member) -> bool:
        if self.second_factor == self.Needs.ADMINS:
            return member.is_admin
        return self.second_factor == self.Needs.EVERYONE


class Provider(models.Model):
    """An identity provider of the business: members sign in there and come back."""

    class Kind(models.TextChoices):
        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2.0"

    class Joining(models.TextChoices):
        INVITED = "invited", "Only invited people"
        DOMAINS = "domains", "Anybody with an address of these domains, as a rep"

    kind = models.CharField("protocol", max_length=10, choices=Kind.choices, default=Kind.OIDC)
    name = models.CharField(max_length=40, help_text="Stands on the button: “Sign in with …”.")
    slug = models.SlugField(max_length=20, unique=True, default=provider_slug, editable=False)
    is_active = models.BooleanField("in use", default=True)
    issuer = models.CharField(
        max_length=200,
        blank=True,
        validators=[URLValidator(["https", "http"])],
        help_text="The provider's address, such as https://login.example.com. Below it lies "
        "/.well-known/openid-configuration.",
    )
    client_id = models.CharField(max_length=191, blank=True)
    secret_sealed = models.TextField(blank=True, editable=False)
    trusts_addresses = models.BooleanField(
        "trust its addresses",
        default=False,
        help_text="Only when everybody's e-mail address there is set by your own administrators. "
        "Otherwise an address counts when the provider says that it is verified.",
    )
    saml_metadata = models.TextField(
        "metadata", blank=True, help_text="The XML that the provider gives out. Or enter its address above."
    )
    joining = models.CharField(
        "who may come in for the first time", max_length=10, choices=Joining.choices, default=Joining.INVITED
    )
    domains = ArrayField(
        models.CharField(max_length=253), default=list, blank=True, help_text="Such as example.com, example.org."
    )

    class Meta:
        verbose_name = "identity provider"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class OpenSession(UserSession):  # type: ignore[misc]  # allauth has no types
    """A browser that is signed in, as admins see it."""

    class Meta:
        proxy = True
        verbose_name = "open session"
        ordering = ["-created_at"]
