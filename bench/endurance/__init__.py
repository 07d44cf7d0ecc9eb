"""Half an hour of calls that come and go: does memory stay, and does everything that was opened get closed."""
