"""What both sockets of a replay share: how to open one, which closes are final, how long to wait between tries."""

from __future__ import annotations

import random

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from calls.replay.target import Target

MAX_ATTEMPTS = 8
MOVING = 1012
TOO_FAST = 4429
FINAL_CLOSES = {4400, 4401, 4403, 4404, 4409, 4413}
LOST = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError)
OPEN_TIMEOUT_S = 10


class ReplayError(Exception):
    """The call could not be completed. The message says why, without transcript text."""


async def open_socket(target: Target, path: str, key: str) -> ClientConnection:
    """One connected socket, without compression, as the call sockets want it."""
    return await connect(
        target.websocket(path),
        additional_headers={"Authorization": f"Bearer {key}"},
        compression=None,
        max_size=4 << 20,
        open_timeout=OPEN_TIMEOUT_S,
        proxy=None if target.is_local else True,
        host=target.connect_to,
        port=target.port,
    )


def close_code(error: BaseException) -> int | None:
    if isinstance(error, ConnectionClosed) and error.rcvd is not None:
        return error.rcvd.code
    return None


def raise_if_final(error: BaseException, *, socket: str) -> None:
    """Turns a close that no new attempt can mend into `ReplayError`."""
    code = close_code(error)
    if code in FINAL_CLOSES and isinstance(error, ConnectionClosed) and error.rcvd is not None:
        raise ReplayError(f"The {socket} socket was closed: {code} {error.rcvd.reason}") from error


def wait_before(attempt: int, code: int | None) -> float:
    """Seconds before attempt number `attempt` (from 0): doubling to 10 s with jitter, at once when moving."""
    if code == MOVING:
        return 0.0
    return min(2.0**attempt, 10.0) * random.uniform(0.5, 1.0)  # noqa: S311 (jitter, not a secret)
