"""Settings for a process that finds other migrations of the app `house` on disk: as after an upgrade of the code."""

import os

from salespilot.settings import *  # noqa: F403

MIGRATION_MODULES = {"house": os.environ["TEST_HOUSE_MIGRATIONS"]}
