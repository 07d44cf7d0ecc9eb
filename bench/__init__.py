"""Measures the live path against local servers that speak the vendors' protocols: `make bench`."""
