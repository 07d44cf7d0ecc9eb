"""Trying for real what must not work between businesses, and saying what works all the same."""
