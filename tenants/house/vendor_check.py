"""Asking a vendor whether it takes a key, within seconds. The addresses are the installation's, never a stranger's."""

from __future__ import annotations

import requests
from django.conf import settings

WITHIN_S = (2.0, 3.0)
"""To connect, and to answer."""
DEEPGRAM = "https://api.deepgram.com"
OPENAI = "https://api.openai.com/v1"
REFUSED = {401, 403}


class KeyRefused(ValueError):
    """The vendor does not take the key."""


def check_speech_key(key: str) -> bool:
    """True: the vendor knows it. False: it could not be asked. Raises `KeyRefused`."""
    base = settings.DEEPGRAM_BASE_URL or DEEPGRAM
    return _takes("Deepgram", f"{base.rstrip('/')}/v1/auth/token", f"Token {key}")


def check_model_key(key: str) -> bool:
    """As `check_speech_key`."""
    base = settings.OPENAI_BASE_URL or OPENAI
    return _takes("The model service", f"{base.rstrip('/')}/models", f"Bearer {key}")


def _takes(vendor: str, url: str, authorization: str) -> bool:
    try:
        answer = requests.get(
            url, headers={"Authorization": authorization}, timeout=WITHIN_S, allow_redirects=False, stream=True
        )
    except requests.RequestException:
        return False
    with answer:
        if answer.status_code in REFUSED:
            raise KeyRefused(f"{vendor} refuses this key. Nothing was saved.")
        return answer.ok
