"""Signing in at the business's identity provider: which there are, and who may come in by them."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.db import transaction
from django.http import HttpRequest
from requests import Session

from tenants import outbound
from tenants.audit.models import Action, Via
from tenants.context import current
from tenants.members.models import Member, Role
from tenants.sealing import Unsealable, unseal
from tenants.signin import invitations
from tenants.signin.models import Invitation, Provider
from tenants.signin.notes import note
from tenants.signin.saml import SamlMetadataError, idp_settings

NOT_CONFIRMED = "Your provider did not confirm your e-mail address. Ask an admin of your business."
NOT_INVITED = "You are not a member here yet. Ask an admin of your business for an invitation."
FAILED = "Signing in there did not work. Try again, or ask an admin of your business."
SECRET = "identity provider"  # noqa: S105 - what it is sealed for


class OutsideAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Providers are rows of the business: another business's, and the public host, do not know them."""

    def list_apps(
        self,
        request: HttpRequest,  # noqa: ARG002 - allauth's signature
        provider: str | None = None,
        client_id: str | None = None,
    ) -> list[SocialApp]:
        apps = [app for row in active_providers() if (app := app_of(row)) is not None]
        return [
            app
            for app in apps
            if (not provider or provider in {app.provider, app.provider_id})
            and (not client_id or client_id == app.client_id)
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Only to sign in, never to hang a stranger's identity on whoever is signed in at this browser."""
        if sociallogin.state.get("process", "login") != "login":
            self._turn_away(request, FAILED)
        if not sociallogin.is_existing and not _email(sociallogin):
            self._turn_away(request, NOT_CONFIRMED)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """The rule for the first time: invited, or an address of one of the business's domains."""
        email = _email(sociallogin)
        if _invitation(email) or _is_welcome(email, _row(sociallogin)):
            return True
        self._turn_away(request, NOT_INVITED)
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        member = super().populate_user(request, sociallogin, data)
        parts = (data.get("name") or "", f"{data.get('first_name') or ''} {data.get('last_name') or ''}")
        member.name = next((name.strip() for name in parts if name.strip()), member.email.partition("@")[0])[:100]
        return member

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Member:  # noqa: ARG002
        """A new member without a password: with the invitation's roles, else as a rep."""
        email, name = _email(sociallogin), sociallogin.user.name
        with transaction.atomic():
            if invitation := _invitation(email):
                member = invitations.accept(invitation, name=invitation.name or name, password=None)
            else:
                member = Member.objects.create_member(email=email, name=name, roles=[Role.REP])
                detail = {"joined_by": str(_row(sociallogin))}
                note(Action.MEMBER_CHANGED, by=member, via=Via.WEB, about=member, detail=detail)
            sociallogin.user = member
            sociallogin.save(request, connect=True)
        return member

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self._turn_away(request, FAILED)

    def get_requests_session(self) -> Session:
        return outbound.session()

    @staticmethod
    def _turn_away(request: HttpRequest, words: str) -> None:
        raise ImmediateHttpResponse(get_account_adapter(request).turn_away(request, words))


def active_providers() -> list[Provider]:
    business = current()
    return [] if business is None or business.is_public else list(Provider.objects.filter(is_active=True))


def app_of(row: Provider) -> SocialApp | None:
    """As allauth wants it; None while its secret or metadata can not be read (the admin's test says why)."""
    common = {"email_authentication": True}
    try:
        if row.kind == Provider.Kind.OIDC:
            return SocialApp(
                provider="openid_connect",
                provider_id=row.slug,
                name=row.name,
                client_id=row.client_id,
                secret=unseal(row.secret_sealed, purpose=SECRET) if row.secret_sealed else "",
                settings=common
                | {"server_url": row.issuer, "oauth_pkce_enabled": True, "verified_email": row.trusts_addresses},
            )
        return SocialApp(
            provider="saml",
            provider_id=row.slug,
            name=row.name,
            client_id=row.slug,
            settings=common
            | {
                "idp": idp_settings(row.saml_metadata),
                "verified_email": True,
                "advanced": {"want_assertion_signed": True, "want_name_id": True, "reject_idp_initiated_sso": True},
            },
        )
    except (Unsealable, SamlMetadataError):
        return None


def _email(sociallogin: SocialLogin) -> str:
    """The address that the provider vouches for, or none."""
    return next((str(each.email).lower() for each in sociallogin.email_addresses if each.verified), "")


def _row(sociallogin: SocialLogin) -> Provider | None:
    return Provider.objects.filter(slug=sociallogin.account.provider, is_active=True).first()


def _invitation(email: str) -> Invitation | None:
    return invitations.open_invitations().select_related("member").filter(email=email).first()


def _is_welcome(email: str, row: Provider | None) -> bool:
    domain = email.rpartition("@")[2]
    return bool(row and row.joining == Provider.Joining.DOMAINS and domain in row.domains)
