"""What one call of the program works with, beside the verb's own decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .host import Host
from .options import Options
from .screen import Screen
from .signals import Stop
from .ssh import Ssh


@dataclass(frozen=True)
class Call:
    """Its hosts, and the means to work on them."""

    hosts: Sequence[Host]
    options: Options
    ssh: Ssh
    screen: Screen
    stop: Stop
