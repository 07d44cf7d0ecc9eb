"""Two demo businesses with people, playbooks and finished calls, so that no screen is empty."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from calls.demo.build import build
from calls.demo.businesses import PASSWORD


class Command(BaseCommand):
    help = "Creates the demo businesses acme and globex. Run again, it adds only what is missing."

    def handle(self, *_: Any, **__: Any) -> None:
        for sentence in build():
            self.stdout.write(sentence)
        self.stdout.write(f"Everybody's password: {PASSWORD}")
