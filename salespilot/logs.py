"""Log lines as JSON objects, one a line: time, level, logger, message, the business's id and the `extra` ids."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from salespilot.privacy import safe_trace
from tenants.context import current

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_HEAVY = frozenset({"request", "response", "sinfo", "data", "context", "args", "kwargs", "return_value", "runtime"})
"""What frameworks attach to records: objects with personal data, or arguments of tasks and queries."""


class JsonFormatter(logging.Formatter):
    """Never writes the message of a foreign exception, local variables, requests or task arguments."""

    def format(self, record: logging.LogRecord) -> str:
        business = current()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if business is not None and not business.is_public:
            line["business"] = business.id
        extras = {key: value for key, value in vars(record).items() if key not in _STANDARD and key not in _HEAVY}
        line |= {key: plain(value) for key, value in extras.items()}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = safe_trace(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def plain(value: object) -> object:
    """Ids and numbers as they are; of any other object only what it is: a container may hold anything."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value) if isinstance(value, UUID | date) else type(value).__name__


def configuration(level: str) -> dict[str, Any]:
    """`LOGGING` of Django's settings: everything to standard error as JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "salespilot.logs.JsonFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print whole tracebacks next to ours.
            "django": {"handlers": ["stderr"], "level": level, "propagate": False},
            # A wrong Host header is the visitor's business; at warning level it would flood.
            "django.security.DisallowedHost": {"handlers": [], "propagate": False},
            "httpx": {"level": "WARNING"},
        },
    }
