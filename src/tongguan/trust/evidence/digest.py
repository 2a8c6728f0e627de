"""The digest of a content, taken on other threads while the content is sealed.

A tree of two levels over blocks of 1 MiB: leaf = H(0 ‖ block), root = H(1 ‖ leaf ‖ leaf …). Blocks are independent, so
that several cores hash them. H is SHA-256 or SM3. Collisions are as hard as of H itself, also for those who know the
entity's key; that is why the tags of the cipher, which are as fast, do not serve for it.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from tongguan.trust.ciphers import HashName, mac, new_hash
from tongguan.trust.ciphers.filling import fill

__all__ = ["BLOCK", "Digesting", "keyed"]

BLOCK = 1 << 20
THREADS = 2
AHEAD = 2 * THREADS  # blocks in the making: memory is AHEAD + 1 blocks


class Digesting:
    """A source that reads from another and digests what passes. Use it in `with`, then ask `root` and `size`."""

    def __init__(self, algorithm: HashName, source: BinaryIO, expected: int | None = None) -> None:
        """expected: exactly what the source has, in bytes, where that is known."""
        self.size = 0
        self._room = BLOCK if expected is None else min(BLOCK, expected + 1)
        self._algorithm = algorithm
        self._source = source
        self._root = new_hash(algorithm)
        self._root.update(b"\1")
        self._pool: ThreadPoolExecutor | None = None
        self._pending: deque[tuple[Future[bytes], bytearray]] = deque()
        self._free: list[bytearray] = []
        self._block = memoryview(b"")
        self._ended = False

    def __enter__(self) -> Digesting:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def readinto(self, buffer: memoryview) -> int:
        if not self._block and not self._ended:
            self._next()
        count = min(len(buffer), len(self._block))
        buffer[:count] = self._block[:count]
        self._block = self._block[count:]
        return count

    def root(self) -> bytes:
        """The tree's root: 32 bytes. All must have been read."""
        assert self._ended and not self._block
        while self._pending:
            self._settle()
        return self._root.digest()

    def _next(self) -> None:
        """Read one block, and have it hashed while its bytes are handed on."""
        if len(self._pending) >= AHEAD:
            self._settle()
        block = self._free.pop() if self._free else bytearray(self._room)
        got = fill(self._source, memoryview(block), "the evidence")
        self._ended = got < self._room
        self.size += got
        self._block = memoryview(block).toreadonly()[:got]
        if got == BLOCK:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="digest")
            self._pending.append((self._pool.submit(_leaf, self._algorithm, self._block), block))
        elif got:
            while self._pending:
                self._settle()
            self._root.update(_leaf(self._algorithm, self._block))

    def _settle(self) -> None:
        leaf, block = self._pending.popleft()
        self._root.update(leaf.result())
        self._free.append(block)


def keyed(algorithm: HashName, key: bytes, size: int, root: bytes) -> str:
    """The address of a content within one entity: "<hash>:<hex>"."""
    return f"{algorithm}:{mac(algorithm, key, b'tongguan evidence content' + size.to_bytes(8) + root).hex()}"


def _leaf(algorithm: HashName, block: memoryview) -> bytes:
    leaf = new_hash(algorithm)
    leaf.update(b"\0")
    leaf.update(block)
    return leaf.digest()
