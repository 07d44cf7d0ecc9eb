"""Erasing one person from a business: what a customer or a member said, wrote and was called, wherever it stands."""
