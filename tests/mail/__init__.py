"""Reading one message."""
