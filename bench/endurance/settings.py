"""The product's settings and one view more: what the endurance run counts inside the web process."""

from __future__ import annotations

from salespilot.settings import *  # noqa: F403
from salespilot.settings import MIDDLEWARE as _MIDDLEWARE

MIDDLEWARE = ["bench.endurance.objects.answer", *_MIDDLEWARE]
