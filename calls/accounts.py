"""The accounts at vendors that the calls of the current business use."""

from __future__ import annotations

from calls.speech.accounts import OwnAccount
from tenants.context import require_tenant
from tenants.house import vendor_keys


def own_speech() -> OwnAccount | None:
    """The business's own at the speech vendor; None: the installation's."""
    found = vendor_keys.speech_key()
    return OwnAccount(require_tenant().schema_name, found.key, found.slots_max) if found is not None else None
