"""A socket to the ASGI application of this process, for tests."""

from __future__ import annotations

from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator


class Communicator(WebsocketCommunicator):  # type: ignore[misc]  # Channels has no types
    """Channels' own, but threads give their database connections back while it talks, as on a real server.

    Channels' takes `close_old_connections` away during each message, for tests inside one transaction. Where two
    talk at once, the later one puts the other's replacement back: from then on no thread gives anything back.
    """

    async def send_input(self, message: Any) -> None:
        await ApplicationCommunicator.send_input(self, message)  # type: ignore[no-untyped-call]

    async def receive_output(self, timeout: float = 1) -> Any:  # noqa: ASYNC109 - as the base has it
        return await ApplicationCommunicator.receive_output(self, timeout)  # type: ignore[no-untyped-call]
