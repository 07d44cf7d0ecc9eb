from django.apps import AppConfig


class RatesConfig(AppConfig):
    name = "billing.rates"
    label = "rates"
    verbose_name = "Price list"
