"""Understanding: from the text of a reply to its cause.

``explanation`` is the way in; ``comparison`` sets two codes side by side. Everything here is pure: no clock, no
network, no file but what the catalogue hands over. A module that is not asked for is not imported.
"""
