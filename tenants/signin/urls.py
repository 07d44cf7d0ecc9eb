"""Sign-in and the member's own account, on every host. allauth looks for its pages under these names."""

from __future__ import annotations

from django.urls import path, re_path

from tenants.signin import account_pages, factor_pages, pages
from tenants.signin.second_factor import enrol

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
    path("sign-in/second-factor/", factor_pages.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("sign-in/second-factor/set-up/", enrol, name="enrol_second_factor"),
    path("sign-in/passkey/", factor_pages.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("account/", account_pages.account, name="account"),
    path("account/", account_pages.account, name="mfa_index"),
    path("account/", account_pages.account, name="mfa_list_webauthn"),
    path("account/name/", account_pages.change_name, name="change_name"),
    path("account/password/", account_pages.change_own_password, name="change_own_password"),
    path("account/sessions/<int:number>/end/", account_pages.end_session, name="end_session"),
    path("account/sessions/end-others/", account_pages.end_other_sessions, name="end_other_sessions"),
    path("account/confirm/", factor_pages.ConfirmPasswordView.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", factor_pages.ConfirmCodeView.as_view(), name="mfa_reauthenticate"),
    path("account/confirm/passkey/", factor_pages.ConfirmPasskeyView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("account/codes/", factor_pages.CodesOnView.as_view(), name="mfa_activate_totp"),
    path("account/codes/off/", factor_pages.CodesOffView.as_view(), name="mfa_deactivate_totp"),
    path("account/recovery-codes/", factor_pages.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path(
        "account/recovery-codes/new/", factor_pages.NewRecoveryCodesView.as_view(), name="mfa_generate_recovery_codes"
    ),
    path("account/passkeys/add/", factor_pages.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", factor_pages.RemovePasskeyView.as_view(), name="mfa_remove_webauthn"),
]
