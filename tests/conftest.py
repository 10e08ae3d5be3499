"""The tests speak English, whatever the machine speaks, and none of them asserts on time: machines are busy."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["LC_ALL"] = "C.UTF-8"
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
