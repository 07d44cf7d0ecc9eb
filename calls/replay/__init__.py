"""Sends a recording through the public API and sockets, as a browser would, and tells what came back."""
