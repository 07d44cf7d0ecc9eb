"""Ways in that only a business has."""

from __future__ import annotations

from allauth.socialaccount.providers.saml import views as saml
from django.urls import path

from tenants.signin import invitation_pages, outside_pages

urlpatterns = [
    path("invitation/<str:key>/", invitation_pages.invitation, name="invitation"),
    path("sign-in/with/<slug:provider_id>/", outside_pages.to_oidc, name="openid_connect_login"),
    path("sign-in/with/<slug:provider_id>/callback/", outside_pages.from_oidc, name="openid_connect_callback"),
    path("sign-in/saml/<slug:organization_slug>/", saml.login, name="saml_login"),
    path("sign-in/saml/<slug:organization_slug>/acs/", saml.acs, name="saml_acs"),
    path("sign-in/saml/<slug:organization_slug>/acs/finish/", outside_pages.finish_saml, name="saml_finish_acs"),
    path("sign-in/saml/<slug:organization_slug>/metadata/", saml.metadata, name="saml_metadata"),
    path("sign-in/saml/<slug:organization_slug>/sls/", outside_pages.no_single_logout, name="saml_sls"),
]
