"""The people of a business. The same tables exist in the public schema, for operators."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from tenants.members.help_modes import CHOICES, HelpMode


class Role(models.TextChoices):
    REP = "rep", "Rep"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"
    BILLING = "billing", "Billing"
    OPERATOR = "operator", "Operator"


def least_rights() -> list[str]:
    """What a new member may do when nobody said more."""
    return [Role.REP.value]


class MemberManager(BaseUserManager["Member"]):
    def create_member(self, *, email: str, name: str, roles: Iterable[str], password: str | None = None) -> Member:
        """A new member; without a password the account can not sign in until one is set."""
        member = self.model(email=self.normalize_email(email).lower(), name=name, roles=[str(role) for role in roles])
        member.set_password(password)
        member.save(using=self._db)
        return member

    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(email__iexact=username or "")


class Member(AbstractBaseUser):
    """A person of one business, with one or more roles. Signs in with the e-mail address."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    roles = ArrayField(models.CharField(max_length=20, choices=Role.choices), default=least_rights)
    is_active = models.BooleanField(default=True, help_text="Off: can not sign in; open sessions end.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    help_mode = models.CharField(
        "help during calls",
        max_length=20,
        choices=CHOICES,
        default=HelpMode.FULL.value,
        db_default=HelpMode.FULL.value,
        help_text="The member's own choice, on the call page. Compliance cards and managers' notes always come.",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = MemberManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    def has_role(self, *roles: str) -> bool:
        """Whether the member has any of `roles`. Rights add up: who is rep and manager may do what either may."""
        return not set(roles).isdisjoint(self.roles)

    @property
    def role_names(self) -> str:
        """For people: `Rep, Manager`, in the order of `Role`."""
        return ", ".join(str(role.label) for role in Role if role in self.roles)

    @property
    def is_admin(self) -> bool:
        return self.has_role(Role.ADMIN)

    @property
    def is_staff(self) -> bool:
        """Who may open the Django admin; what they see there, `has_perm` decides."""
        return self.is_active and self.has_role(Role.ADMIN, Role.BILLING, Role.OPERATOR)

    @property
    def is_superuser(self) -> bool:
        return self.is_active and self.has_role(Role.ADMIN, Role.OPERATOR)

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        if self.is_superuser:
            return True
        return self.is_staff and perm.startswith("billing.")

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_superuser or (self.is_staff and app_label == "billing")


class Team(models.Model):
    """Members and who leads them. A manager sees the calls of the teams they lead, and of nobody else."""

    name = models.CharField(max_length=100, unique=True)
    members = models.ManyToManyField(
        Member, related_name="teams", blank=True, help_text="Whose calls the team's managers see."
    )
    leaders = models.ManyToManyField(
        Member,
        related_name="led_teams",
        blank=True,
        help_text="Members with the role Manager. They see the calls of everyone in this team. A manager who leads "
        "no team sees only own calls; admins see all calls. Holds at once; open pages end within seconds.",
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """What a program may do with its key; never more than the key's member may."""

    CALLS_READ = "calls:read", "Read calls: state, transcript, cards and reports, also while they run"
    CALLS_WRITE = "calls:write", "Make calls: start and end them, send audio, lines, notes and answers"
    BILLING_READ = "billing:read", "Read what calls cost"


class ApiKey(models.Model):
    """A program's key to the API, in one member's name, for some scopes. Only its hash is kept; it is shown once.

    `sp_` + 40 url-safe characters carry 240 bits, so a plain SHA-256 is enough: there is nothing to guess.
    """

    PREFIX = "sp_"

    member = models.ForeignKey(Member, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(
        models.CharField(max_length=20, choices=Scope.choices),
        help_text="What the program may do, within what the member may. Give the fewest that its work needs.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @staticmethod
    def digest_of(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    @property
    def scope_names(self) -> str:
        """In the order of `Scope`: `calls:read, calls:write`."""
        return ", ".join(scope.value for scope in Scope if scope in self.scopes)

    @classmethod
    def issue(cls, *, member: Member, name: str, scopes: Iterable[str] = tuple(Scope)) -> tuple[ApiKey, str]:
        """A new key: the row and, once only, the secret. Whoever issues one for others names its `scopes`."""
        secret = cls.PREFIX + secrets.token_urlsafe(30)
        granted = [scope.value for scope in Scope if scope in set(scopes)]
        row = cls.objects.create(
            member=member, name=name, hint=secret[:8], digest=cls.digest_of(secret), scopes=granted
        )
        return row, secret
