"""The product's settings, with one wall between businesses taken away: what the soak must be able to find.

`LEAK` says which. Only for servers that a test of the soak starts.
"""

from __future__ import annotations

import os
from typing import Any

from salespilot.settings import *  # noqa: F403
from tenants import caching, context


class OneForAll:
    """The current business as one variable of the process, as a connection or a module would keep it."""

    def __init__(self) -> None:
        self._value: Any = None

    def get(self) -> Any:
        return self._value

    def set(self, value: Any) -> None:
        self._value = value


def nameless_key(key: str, key_prefix: str, version: int) -> str:
    return f"{key_prefix}:{version}:{key}"


match os.environ["LEAK"]:
    case "current business":
        context._current = OneForAll()  # type: ignore[assignment]
    case "cache keys":
        caching.make_key = nameless_key
    case other:
        raise ValueError(other)
