"""The way to the identity provider and back. Only on a business's own host."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.saml import views as saml
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from requests import RequestException

from tenants.signin.outside import FAILED
from tenants.signin.provider import OidcAdapter


def to_oidc(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _oidc(OAuth2LoginView, request, provider_id)


def from_oidc(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _oidc(OAuth2CallbackView, request, provider_id)


def finish_saml(request: HttpRequest, organization_slug: str) -> HttpResponse:
    """An answer that belongs to no question of ours, or to one that was answered already, is turned away."""
    try:
        response: HttpResponse = saml.finish_acs(request, organization_slug=organization_slug)
    except (PermissionDenied, ValueError):
        response = get_adapter(request).turn_away(request, FAILED)
    return response


def no_single_logout(request: HttpRequest, organization_slug: str) -> HttpResponse:  # noqa: ARG001
    """Signing out here ends this session only. allauth wants the address for its metadata."""
    raise Http404


def _oidc(view: type[OAuth2LoginView], request: HttpRequest, provider_id: str) -> HttpResponse:
    """A provider that is away or answers oddly sends people back to the form, with a sentence."""
    try:
        response: HttpResponse = view.adapter_view(OidcAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (OAuth2Error, RequestException, KeyError, ValueError):
        response = get_adapter(request).turn_away(request, FAILED)
    return response
