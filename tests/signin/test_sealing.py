"""Secrets at rest open only for the business and the purpose they were sealed for."""

from __future__ import annotations

import pytest
from django.test import override_settings

from tenants.context import Business, NoBusiness, business_scope
from tenants.sealing import Unsealable, seal, unseal

ACME, GLOBEX = Business(1, "acme", "Acme"), Business(2, "globex", "Globex")


def test_what_was_sealed_opens_again_and_does_not_show() -> None:
    with business_scope(ACME):
        sealed = seal("hunter2", purpose="sso")
        assert "hunter2" not in sealed
        assert unseal(sealed, purpose="sso") == "hunter2"


def test_another_business_purpose_or_key_opens_nothing() -> None:
    with business_scope(ACME):
        sealed = seal("hunter2", purpose="sso")
        with pytest.raises(Unsealable):
            unseal(sealed, purpose="second factor")
        with override_settings(SECRET_KEY="another"), pytest.raises(Unsealable):
            unseal(sealed, purpose="sso")
        with pytest.raises(Unsealable):
            unseal(sealed[:-4] + "AAA=", purpose="sso")
    with business_scope(GLOBEX), pytest.raises(Unsealable):
        unseal(sealed, purpose="sso")


def test_nothing_is_sealed_without_a_business() -> None:
    with pytest.raises(NoBusiness):
        seal("hunter2", purpose="sso")
