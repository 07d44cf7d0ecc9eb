from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        # Only now may models be imported.
        from calls import files, in_flight  # noqa: PLC0415
        from tenants.erasure import live  # noqa: PLC0415
        from tenants.files import register  # noqa: PLC0415

        register(files.AREA)
        live.register(in_flight.WORK)
