"""`make clean-data`: removes the embedded databases, with every business and call in them."""

from __future__ import annotations

import shutil
import sys

from django.core.exceptions import ImproperlyConfigured

from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.plan import read_plan
from salespilot.quickstart.postgres import EmbeddedPostgres
from salespilot.quickstart.processes import DirectoryLock
from salespilot.quickstart.screen import Screen
from salespilot.quickstart.valkey import EmbeddedValkey


def main() -> int:
    screen = Screen()
    try:
        plan = read_plan()
        if not plan.var.exists():
            return 0
        lock = DirectoryLock(plan.var / "run.lock")
        lock.acquire()
        EmbeddedPostgres(plan.postgres_dir).remove()
        EmbeddedValkey(plan.valkey_dir).remove()
        shutil.rmtree(plan.var / "audio", ignore_errors=True)
        shutil.rmtree(plan.var / "media", ignore_errors=True)
        lock.release()
    except (QuickstartError, ImproperlyConfigured) as error:
        screen.fail(str(error))
        return 1
    screen.say("Removed. The next start begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
