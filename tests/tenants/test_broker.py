"""A worker's connection to the broker, when an answer is lost: real Valkey, and a way to it that can be cut."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import redis
from django.conf import settings
from kombu import Connection, Consumer, Producer, Queue

from salespilot.celery import app
from salespilot.quickstart.processes import wait_until
from salespilot.quickstart.valkey import EmbeddedValkey
from tests.faults.proxy import Proxy
from tests.server import Server

pytestmark = [pytest.mark.sockets, pytest.mark.timeout(120)]


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


@pytest.mark.processes
def test_a_worker_outlives_a_broker_that_refuses_to_write(tmp_path: Path) -> None:
    """A full disk does the same; a missing replica can be had without the right to mount."""
    valkey = EmbeddedValkey(tmp_path / "kv")
    url = valkey.start()
    try:
        with Server(with_worker=True, REDIS_URL=url) as server, redis.Redis.from_url(url) as client:
            client.config_set("min-replicas-to-write", "1")
            assert wait_until(lambda: "NOREPLICAS" in server.output("worker"), seconds=30)
            client.config_set("min-replicas-to-write", "0")
            with app.connection(url) as connection:
                app.send_task("calls.sweep", connection=connection)
            assert wait_until(lambda: "Task calls.sweep" in server.output("worker"), seconds=30)
    finally:
        valkey.stop()


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
