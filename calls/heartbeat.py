"""The worker's sign of life: the sweeper leaves the time of its last run in the shared cache."""

from __future__ import annotations

WORKER_SEEN = "worker-seen"
KEEP_S = 3_600
