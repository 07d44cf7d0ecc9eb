from __future__ import annotations

from datetime import datetime

from django.apps import AppConfig

from tenants.figures import tell_last_call


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        tell_last_call(_last_call)


def _last_call() -> datetime | None:
    from calls.models import Call  # noqa: PLC0415 - models can not be imported before apps are ready

    return Call.objects.order_by("-started_at").values_list("started_at", flat=True).first()
