"""Codes as an authenticator app makes them (RFC 6238), without the library under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time


def secret_on(page: str) -> str:
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', page)
    assert found, page
    return found[1].replace(" ", "")


def code(secret: str, *, steps_ahead: int = 0) -> str:
    counter = struct.pack(">Q", int(time.time()) // 30 + steps_ahead)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"
