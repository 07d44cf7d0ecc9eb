"""What else people do at once: walk through pages and the admin, invite, sign in and out, come where they may not."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import suppress

import httpx

from bench.soak.calls import Going
from bench.soak.house import House
from bench.soak.web import ADDRESS, BUSY, Person

_LINK = re.compile(r'(?:href|src)="(/[^"#]*)"')
AWAY = ("/static/", "/sign-out", "/admin/logout", "/account/")
PATIENCE = 0.05


async def wander(person: Person, going: Going, *starts: str) -> None:
    """A random walk along the links of the pages, exports and pictures included."""
    while going():
        path = random.choice(starts)
        for _ in range(8):
            if not going():
                return
            answer = await person.get(path)
            if answer.is_redirect:
                path = answer.headers["location"]
                if path.startswith("/sign-in"):
                    await person.sign_in()
                    break
                continue
            links = [link.replace("&amp;", "&") for link in _LINK.findall(answer.text)] if _is_page(answer) else []
            links = [link for link in links if not link.startswith(AWAY)]
            if not links:
                break
            path = random.choice(links)
            await asyncio.sleep(PATIENCE)


def _is_page(answer: httpx.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


async def run_the_house(admin: Person, going: Going) -> None:
    """What makes tasks and mails: invitations, back-tests of plays, reports written again, facts, exports."""
    canary = admin.house.canary
    number = 0
    while going():
        number += 1
        await admin.submit(
            "/admin/signin/invitation/add/",
            {"email": f"guest{number}@{canary}.example", "name": f"{canary} guest {number}", "roles": "rep"},
        )
        admin.watch.counts["invitations"] += 1
        await admin.submit("/admin/calls/playtest/add/?", _play(canary, number), page="/admin/coaching/play/add/")
        admin.watch.counts["back-tests"] += 1
        listed = await admin.get("/admin/calls/call/")
        chosen = re.findall(r'name="_selected_action" value="([0-9a-f-]{36})"', listed.text)[:2]
        if chosen:
            again = {"action": "write_again", "_selected_action": chosen}
            await admin.submit("/admin/calls/call/", again)
            admin.watch.counts["reports asked for again"] += len(chosen)
        fact = {"key": f"{canary}-{number}", "kind": "other", "title": f"{canary} fact", "body": f"{canary} body"}
        await admin.submit("/admin/coaching/knowledge/add/", {**fact, "is_active": "on"})
        for path in ("/admin/audit/auditline/export/", "/admin/coaching/playbookversion/export/", "/billing/export"):
            await admin.get(path)
        await asyncio.sleep(0.5)


def _play(canary: str, number: int) -> dict[str, str]:
    return {
        "title": f"{canary} test {number}", "say": f"{canary}?", "kind": "price", "topic": "soak", "trigger": "said",
        "match": "any", "channel": "", "patterns": canary, "within_s": "0", "from_s": "0", "until_s": "0",
        "priority": "50", "cooldown_s": "60", "is_active": "on", "key": f"{canary}-t{number}", "newest": "20",
    }  # fmt: skip


async def come_and_go(person: Person, going: Going) -> None:
    """In, a look, out; now and then with a wrong password, or asking for a new one."""
    turn = 0
    while going():
        turn += 1
        await person.sign_in()
        await person.get("/")
        await person.sign_out()
        if turn % 5 == 0:
            await person.submit("/sign-in/", {"email": f"nobody@{person.house.canary}.example", "password": "wrong"})
        if turn % 7 == 0:
            await person.submit("/sign-in/forgotten/", {"email": person.house.email("billing")})
        await asyncio.sleep(0.5)


async def switch_hosts(first: Person, second: Person, going: Going) -> None:
    """Both businesses' people over one connection that stays open, as behind a proxy."""
    for person in (first, second):
        await person.sign_in()
    while going():
        for path in ("/", "/calls/", "/brand.css", "/sign-in/", "/account/"):
            for person in random.sample((first, second), 2):
                await person.get(path)
                person.watch.counts["requests over a shared connection"] += 1
        await asyncio.sleep(PATIENCE)


async def hang_up_on(houses: tuple[House, House], person: Person, going: Going) -> None:
    """Connections that end in the middle: half a request, or an answer that nobody reads to its end."""
    while going():
        house = random.choice(houses)
        head = f"Host: {house.host}:{person.port}\r\nAuthorization: Bearer {house.key}\r\n"
        half = random.random() < 0.5
        request = (
            f"POST /api/calls HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{{"
            if half
            else f"GET /sign-in/ HTTP/1.1\r\n{head}\r\n"
        )
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(ADDRESS, person.port)
            writer.write(request.encode())
            await writer.drain()
            if not half:
                person.watch.look(house.canary, "an aborted answer", await reader.read(random.choice((1, 300, 3000))))
            writer.transport.abort()
        person.watch.counts["requests aborted"] += 1
        await asyncio.sleep(0.2)


async def trespass(person: Person, other: House, foreign_ids: list[str], going: Going) -> None:
    """With own rights at the other's things, and with the other's key here: nothing, ever."""
    while going():
        await asyncio.sleep(0.5)
        stolen = {"Authorization": f"Bearer {other.key}"}
        answer = await person.ask("POST", "/api/calls", json={"channels": 2}, headers=stolen)
        _must_refuse(person, answer, "a foreign key")
        if not foreign_ids:
            continue
        call_id = random.choice(foreign_ids)
        for path in (
            f"/calls/{call_id}/report/", f"/calls/{call_id}/recording.wav", f"/live/{call_id}/",
            f"/api/calls/{call_id}", f"/api/calls/{call_id}/events", f"/admin/calls/call/{call_id}/change/",
        ):  # fmt: skip
            answer = await person.get(path, asked_for=call_id)
            _must_refuse(person, answer, path)
        person.watch.counts["trespasses refused"] += 7


def _must_refuse(person: Person, answer: httpx.Response, what: str) -> None:
    is_out = answer.is_redirect and answer.headers["location"].startswith(("/admin/", "/sign-in/"))
    if answer.status_code not in {401, 403, 404, BUSY} and not is_out:
        person.watch.hit(person.house.canary, what, f"{answer.status_code} for a thing of the other business")
