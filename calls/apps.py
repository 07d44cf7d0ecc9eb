from __future__ import annotations

from datetime import datetime

from django.apps import AppConfig
from django.db.models.signals import post_save

from tenants.figures import tell_last_call


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        # Only now may models be imported.
        from calls import files, in_flight, refusals  # noqa: PLC0415
        from tenants.erasure import live  # noqa: PLC0415
        from tenants.files import register  # noqa: PLC0415
        from tenants.house.models import VendorKeys  # noqa: PLC0415

        register(files.AREA)
        live.register(in_flight.WORK)
        tell_last_call(_last_call)
        # What was refused was another key.
        post_save.connect(refusals.keys_changed, sender=VendorKeys, dispatch_uid="calls.refusals")


def _last_call() -> datetime | None:
    from calls.models import Call  # noqa: PLC0415 - models can not be imported before apps are ready

    return Call.objects.order_by("-started_at").values_list("started_at", flat=True).first()
