"""A process that upgrades the schemas it is told: `python -m tenants.upgrade.worker LOCK_TIMEOUT_S ATTEMPTS`.

Reads a schema per line, answers each with an outcome as a line of JSON; first it says that it is ready. It ends when
its input does: so it outlives a killed parent by no more than the schema in hand.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict

READY = "ready"


def main(lock_timeout_s: str, attempts: str) -> None:
    # What migrations print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    # Ctrl-C is for the parent, who lets the schemas in hand be finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import django  # noqa: PLC0415 -- only when the answers are safe

    django.setup()
    from tenants.upgrade.one import Patience, upgrade_one  # noqa: PLC0415

    patience = Patience(float(lock_timeout_s), int(attempts))
    print(READY, file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(asdict(upgrade_one(line.strip(), patience))), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
