"""A brake on guessing passwords: failed sign-ins per account and per address, on each host by itself.

Counters live in the cache under the business's own keys. With the cache down the brake is off, sign-in still works;
docs/security.md says so.
"""

from __future__ import annotations

import hashlib
import logging

from django.core.cache import cache

log = logging.getLogger(__name__)

WINDOW_S = 15 * 60
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 50


def is_blocked(email: str, address: str) -> bool:
    """Whether this account from this address, or this address, failed too often in the last 15 minutes."""
    limits = _limits(email, address)
    try:
        counts = cache.get_many(limits)
    except Exception as error:  # noqa: BLE001 - every driver has its own connection errors
        log.warning("Sign-in brake off: %s", type(error).__name__)
        return False
    return any(counts.get(key, 0) >= limit for key, limit in limits.items())


def note_failure(email: str, address: str) -> None:
    try:
        for key in _limits(email, address):
            cache.add(key, 0, WINDOW_S)
            cache.incr(key)
    except Exception as error:  # noqa: BLE001
        log.warning("Failed sign-in not counted: %s", type(error).__name__)


def note_success(email: str, address: str) -> None:
    """The account's own counter starts again; the address's goes on, others may be guessing from it."""
    try:
        cache.delete(next(iter(_limits(email, address))))
    except Exception as error:  # noqa: BLE001
        log.warning("Sign-in brake not reset: %s", type(error).__name__)


def _limits(email: str, address: str) -> dict[str, int]:
    """Cache keys with their limits. Hashed: no e-mail address or IP number stands in the cache."""
    account = f"{email.strip().lower()}|{address}"
    return {
        f"sign-in:account:{_digest(account)}": FAILURES_PER_ACCOUNT,
        f"sign-in:address:{_digest(address)}": FAILURES_PER_ADDRESS,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
