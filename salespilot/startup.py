"""What every process asks before it serves anyone: would this set-up mix businesses?

Errors end the process, with a line each that says what to do; warnings are one line each. A database or a Redis that
is away is no reason to stay down: both may come later, and then `manage.py check --database default` tells.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.core.checks import ERROR, CheckMessage

from tenants.checks import check_databases, check_redis, check_settings

log = logging.getLogger(__name__)


def refuse_unsound() -> None:
    """Raises `SystemExit` with status 78 (a fault of configuration)."""
    # In a thread: an event loop may run in this one, and asking blocks.
    with ThreadPoolExecutor(1, thread_name_prefix="start") as asking:
        found = asking.submit(messages).result()
    for message in found:
        log.log(message.level, "%s", line(message))
    if any(message.level >= ERROR for message in found):
        raise SystemExit(78)


def messages() -> list[CheckMessage]:
    return [
        *check_settings(None),
        *check_databases(None, databases=list(settings.DATABASES)),
        *check_redis(settings.REDIS_URL),
    ]


def line(message: CheckMessage) -> str:
    """`tenants.E020: What is wrong. What to do.`"""
    return " ".join(filter(None, (f"{message.id}: {message.msg}", message.hint)))
