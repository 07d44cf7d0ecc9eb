from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = "Businesses"

    def ready(self) -> None:
        # Only now may models be imported.
        from tenants import checks, contenttypes, mail_checks, signals  # noqa: F401, PLC0415 - checks register themselves

        contenttypes.install()
        signals.connect()
