"""Sign-in on every host. Some pages carry allauth's names, under which it looks for them."""

from __future__ import annotations

from django.urls import path, re_path

from tenants.signin import pages

urlpatterns = [
    path("sign-in/", pages.SignInView.as_view(), name="sign_in"),
    path("sign-in/", pages.SignInView.as_view(), name="account_login"),
    path("sign-out/", pages.sign_out, name="sign_out"),
    path("sign-in/forgotten/", pages.ForgottenView.as_view(), name="account_reset_password"),
    path("sign-in/forgotten/sent/", pages.ForgottenDoneView.as_view(), name="account_reset_password_done"),
    re_path(
        r"^sign-in/new-password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        pages.NewPasswordView.as_view(),
        name="account_reset_password_from_key",
    ),
]
