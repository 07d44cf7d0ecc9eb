"""The call API over HTTP: start and end a call, and everything the two sockets do, for when they are blocked."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import suppress
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from calls import consents, late, metrics, outlook, services
from calls.accounts import own_speech
from calls.http import ApiError, Asked, answer, ask, ask_again, body, endpoint, raw_answer, raw_body, whole_parameter
from calls.live import drain
from calls.live.audio import MAX_FRAME_SAMPLES, Frame, check_pcm
from calls.live.messages import MessageError, only, parse_answer, parse_client_message, parse_places, whole
from calls.live.pace import pace
from calls.live.people import Person, check_rights
from calls.live.registry import registry
from calls.live.session import LiveSession
from calls.live.sockets import CHECK_EVERY_S
from calls.live.threads import in_thread
from calls.models import Call, CallState
from calls.redaction import redacted_text
from calls.speech import transcribe_snippet
from calls.speech.base import BYTES_PER_SAMPLE, SAMPLE_RATE, SpeechError
from calls.speech.browser import parse_lines
from tenants.audit.models import Via
from tenants.consent.rules import Answer
from tenants.context import require_tenant
from tenants.house.policies import current_policy
from tenants.members.models import Scope
from tenants.members.refs import MemberRef

MAX_WAIT_S = 25
END_WITHIN_S = 20.0
OWNER_ENDS_WITHIN_S = 4.0
POLL_S = 0.2
MAX_PREFLIGHT_BYTES = 6 * SAMPLE_RATE * BYTES_PER_SAMPLE
SOURCES = frozenset({"browser", "replay", "api", "sample", "phone"})
NOT_RECORDED = (
    "The answer is not recorded: the server can not reach its database. Until it is, nobody new is heard: try again."
)


@endpoint("POST", scope=Scope.CALLS_WRITE)
async def calls(request: HttpRequest) -> HttpResponse:
    """Starts a call: 201 with its id and the addresses of its sockets."""
    content = body(request)
    only(content, {"channels", "customer", "source", "place", "consent"})
    channels = whole({"channels": 2, **content}, "channels", 2)
    if channels < 1:
        raise MessageError("channels is 1 (the rep) or 2 (the rep and the customer).")
    customer = _short(content, "customer", services.MAX_CUSTOMER_CHARS)
    source = _short(content, "source", 20) or "browser"
    if source not in SOURCES:
        raise MessageError(f"source is one of {', '.join(sorted(SOURCES))}.")
    places = parse_places(content, "place")
    given = parse_answer(content, "consent") if "consent" in content else Answer.NONE

    def create(member: MemberRef) -> tuple[Call, outlook.Terms]:
        if not member.has_role(*services.CALLERS):
            raise services.CallForbidden("Billing staff do not make calls.")
        registry.check_room(require_tenant())
        terms = outlook.terms()
        started = consents.start_call(
            member=member, channels=channels, customer=customer, source=source, places=places, answer=given
        )
        return started, terms

    asked, (call, terms) = await ask(request, create)
    base = f"/ws/calls/{call.id}"
    made = {"id": str(call.id), "audio": f"{base}/audio", "events": f"{base}/events"}
    speech = await outlook.outlook(asked.business, terms)
    return answer({**made, "consent": consents.to_wire(call), "speech": speech}, status=201)


@endpoint("GET", scope=Scope.CALLS_READ)
async def call(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    _, found = await ask(request, lambda member: services.read_call(call_id, member, via=Via.API))
    return answer(
        {
            "id": str(found.id),
            "state": found.state,
            "channels": found.channels,
            "customer": found.customer,
            "source": found.source,
            "started_at": found.started_at.isoformat(),
            "ended_at": found.ended_at.isoformat() if found.ended_at else None,
            "end_reason": found.end_reason,
            "last": found.last_seq,
            "report_state": found.report_state,
            "place": found.place,
            "consent": consents.to_wire(found),
        }
    )


@endpoint("POST", scope=Scope.CALLS_WRITE)
async def end(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """Hangs up. Idempotent; 503 `saving_late` while the database is away, the hanging up goes on then."""
    asked, found = await ask(request, lambda member: services.own_call(call_id, member))
    if found.state == CallState.OPEN:
        session = registry.get(asked.business, call_id)
        if session is not None:
            await _end_here(session)
        if not await in_thread(services.is_over)(call_id):
            # It lives elsewhere, or went there while it hung up here.
            await _end_elsewhere(asked, found)
    return answer({"id": str(call_id), "state": CallState.ENDED.value})


@endpoint("POST", scope=Scope.CALLS_WRITE)
async def consent(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """The customer's answer, recorded by the person on the call. Answered once it is saved; only then it counts."""
    content = body(request)
    only(content, {"answer"})
    given = parse_answer(content, "answer")
    try:
        asked, found = await ask(request, lambda member: consents.record_answer(call_id, member=member, answer=given))
    except DatabaseError as error:
        metrics.errors.labels("database").inc()
        raise ApiError(503, "not_recorded", NOT_RECORDED) from error
    session = registry.get(asked.business, call_id)
    if session is not None:
        # A no counts at once; a yes opens the door where the log says it, so that no line stands before it.
        if given.is_refusal:
            session.put_consent(consents.state_of(found))
        await session.read_inbox()
    return answer(consents.to_wire(found))


@endpoint("GET", scope=Scope.CALLS_READ)
async def events(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """The log after `after`; waits up to `wait` seconds for the first event, holding no database connection.

    Who waits is asked again as often as a socket is: a right that ends meanwhile ends the wait with 401.
    """
    drain.watch_for_stop()
    after = whole_parameter(request, "after", 0, 1 << 31)
    epoch = whole_parameter(request, "epoch", 0, 1 << 31) if "epoch" in request.GET else None
    wait_s = whole_parameter(request, "wait", 0, MAX_WAIT_S)
    asked, found = await ask(request, lambda member: services.read_call(call_id, member, via=Via.API))
    has_more_to_come = found.state == CallState.OPEN or found.report_state not in {"ready", "failed"}
    rest_s = float(wait_s) if has_more_to_come else 0.0
    async with registry.feed(asked.business, call_id) as feed:
        found_events = await feed.wait_for(after, min(rest_s, CHECK_EVERY_S), epoch)
        while not found_events.is_news and not registry.is_moving and (rest_s := rest_s - CHECK_EVERY_S) > 0:
            await ask_again(request, asked)
            found_events = await feed.wait_for(after, min(rest_s, CHECK_EVERY_S), found_events.epoch)
    if found.member_id != asked.member.id:
        # While it waited the right to see a colleague's call may have ended.
        await in_thread(services.visible_call)(call_id, asked.member)
    return raw_answer(found_events.to_wire())


@endpoint("POST", scope=Scope.CALLS_WRITE)
async def audio(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """PCM16, interleaved, from `first_sample` on.

    A call that has ended takes it as late audio (`calls.late`), for as long as that may come. `resume`: the oldest
    sample that the client still has.
    """
    first_sample = whole_parameter(request, "first_sample", None, 1 << 53)
    resume = whole_parameter(request, "resume", 0, 1 << 53) if "resume" in request.GET else None
    pcm = raw_body(request)
    asked, found = await ask(request, lambda member: services.own_call(call_id, member))
    if check_pcm(pcm, found.channels) == 0:
        raise MessageError("There is no audio in the body: send PCM16 at 16 kHz.")
    try:
        session = await _session(asked, call_id)
    except services.CallOver:
        return await _late_audio(call_id, first_sample, pcm, resume)
    stride = BYTES_PER_SAMPLE * found.channels
    ack = 0
    for offset in range(0, len(pcm), MAX_FRAME_SAMPLES * stride):
        piece = pcm[offset : offset + MAX_FRAME_SAMPLES * stride]
        ack = session.take_over_http(Frame(first_sample + offset // stride, piece))
    return answer({"ack": ack, "next_sample": session.next_sample})


@endpoint("POST", scope=Scope.CALLS_WRITE)
async def lines(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """Lines the browser recognised itself: same pipeline, coach included. `taken` is 0 while the server hears."""
    spoken = parse_lines(body(request))
    asked, _ = await ask(request, lambda member: services.own_call(call_id, member))
    session = await _session(asked, call_id)
    return answer({"taken": session.take_browser_lines(spoken)})


@endpoint("POST", scope=Scope.CALLS_WRITE)
async def actions(request: HttpRequest, call_id: uuid.UUID) -> HttpResponse:
    """A `ClientMessage`: what the events socket takes, for when it is blocked."""
    content = body(request)
    message = parse_client_message(content)
    asked, found = await ask(request, lambda member: services.visible_call(call_id, member))
    person = Person(asked.member.name, is_own_call=found.member_id == asked.member.id)
    check_rights(message, person)
    pace.spend((asked.business.id, asked.member.id))
    session = registry.get(asked.business, call_id)
    if session is not None:
        session.act(content, person)
    else:
        await in_thread(services.leave_message)(call_id, asked.member, content)
    return answer({"taken": 1})


@endpoint("GET", "POST", scope=Scope.CALLS_WRITE)
async def preflight(request: HttpRequest) -> HttpResponse:
    """Before a call. GET: what it can expect of speech recognition. POST: transcribes a sentence."""
    if request.method == "POST":
        return await _try_speech(request)
    asked, terms = await ask(request, lambda _: outlook.terms())
    return answer({"speech": await outlook.outlook(asked.business, terms)})


async def _try_speech(request: HttpRequest) -> HttpResponse:
    """Transcribes up to 6 s of mono PCM16 at 16 kHz, to show before a call that speech arrives. Keeps nothing."""
    pcm = raw_body(request, MAX_PREFLIGHT_BYTES)
    if check_pcm(pcm, 1) == 0:
        raise MessageError("There is no audio in the body: send mono PCM16 at 16 kHz.")
    _, (is_unheard, redact, own) = await ask(
        request, lambda member: (consents.is_on_unheard_call(member), current_policy().redact, own_speech())
    )
    if is_unheard:
        raise ApiError(409, "consent_needed", "You are on a call that may not be heard: hang up first, then try.")
    began = time.monotonic()
    try:
        text, provider = await transcribe_snippet(pcm, own)
    except SpeechError as error:
        raise ApiError(503, "no_speech", f"Speech can not be recognised right now: {error.reason}") from error
    text, _ = redacted_text(text, redact)
    return answer({"text": text, "took_ms": int((time.monotonic() - began) * 1_000), "provider": provider})


async def _session(asked: Asked, call_id: uuid.UUID) -> LiveSession:
    """The call's own, here. This process becomes the owner when no other one hears the client.

    Else 503 `elsewhere`: a body that the network kept back must not take the call from the socket that replaced it.
    """
    if registry.get(asked.business, call_id) is None:
        await in_thread(services.check_unowned)(call_id)
    return await registry.open(asked.business, call_id)


async def _late_audio(call_id: uuid.UUID, first_sample: int, pcm: bytes, resume: int | None) -> HttpResponse:
    try:
        taken = await in_thread(late.take)(call_id, first_sample, pcm, resume=resume)
    except OSError as error:
        metrics.errors.labels("storage").inc()
        raise ApiError(503, "saving_late", "The audio can not be stored right now: send it again later.") from error
    return answer({"ack": taken.ack, "next_sample": taken.ack})


async def _end_here(session: LiveSession) -> None:
    try:
        async with asyncio.timeout(END_WITHIN_S):
            await session.end("hung_up")
    except TimeoutError:
        raise ApiError(503, "saving_late", "The call ends as soon as it is saved: ask again in a moment.") from None


async def _end_elsewhere(asked: Asked, found: Call) -> None:
    """Another process may own the call: it is asked to hang up first; a dead owner is superseded."""
    with suppress(services.CallOver):
        await in_thread(services.leave_message)(found.id, asked.member, {"type": "end"})
    give_up_at = time.monotonic() + OWNER_ENDS_WITHIN_S
    while found.epoch and time.monotonic() < give_up_at:
        if await in_thread(services.is_over)(found.id):
            return
        await asyncio.sleep(POLL_S)
    await in_thread(services.end_call)(found.id, reason="hung_up")


def _short(content: dict[str, Any], name: str, maximum: int) -> str:
    value = content.get(name, "")
    if not isinstance(value, str) or len(value) > maximum:
        raise MessageError(f"{name} is text of at most {maximum} characters.")
    return value.strip().replace("\x00", "")
