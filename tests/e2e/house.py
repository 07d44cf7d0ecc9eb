"""The people of acme and a stranger of globex, with a playbook, for tests that use real servers and browsers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import soundfile
import soxr
from django.db import connections

from calls.demo.build import give_material
from calls.demo.businesses import ACME
from tenants.context import Business, business_scope
from tenants.members.models import ApiKey, Member, Role

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_CALL = ROOT / "static" / "audio" / "sample-call.flac"
SAMPLE_TURNS = ROOT / "static" / "audio" / "sample-call.json"
Found = TypeVar("Found")


@dataclass(frozen=True)
class House:
    """E-mail addresses by role in acme, and the rep of globex, who must get nothing."""

    acme: Business
    globex: Business
    rep: str
    colleague: str
    manager: str
    admin: str
    billing: str
    stranger: str


async def in_business(business: Business, work: Callable[[], Found]) -> Found:
    """Database work of a test that runs on an event loop: in a thread, in `business`, leaving no connection open."""

    def run() -> Found:
        try:
            with business_scope(business):
                return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


def furnish(acme: Business, globex: Business, make: Callable[..., Member]) -> House:
    """Members of every role and the demo's material of acme. Synchronous; needs `committed_db`."""
    people = {
        name: make(role, name=f"{name.capitalize()} Person", email=f"{mailbox}@acme.example").email
        for name, mailbox, role in (
            ("rep", "rep", Role.REP),
            ("colleague", "rep2", Role.REP),
            ("manager", "manager", Role.MANAGER),
            ("admin", "admin", Role.ADMIN),
            ("billing", "billing", Role.BILLING),
        )
    }
    stranger = make(Role.MANAGER, business=globex, name="Stranger", email="stranger@globex.example").email
    with business_scope(acme):
        give_material(ACME)
    return House(acme=acme, globex=globex, stranger=stranger, **people)


def api_key(business: Business, email: str) -> str:
    with business_scope(business):
        return ApiKey.issue(member=Member.objects.get(email=email), name="test")[1]


def side_of_sample(directory: Path, channel: int, *, seconds: float, rate: int = 48_000) -> Path:
    """The first seconds of one side of the sample call (0 = rep) as a WAV that a browser plays."""
    samples, source_rate = soundfile.read(SAMPLE_CALL, dtype="float32", frames=int(seconds * 16_000))
    path = directory / f"side-{channel}.wav"
    side = np.ascontiguousarray(samples[:, channel])
    soundfile.write(path, soxr.resample(side, source_rate, rate), rate, subtype="PCM_16")
    return path
