"""Servers that break the rules on purpose, and what the probe must make of each."""
