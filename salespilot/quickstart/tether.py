"""Runs a command that ends when its parent does, also when that is killed: python tether.py NICENESS COMMAND...

Started by its path, not as a module, so that it costs next to nothing. Outside Linux it only runs the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to_parent() -> None:
    """The kernel sends this process TERM when its parent dies; it survives the exec that follows."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    tie_to_parent()
    os.nice(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 -- replaces itself by a command from our own list
