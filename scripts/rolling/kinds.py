"""The kinds of values of the command line, for argparse."""

from __future__ import annotations

import argparse
import os

from .plan import Share
from .text import seconds
from .window import end_of


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of hosts")
    return int(text)


def time(text: str) -> str:
    try:
        seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def share(text: str) -> str:
    try:
        Share.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def config_file(text: str) -> str:
    """Absolute, because the roll may continue from another folder."""
    return text if text == "none" else os.path.abspath(text)


def window(text: str) -> str:
    try:
        end_of(text, 0.0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text
