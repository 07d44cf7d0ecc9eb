"""The Celery application. Tasks live in each app's `tasks.py` and take their business as an explicit argument."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salespilot.settings")

app = Celery("salespilot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
