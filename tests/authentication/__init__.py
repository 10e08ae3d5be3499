"""Checks, asked of a name server that is a dict."""
