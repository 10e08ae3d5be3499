"""The values of options that several commands take: typed text → value, or one line that says what is wrong."""

from __future__ import annotations

import argparse

from probe.errors import UsageError
from probe.target import parse_address
from probe.text import show


def seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if 0 < number <= 86400:
        return number
    raise argparse.ArgumentTypeError(f"{show(text)} is no number of seconds between 0 and a day")


def address(text: str) -> str:
    try:
        return parse_address(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def word(text: str) -> str:
    if text and text.isprintable() and " " not in text:
        return text
    raise argparse.ArgumentTypeError(f"'{show(text)}' is not one word")
