"""Unpacks a corpus for libFuzzer, which needs a folder with a file for each input, and packs it.

usage: corpus.py unpack FILE FOLDER
       corpus.py pack FOLDER FILE

A packed corpus is a text. `== NAME` begins an input, in the order of the names. Its lines are
unescaped and joined. A `\\n` at the end of a line is a line break of the input.
"""

import re
import sys
from pathlib import Path

SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"}


def escaped(line: bytes) -> str:
    # latin-1 maps each byte to one character. The escapes ensure that no line looks like a name,
    # and that none ends with a space, which editors remove.
    return re.sub(r"[^ -\[\]-~]|^=| \Z", escaped_one, line.decode("latin-1"))


def escaped_one(found: re.Match[str]) -> str:
    return SHORT.get(found[0]) or f"\\x{ord(found[0]):02x}"


def unescaped(line: str) -> bytes:
    return line.encode("ascii").decode("unicode_escape").encode("latin-1")


def unpack(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    inputs = re.split(r"^== ", file.read_text(), flags=re.MULTILINE)[1:]
    for name, *lines in map(str.splitlines, inputs):
        (folder / name).write_bytes(b"".join(map(unescaped, lines)))


def pack(folder: Path, file: Path) -> None:
    with file.open("w") as packed:
        for one in sorted(folder.iterdir()):
            print("==", one.name, file=packed)
            for line in re.findall(rb"[^\n]*\n|[^\n]+", one.read_bytes()):
                print(escaped(line), file=packed)


if __name__ == "__main__":
    try:
        action = {"unpack": unpack, "pack": pack}[sys.argv[1]]
        source, target = map(Path, sys.argv[2:])
    except (IndexError, KeyError, ValueError):
        sys.exit(__doc__)
    action(source, target)
