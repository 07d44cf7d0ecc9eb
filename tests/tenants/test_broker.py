"""A worker's connection to the broker, when an answer is lost: real Valkey, and a way to it that can be cut."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from kombu import Connection, Consumer, Producer, Queue

from salespilot.celery import app
from tests.faults.proxy import Proxy

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(60)]


class Worker:
    """Takes one message at a time, as ours do. Blocking: for a thread."""

    def __init__(self, connection: Connection, queue: Queue) -> None:
        self._connection = connection
        channel: Any = connection.channel()
        one_at_a_time: Any = channel.basic_qos
        self._queue = queue(channel)
        self._queue.declare()
        one_at_a_time(0, 1, False)
        self.taken: list[Any] = []
        consumer = Consumer(channel, [self._queue], callbacks=[lambda _, message: self.taken.append(message)])
        consumer.consume()

    def send(self, *bodies: str) -> None:
        producer = Producer(self._connection.channel(), routing_key=self._queue.name)
        for body in bodies:
            producer.publish(body)

    def take(self, count: int) -> None:
        """Until so many were taken; the test's own time-out ends it."""
        while len(self.taken) < count:
            with suppress(TimeoutError, *self._connection.connection_errors):
                self._connection.drain_events(timeout=0.2)

    def acknowledge(self) -> None:
        self.taken[-1].ack_log_error(logging.getLogger("tests"), self._connection.connection_errors)

    def close(self) -> None:
        self._queue.delete()
        self._connection.release()


def test_workers_use_it() -> None:
    assert app.connection().transport_cls == "salespilot.broker:Transport"
    assert type(app.connection().transport).__module__ == "salespilot.broker"


async def test_an_acknowledgement_that_is_lost_stops_no_worker() -> None:
    valkey = urlsplit(settings.REDIS_URL)
    proxy = Proxy(valkey.hostname or "", valkey.port or 0)
    await proxy.mend()
    url = valkey._replace(netloc=f":{valkey.password}@127.0.0.1:{proxy.port}").geturl()
    options = {"socket_timeout": 0.3, "global_keyprefix": "tests-broker:"}
    connection = Connection(url, transport="salespilot.broker:Transport", transport_options=options)
    worker = await asyncio.to_thread(Worker, connection, Queue("broken-off"))
    try:
        await asyncio.to_thread(worker.send, "first", "second")
        await asyncio.to_thread(worker.take, 1)
        proxy.vanish()
        await asyncio.to_thread(worker.acknowledge)
        await proxy.mend()
        await asyncio.to_thread(worker.take, 2)
        assert [message.body for message in worker.taken] == [b"first", b"second"]
    finally:
        await asyncio.to_thread(worker.close)
        await proxy.cut()
