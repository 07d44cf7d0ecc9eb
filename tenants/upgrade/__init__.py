"""Bringing every business's tables up to date: who is behind, one schema under its lock, many by several processes."""
