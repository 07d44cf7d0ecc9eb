"""A business as one file: taken out of one installation, brought into another. What is in it: docs/moving.md."""
