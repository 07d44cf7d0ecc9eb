"""A mail server on a real socket, for tests: speaks SMTP as far as our mails need, keeps what it is given.

Runs on an event loop in a thread of its own. `faults` answer one command each instead of the usual.
"""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import threading
from collections import deque
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self


@dataclass(slots=True)
class Received:
    """One mail as it came: the envelope, the login it was sent under, and the message."""

    sender: str
    recipients: list[str]
    login: tuple[str, str] | None
    message: EmailMessage

    def part(self, kind: str) -> str:
        """The text of the first part of that content type."""
        return next(str(part.get_content()) for part in self.message.walk() if part.get_content_type() == kind)


@dataclass(slots=True)
class Fault:
    """The answer to the next command that begins with `verb`; an empty one cuts the connection."""

    verb: str
    answer: str


@dataclass(slots=True)
class _Session:
    login: tuple[str, str] | None = None
    sender: str = ""
    recipients: list[str] = field(default_factory=list)


class SmtpServer:
    """Use as a context manager; `url` goes into MAIL_URL. `login`: who may send, nobody else then."""

    def __init__(self, *, login: tuple[str, str] | None = None) -> None:
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.faults: deque[Fault] = deque()
        self._login = login
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="smtp-server")
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        login = f"{self._login[0]}:{self._login[1]}@" if self._login else ""
        return f"smtp://{login}127.0.0.1:{self.port}?tls=none"

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        assert self._server
        self._server.close()
        for task in asyncio.all_tasks(self._loop) - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = _Session()

        async def say(answer: str) -> None:
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()

        try:
            await say("220 test")
            while line := (await reader.readline()).decode().strip():
                self.commands.append(line)
                verb = line.split(" ")[0].upper()
                if self.faults and self.faults[0].verb == verb:
                    if not (answer := self.faults.popleft().answer):
                        return
                    await say(answer)
                elif verb == "QUIT":
                    await say("221 bye")
                    return
                elif verb == "DATA":
                    await say("354 go on")
                    await say(self._take(session, await reader.readuntil(b"\r\n.\r\n")))
                else:
                    await say(self._answer(verb, line, session))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _answer(self, verb: str, line: str, session: _Session) -> str:
        match verb:
            case "EHLO":
                return "250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME" if self._login else "250-test\r\n250 8BITMIME"
            case "AUTH":
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                if (user, password) != self._login:
                    return "535 no"
                session.login = (user, password)
                return "235 welcome"
            case "MAIL":
                if self._login and not session.login:
                    return "530 sign in first"
                session.sender, session.recipients = _address(line), []
                return "250 ok"
            case "RCPT":
                session.recipients.append(_address(line))
                return "250 ok"
            case "RSET" | "NOOP":
                return "250 ok"
            case _:
                return "502 unknown"

    def _take(self, session: _Session, data: bytes) -> str:
        content = data.removesuffix(b"\r\n.\r\n").replace(b"\r\n..", b"\r\n.")
        message = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(Received(session.sender, list(session.recipients), session.login, message))
        return "250 taken"


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
