"""Verifying one message."""
