"""Logs and queues, a line or an object at a time. Each file knows one program's words; none of them does I/O."""
