"""Outside data for tests: recordings and service answers that lie beside the checkout. Absent: the test is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(*parts: str) -> Path:
    """The path of one piece; skips the test when it is not there."""
    path = SHARED_DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no outside data: {'/'.join(parts)}")
    return path
