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


class ApiKey(models.Model):
    """A program's key to the API, in one member's name. Only its hash is kept; the key is shown once.

    `sp_` + 40 url-safe characters carry 240 bits, so a plain SHA-256 is enough: there is nothing to guess.
    """

    PREFIX = "sp_"

    member = models.ForeignKey(Member, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    hint = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
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

    @classmethod
    def issue(cls, *, member: Member, name: str) -> tuple[ApiKey, str]:
        """A new key: the row and, once only, the secret."""
        secret = cls.PREFIX + secrets.token_urlsafe(30)
        row = cls.objects.create(member=member, name=name, hint=secret[:8], digest=cls.digest_of(secret))
        return row, secret
