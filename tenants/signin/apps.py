from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "tenants.signin"
    label = "signin"
    verbose_name = "Sign-in"

    def ready(self) -> None:
        # Only now may models be imported.
        from tenants.signin import receivers  # noqa: PLC0415

        receivers.connect()
