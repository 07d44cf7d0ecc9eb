"""The Celery application. Tasks live in each app's `tasks.py` and take their business as an explicit argument.

Workers stop gently: `REMAP_SIGTERM=SIGQUIT` in the worker's environment makes a supervisor's SIGTERM a soft
shutdown (`CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT` seconds to finish). What does not finish is acknowledged late and
delivered again, or found by the sweeper.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, task_postrun, worker_init, worker_process_init

from tenants import heap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salespilot.settings")

app = Celery("salespilot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@worker_process_init.connect
@beat_init.connect
def start_observability(**_: Any) -> None:
    """Error reports, in the worker, in each of its processes and in beat: a fork inherits no sender thread."""
    from salespilot import observability  # noqa: PLC0415 -- settings are not ready when this module loads

    observability.start()


@task_postrun.connect
def give_memory_back(**_: Any) -> None:
    heap.give_back()


@worker_init.connect
@beat_init.connect
def refuse_unsound(**_: Any) -> None:
    """Before the first task, once for all processes of a worker."""
    from salespilot import startup  # noqa: PLC0415 -- as above

    startup.refuse_unsound()
