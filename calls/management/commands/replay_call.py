"""Plays a recording as a live call of a member, through the public API and sockets."""

from __future__ import annotations

import asyncio
import json
import os
import time
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.replay.answer import answer, passing_key, text
from calls.replay.client import Outcome, ReplayClient
from calls.replay.links import ReplayError
from calls.replay.recordings import Recording, RecordingError, read_recording
from calls.replay.target import Target, TargetError, running_base_url, target_of
from tenants.context import Business, business_scope, public_scope
from tenants.members.models import Member
from tenants.models import Domain, Tenant
from tenants.selectors import business_of


class Command(BaseCommand):
    help = (
        "Sends a recording through the same API and sockets as a browser and prints what came back. "
        "One stereo file holds both sides (the rep on the left); two mono files are one side each."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rep", type=Path, metavar="REP.wav", help="WAV, FLAC or MP3, 8-48 kHz")
        parser.add_argument("customer", type=Path, nargs="?", metavar="CUSTOMER.wav", help="the other side")
        parser.add_argument("--business", required=True, help="the business's short name, for example acme")
        parser.add_argument("--member", required=True, help="e-mail address of the rep whose call this is")
        parser.add_argument("--speed", type=_speed, default=1.0, help="1.0 is real time; max as fast as acks come")
        parser.add_argument("--base-url", default="", help="where it runs; default: the one `make run` started here")
        parser.add_argument("--customer-name", default="", help="shown in the call list")
        parser.add_argument("--place", default="", help="where the customer is: US-CA, DE …; default: the usual place")
        parser.add_argument(
            "--consent",
            default="yes",
            choices=["yes", "stayed", "no", "none"],
            help="what the recorded people agreed to; recorded as given with the recording (default: yes)",
        )
        parser.add_argument("--report-within", type=float, default=90.0, metavar="S", help="seconds to wait for it")
        parser.add_argument("--json", action="store_true", help="the last line is one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            recording = read_recording(options["rep"], options["customer"])
            business, host = _business(options["business"])
            base_url = options["base_url"] or running_base_url(settings.VAR_DIR, port=os.environ.get("PORT", ""))
            target = target_of(base_url, business_host=host)
            if not options["json"]:
                self.stdout.write(f"Playing {recording.duration_ms / 1000:.1f} s to {target.authority} ...")
            result = _replay(business, target, recording, options)
        except (RecordingError, TargetError, ReplayError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(result) if options["json"] else text(result))


def _replay(business: Business, target: Target, recording: Recording, options: dict[str, Any]) -> dict[str, Any]:
    began = time.monotonic()
    with business_scope(business):
        member = Member.objects.filter(email__iexact=options["member"], is_active=True).first()
        if member is None:
            raise CommandError(f"{business.schema_name} has no active member {options['member']}.")
        with passing_key(member) as key:
            outcome = asyncio.run(_run(target, key, recording, options))
        return answer(outcome, audio_ms=recording.duration_ms, took_s=time.monotonic() - began)


async def _run(target: Target, key: str, recording: Recording, options: dict[str, Any]) -> Outcome:
    async with ReplayClient(target, key) as client:
        return await client.replay(
            recording,
            speed=options["speed"],
            customer=options["customer_name"] or options["rep"].stem.replace("_", " ")[:120],
            place=options["place"],
            consent="" if options["consent"] == "none" else options["consent"],
            report_within_s=options["report_within"],
        )


def _business(schema_name: str) -> tuple[Business, str]:
    """The business and its own host name."""
    with public_scope():
        tenant = Tenant.objects.filter(schema_name=schema_name).first()
        if tenant is None:
            known = ", ".join(Tenant.objects.values_list("schema_name", flat=True)) or "none yet"
            raise CommandError(f"There is no business {schema_name}. Known: {known}.")
        domain = (
            Domain.objects.filter(tenant=tenant, verified_at__isnull=False).order_by("-is_primary", "domain").first()
        )
        if domain is None:
            raise CommandError(f"{schema_name} has no host name.")
        return business_of(tenant), domain.domain


def _speed(value: str) -> float | None:
    """None for `max`."""
    if value == "max":
        return None
    try:
        speed = float(value)
    except ValueError:
        raise ArgumentTypeError("a number such as 1.0, or max") from None
    if not 0.1 <= speed <= 100:
        raise ArgumentTypeError("from 0.1 to 100, or max")
    return speed
