"""The servers that the demo, the tests and the pytest plugin start: on loopback, on free ports, gone when left.

``dns`` answers from zones written as text, ``smtp`` holds a conversation as told (``behaviour``), ``certificate`` makes
what a server needs for TLS. Nothing here is imported by a probe of a real server.
"""
