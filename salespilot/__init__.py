"""The composition root: settings, ASGI, URLs, Celery, observability, quickstart. Nobody imports it."""

from salespilot.celery import app as celery_app

__all__ = ["celery_app"]
