"""Verifying one message: octets in, ``Assessment`` out. ``probe.message`` is its door."""
