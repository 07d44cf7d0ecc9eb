"""Cards by OpenAI's chat completions, or by any server that speaks them, through the official SDK."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
import openai

from coaching import prompts
from coaching.llm import faults
from coaching.llm.base import CardRequest, CardText, ModelError
from coaching.llm.capabilities import ABOUT_CONTENT, Capabilities
from coaching.llm.stream import ChatStream, Lines
from coaching.types import Usage

CONNECT_S = 1.5
READ_S = 4.0
SILENCE_S = 1.0
KEEPALIVE_S = 300
MODELS_REMEMBERED = 64
MAX_ATTEMPTS = 5
NO_KEY = "no-key"


class OpenAICardModel:
    """One per process, shared by its calls. Cheap until used; one client per event loop, kept warm for 300 s.

    The SDK opens and authenticates; the pieces of the stream are read raw, because its objects cost more than
    the rest of the request together.
    """

    provider = "openai"

    def __init__(self, *, model: str, api_key: str, base_url: str = "") -> None:
        self._model = model
        self._api_key = api_key or NO_KEY
        self._base_url = base_url or None
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = WeakKeyDictionary()
        self._capabilities: OrderedDict[str, Capabilities] = OrderedDict()

    @property
    def capabilities(self) -> Capabilities:
        """What its own model takes; each model that a request names has its own."""
        return self._capabilities_of(self._model)

    @property
    def name(self) -> str:
        return self._model

    async def warm_up(self) -> None:
        """Open the connection, and load what the first card needs.

        A server without a list of models still counts as reached.
        """
        client = self._client()
        _ = client.chat.completions.with_streaming_response  # the SDK imports this at its first use
        try:
            async with asyncio.timeout(CONNECT_S + READ_S):
                await client.models.list()
        except openai.NotFoundError:
            return
        except (openai.OpenAIError, httpx2.HTTPError, OSError, TimeoutError) as error:
            raise faults.as_model_error(error) from error

    async def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        """See `CardModel`. Bounded by `request.total_s` in all and by 1 s between two pieces; its deadline for first
        words is the caller's. The card is whole when the vendor says why it finished; what fails after that costs
        the usage only.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + request.total_s
        stream = ChatStream()
        try:
            async with asyncio.timeout_at(end) as limit, aclosing(self._lines(request)) as lines:
                async for line in lines:
                    card = stream.take(line)
                    if stream.has_moved:
                        limit.reschedule(min(end, loop.time() + SILENCE_S))
                    if card is not None:
                        yield card
        except ModelError:
            if not stream.is_whole:
                raise
        except (openai.OpenAIError, httpx2.HTTPError, OSError, TimeoutError) as error:
            if not stream.is_whole:
                raise faults.as_model_error(error) from error
        stream.check()
        for entry in stream.usage(self.provider, request.model or self._model):
            yield entry

    async def aclose(self) -> None:
        """Close the client of the running loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    async def _lines(self, request: CardRequest) -> AsyncGenerator[str]:
        """The lines of the answer; asks again with less when the server does not know a parameter."""
        can = self._capabilities_of(request.model or self._model)
        tried = can.copy()
        for _ in range(MAX_ATTEMPTS):
            params = tried.fit(self._params(request))
            try:
                async with self._client().chat.completions.with_streaming_response.create(**params) as response:
                    can.take(tried)
                    lines = Lines()
                    async for data in response.iter_bytes():
                        for line in lines.feed(data):
                            yield line
                    yield lines.end()
                    return
            except (openai.BadRequestError, openai.UnprocessableEntityError) as refusal:
                if refusal.code in ABOUT_CONTENT or not tried.learn(str(refusal)):
                    raise
        raise ModelError("bad_request", retryable=False)

    def _capabilities_of(self, model: str) -> Capabilities:
        """Bounded: the model not asked for the longest is learned again."""
        known = self._capabilities.setdefault(model, Capabilities())
        self._capabilities.move_to_end(model)
        while len(self._capabilities) > MODELS_REMEMBERED:
            self._capabilities.popitem(last=False)
        return known

    def _params(self, request: CardRequest) -> dict[str, Any]:
        schema = {"name": "card", "strict": True, "schema": prompts.CARD_SCHEMA}
        params: dict[str, Any] = {
            "model": request.model or self._model,
            "messages": [{"role": role, "content": text} for role, text in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "response_format": {"type": "json_schema", "json_schema": schema},
            "max_completion_tokens": request.max_output_tokens,
            "reasoning_effort": "none",
            "verbosity": "low",
            "prompt_cache_key": request.cache_key,
            "store": False,
            "temperature": request.temperature,
        }
        return params

    def _client(self) -> openai.AsyncOpenAI:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = openai.AsyncOpenAI(
                api_key=self._api_key,
                base_url=self._base_url,
                max_retries=0,
                timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
                http_client=openai.DefaultAioHttpClient(
                    timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
                    limits=httpx2.Limits(
                        max_connections=200, max_keepalive_connections=50, keepalive_expiry=KEEPALIVE_S
                    ),
                ),
            )
        return client
