"""What the C library's allocator keeps free goes back to the system now and then.

Calls come and go; buffers of some kilobytes leave holes between what stays, and glibc gives only the end of its heap
back by itself. A process would keep the most that it ever held, and more with each hour. See malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable

EVERY_S = 30.0

_due_at = 0.0


def is_due() -> bool:
    return time.monotonic() >= _due_at


def give_back() -> bool:
    """Takes a few milliseconds, without the interpreter's lock. At most every 30 s; False when it is not due yet.

    A C library that has no such function keeps what it keeps.
    """
    global _due_at  # noqa: PLW0603 -- the heap is the process's
    if not is_due():
        return False
    _due_at = time.monotonic() + EVERY_S
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    return True
