"""Celery's way to Redis, with one mend: a worker that could not acknowledge a task goes on to the next one."""

from __future__ import annotations

from typing import Any

from kombu.transport import redis, virtual


class QoS(redis.QoS):
    """A message whose acknowledgement was lost takes no place any more.

    In kombu it keeps it for ever, and a worker that takes one task at a time never takes another. The message itself is
    still in Redis and comes again after the visibility time-out: tasks are idempotent.
    """

    def ack(self, delivery_tag: Any) -> None:
        try:
            super().ack(delivery_tag)
        except Exception:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    """For `CELERY_BROKER_TRANSPORT`. Source: `kombu.transport.redis`."""

    Channel = Channel
