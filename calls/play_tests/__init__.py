"""Back-tests of a play on stored calls: how often it fires, and how often rightly."""
