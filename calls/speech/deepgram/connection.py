"""The official SDK, opened once per process and tuned for live calls."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from calls.speech.base import StreamSpec
from calls.speech.deepgram.errors import speech_error
from calls.speech.deepgram.options import Account, Timings, live_parameters

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient

_sdk_connect: Any = None


def tune(timings: Timings) -> None:
    """Give the SDK's sockets our timings. Process-wide, as the SDK has no option for them; idempotent.

    Compression is off: audio does not shrink, and it costs a millisecond of CPU per frame.
    """
    global _sdk_connect  # noqa: PLW0603 - the SDK's own function, kept so that tuning twice does not nest
    import deepgram.listen.v1.client as live  # noqa: PLC0415 - half a second, see the package's docstring

    module: Any = live
    if _sdk_connect is None:
        _sdk_connect = module.websockets_client_connect
    module.websockets_client_connect = functools.partial(
        _sdk_connect,
        open_timeout=timings.open_s,
        ping_interval=timings.ping_every_s,
        ping_timeout=timings.ping_answer_s,
        close_timeout=timings.close_s,
        compression=None,
    )


def _new_client(account: Account, session_id: str | None) -> AsyncDeepgramClient:
    from deepgram import AsyncDeepgramClient  # noqa: PLC0415
    from deepgram.environment import DeepgramClientEnvironment  # noqa: PLC0415

    environment = DeepgramClientEnvironment(
        base=account.http_url, production=account.socket_url, agent=account.socket_url, agent_rest=account.http_url
    )
    # A self-hosted service may want no key; the SDK insists on one.
    client = AsyncDeepgramClient(api_key=account.api_key or "none", environment=environment, session_id=session_id)
    _ = client.listen.v1  # imports the rest of the SDK here and not on the loop
    return client


async def new_client(account: Account, timings: Timings, *, session_id: str | None = None) -> AsyncDeepgramClient:
    """In a thread: importing the SDK and loading the certificates take half a second."""

    def build() -> AsyncDeepgramClient:
        tune(timings)
        return _new_client(account, session_id)

    return await asyncio.to_thread(build)


class Socket:
    """One open live socket: the SDK's client to send, the frames underneath it to read.

    The SDK parses every message into pydantic models (0.17 ms each, ten times plain JSON), and offers no raw
    way; so we iterate the websocket that its client wraps. A test against the pinned SDK guards the attribute.
    """

    def __init__(self, client: Any, timings: Timings) -> None:
        self._client = client
        self._websocket = client._websocket  # noqa: SLF001 - see above
        self._limit_s = timings.send_s

    async def send_audio(self, pcm: bytes) -> None:
        """Raises TimeoutError when the service stopped reading: the SDK itself would wait for ever."""
        async with asyncio.timeout(self._limit_s):
            await self._client.send_media(pcm)

    async def keep_alive(self) -> None:
        async with asyncio.timeout(self._limit_s):
            await self._client.send_keep_alive()

    async def close_stream(self) -> None:
        async with asyncio.timeout(self._limit_s):
            await self._client.send_close_stream()

    async def messages(self) -> AsyncIterator[str | bytes]:
        """Ends with a clean close, raises ConnectionClosedError with any other."""
        async for raw in self._websocket:
            yield raw


@asynccontextmanager
async def connect(
    client: AsyncDeepgramClient, spec: StreamSpec, account: Account, timings: Timings
) -> AsyncIterator[Socket]:
    """An open socket, or `SpeechError`. Leaving takes at most `close_s` and a little."""
    connecting = client.listen.v1.connect(**live_parameters(spec, account))
    try:
        # The SDK's own limit ends the upgrade; ours also covers name resolution.
        async with asyncio.timeout(timings.open_s + 1.0):
            sdk_client = await connecting.__aenter__()
    except Exception as error:
        raise speech_error(error) from error
    try:
        yield Socket(sdk_client, timings)
    finally:
        await _leave(connecting, timings)


async def _leave(connecting: Any, timings: Timings) -> None:
    try:
        async with asyncio.timeout(timings.close_s * 3 + 0.5):
            await connecting.__aexit__(None, None, None)
    except Exception:  # noqa: BLE001 - it is over either way, and says nothing new
        return
