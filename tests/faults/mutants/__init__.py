"""Mechanisms that keep a call whole, each with the change that takes it away and the tests that must fail then."""
