"""The tables of a business as one SQL text, made from the migrations: replaying it takes a tenth of migrating."""

MAKE_COMMAND = "python -m salespilot.quickstart.template"
