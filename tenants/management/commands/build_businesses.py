"""`manage.py build_businesses [--watch]`: makes the businesses that were asked for, as the database's owner."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connection

from tenants.signup.building import build_due

log = logging.getLogger(__name__)

POLL_SECONDS, AWAY_SECONDS = 0.5, 3.0


class Command(BaseCommand):
    help = (
        "Make the businesses that people signed up for or operators asked for. Runs as the database's owner, needs "
        "the mail settings for their invitations, and may be killed and run again at any time; several share the work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="Go on until SIGTERM; looks twice a second.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        if connection.settings_dict.get("BUSINESS_ROLES", True):
            raise CommandError("Businesses are made by the owner: run it through manage.py, with DATABASE_OWNER_URL.")
        if options["watch"]:
            _watch()
        else:
            self.stdout.write(f"{build_due()} worked on.")


def _watch() -> None:
    """What is in hand when SIGTERM comes is finished first. While the database is away it is asked again."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    log.info("Waiting for new businesses")
    while not stop.is_set():
        pause = POLL_SECONDS
        try:
            build_due(should_stop=stop.is_set)
        except (DatabaseError, InterfaceError) as error:
            log.warning("No businesses built for now: %s", type(error).__name__)
            connection.close()
            pause = AWAY_SECONDS
        stop.wait(pause)
