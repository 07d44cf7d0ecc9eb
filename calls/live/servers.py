"""What the ASGI servers leave out, taught to them once per process: Daphne closes sockets without a reason.

Daphne 4.2 drops `reason` of `websocket.close`, refuses the registered code 1012, and drops the TCP connection
of whoever sends too much, which the other side sees as 1006. This protocol class does what the ASGI
specification says; uvicorn does so by itself and never loads it. It also takes any amount for a reader who does not
read: here that ends with 4429. See docs/adr/0006.
"""

from __future__ import annotations

import sys
from typing import Any

from calls.live.audio import TOO_LARGE
from calls.live.outbox import HOPELESS

MAX_UNSENT_BYTES = 1_000_000
"""What waits in this process for one reader that does not keep up, some thousand events; beyond it 4429."""


def unsent_bytes(transport: Any) -> int:
    """What Twisted holds for a connection and has not given to the kernel; 0 where it does not say."""
    waiting = len(getattr(transport, "dataBuffer", b"")) - getattr(transport, "offset", 0)
    return waiting + int(getattr(transport, "_tempDataLen", 0))


def teach_daphne() -> None:
    """Does nothing unless this process runs Daphne. Call it before the first socket; calling it twice is harmless."""
    module = sys.modules.get("daphne.ws_protocol")
    if module is None or getattr(module.WebSocketFactory.protocol, "tells_reasons", False):
        return

    class ReasonedProtocol(module.WebSocketProtocol):  # type: ignore[misc, name-defined]
        """Daphne's protocol with close reasons, every close code, and a close instead of a drop."""

        tells_reasons = True

        def handle_reply(self, message: dict[str, Any]) -> None:
            if message.get("type") == "websocket.close" and self.state == self.STATE_OPEN:
                reason = (message.get("reason") or "").encode()
                self.sendCloseFrame(code=message.get("code") or 1000, reasonUtf8=reason, isReply=False)
                return
            super().handle_reply(message)
            if self.state == self.STATE_OPEN and unsent_bytes(self.transport) > MAX_UNSENT_BYTES:
                # Daphne takes what it can not send without end. Whoever reads no more is dropped 1 s later.
                self.sendCloseFrame(code=HOPELESS.code, reasonUtf8=HOPELESS.reason.encode(), isReply=False)

        def _max_message_size_exceeded(self, msg_size: int, max_msg_size: int, reason: str) -> None:  # noqa: ARG002
            self.failedByMe = True
            self.sendCloseFrame(code=TOO_LARGE.code, reasonUtf8=TOO_LARGE.reason.encode(), isReply=False)

    module.WebSocketFactory.protocol = ReasonedProtocol
