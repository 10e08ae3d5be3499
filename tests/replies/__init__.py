"""Tests of probe.replies, against the shipped data."""
