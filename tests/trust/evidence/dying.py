"""Does one thing with evidence and is killed at a named point: `dying.py FOLDER PLACE ACT POINT`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from evidence_room import OFFICER, Room

from tongguan.trust.evidence import Piece, adding, adding_many, digest, retention
from tongguan.trust.evidence.stores import drafts, local
from tongguan.trust.evidence.vault import Vault

CONTENT = bytes(range(256)) * 40_000  # 10 MB: three buffers on their way to disk

# point: where, which function, how many calls it lives through, and whether it dies before the call or after it
ADD: dict[str, tuple[Any, str, int, bool]] = {
    "before the data key": (Vault, "new_blob_keys", 0, True),
    "with a draft made": (drafts.DraftFile, "__init__", 0, False),
    "in the first piece": (drafts.DraftFile, "write", 1, True),
    "while pieces go to disk": (drafts.DraftFile, "write", 30, True),
    "while hashing": (digest, "_leaf", 4, True),
    "when all is sealed": (adding, "keyed", 0, False),
    "when the row is pending": (local.LocalStore, "keep", 0, True),
    "before all is on disk": (drafts.DraftFile, "finish", 0, True),
    "when all is on disk": (drafts.DraftFile, "finish", 0, False),
    "before the folder is on disk": (local, "_to_disk", 2, True),
    "when the blob is in its place": (local.LocalStore, "keep", 0, False),
    "before the manifest": (adding, "_insert", 0, True),
    "before the commit": (adding, "_insert", 0, False),
    "when all is done": (adding, "_published", 0, False),
}
MANY: dict[str, tuple[Any, str, int, bool]] = {
    "in the middle of sealing": (adding_many, "sealed", 7, False),
    "when the rows are pending": (local.LocalStore, "keep_many", 0, True),
    "when some are on disk": (drafts.DraftFile, "finish", 5, False),
    "when some folders are on disk": (local, "_to_disk", 9, False),
    "when the blobs are in their places": (local.LocalStore, "keep_many", 0, False),
    "before the commit": (adding_many, "told", 19, False),
    "when all is done": (adding_many, "_publish", 0, False),
}
EXPIRE: dict[str, tuple[Any, str, int, bool]] = {
    "before anything": (retention, "_expire_one", 0, True),
    "when the manifest is a tombstone": (retention, "_expire_one", 0, False),
    "before the file goes": (local.LocalStore, "remove", 0, True),
    "when the file is gone": (local.LocalStore, "remove", 0, False),
    "when all is done": (retention, "discard", 0, False),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(where: Any, name: str, lives: int, before: bool) -> None:
    whole, calls = getattr(where, name), 0

    def armed(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls > lives:
            die()
        result = whole(*args, **more)
        if calls > lives:
            die()
        return result

    setattr(where, name, armed)


def main() -> None:
    folder, place, act, point = sys.argv[1:]
    room = Room(Path(folder), place if place.startswith("postgresql") else Path(place))
    arm(*{"add": ADD, "many": MANY, "expire": EXPIRE}[act][point])
    if act == "add":
        room.add(CONTENT, name="dying.bin")
    elif act == "many":
        room.evidence.add_many(
            [Piece(b"%d" % n * 100, "message", f"{n}", "text/plain", "甲") for n in range(20)], OFFICER
        )
    else:
        room.clock.ahead = 1100 * 86400.0
        room.evidence.expire(OFFICER)
    print("lived")


if __name__ == "__main__":
    main()
