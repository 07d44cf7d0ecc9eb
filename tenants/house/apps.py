from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "tenants.house"
    label = "house"
    verbose_name = "Brand and policies"

    def ready(self) -> None:
        # Only now may models be imported.
        from tenants.files import register  # noqa: PLC0415
        from tenants.house import files  # noqa: PLC0415

        register(files.AREA)
