"""Who may have which address of a business's host. An address that is not here fails the suite until it is.

Admin pages need no line: their rule is the member's rights in Django's admin (`members.Member.has_perm`).
"""

from __future__ import annotations

from tenants.members.models import Role

REP, MANAGER, ADMIN, BILLING = Role.REP, Role.MANAGER, Role.ADMIN, Role.BILLING
ROLES = (REP, MANAGER, ADMIN, BILLING)

# Before sign-in, by their nature; what they show is the brand of the host and nothing else.
OPEN = frozenset(
    {
        *("brand_css", "brand_picture", "brand_icon", "favicon", "manifest"),
        *("sign_in", "account_login", "sign_out"),
        *("account_reset_password", "account_reset_password_done", "account_reset_password_from_key"),
        *("mfa_authenticate", "mfa_login_webauthn", "enrol_second_factor", "invitation"),
        *("openid_connect_login", "openid_connect_callback"),
        *("saml_login", "saml_acs", "saml_finish_acs", "saml_metadata", "saml_sls"),
    }
)
# The brand's colours, which the admin's sign-in and error pages need, and the way to sign in.
OPEN_IN_ADMIN = frozenset({"admin:login", "admin:theme_css"})
SALES = frozenset({REP, MANAGER, ADMIN})
WATCH = frozenset({MANAGER, ADMIN})
MONEY = frozenset({BILLING, ADMIN})
EVERYBODY = frozenset(ROLES)
# A call is planted as somebody else's: a rep has the page, but not this call.
OTHERS_CALL = frozenset({MANAGER, ADMIN})
NOBODY_ELSES: frozenset[Role] = frozenset()

RULES: dict[str, frozenset[Role]] = {
    "home": EVERYBODY,
    "calls": SALES,
    "new_call": SALES,
    "call": OTHERS_CALL,
    "report": OTHERS_CALL,
    "report_state": OTHERS_CALL,
    # The sound is heard by who may see the call, as the policy begins; the rep and admins alone open it early.
    "recording": OTHERS_CALL,
    "release_report": frozenset({ADMIN}),
    "live_board": WATCH,
    "watch": OTHERS_CALL,
    "billing": MONEY,
    "billing_export": MONEY,
    "api_call_costs": MONEY,
    "api_calls": SALES,
    "api_call": OTHERS_CALL,
    "api_call_events": OTHERS_CALL,
    "api_call_actions": OTHERS_CALL,
    # Only the person on the call feeds it and ends it.
    "api_call_end": NOBODY_ELSES,
    "api_call_audio": NOBODY_ELSES,
    "api_call_lines": NOBODY_ELSES,
    "api_call_consent": NOBODY_ELSES,
    "api_preflight": EVERYBODY,
    # A member's own account.
    **dict.fromkeys(
        (
            *("account", "mfa_index", "mfa_list_webauthn", "change_name", "change_own_password", "end_session"),
            *("end_other_sessions", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
            *("mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes"),
            *("mfa_add_webauthn", "mfa_remove_webauthn"),
        ),
        EVERYBODY,
    ),
}
