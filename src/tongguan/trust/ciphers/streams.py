"""Sealing of streams of any length in constant memory: the STREAM construction.

Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance" (CRYPTO
2015), as age and Tink use it.

    header: "tongguan" (8 bytes) · version 1 (1) · cipher (1) · log2 of the chunk size (1) · zero (5) · salt (32)
    chunks: ciphertext · tag (16 bytes); all of the chunk size but the last, which is empty only in an empty stream

The stream's key is HKDF(key, salt, info = label ‖ header without salt ‖ context). A chunk's nonce is its number (11
bytes) and 1 for the last, 0 for any other; its associated data are the header. So a chunk that is altered, moved,
repeated, left out, added or taken from another stream does not open, nor does a stream that ends early, and no
chunk is given out before its tag was checked. What was given out before a later chunk fails is genuine but incomplete:
whoever catches Tampered throws it away.
"""

from __future__ import annotations

import os
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from tongguan.errors import BadInput, CannotWrite
from tongguan.trust.ciphers.aead import TAG_SIZE, Aead, AeadName, Cipher, aead, numbered
from tongguan.trust.ciphers.filling import fill
from tongguan.trust.ciphers.hashing import derive
from tongguan.trust.ciphers.sealing import required
from tongguan.trust.ciphers.tampered import Tampered, octets, sized_key

__all__ = ["HEADER_SIZE", "seal_stream", "sealed_size", "unseal_chunks", "unseal_range", "unseal_stream"]

MAGIC = b"tongguan\x01"
SALT_SIZE = 32
HEADER_SIZE = 16 + SALT_SIZE
CHUNK_LOG2 = 18  # 256 KiB: a chunk and its ciphertext stay in the processor's second cache
CHUNK_LOG2S = range(12, 21)  # what a reader accepts: its memory is bounded by the largest
CHUNKS_MAX = 1 << 32  # of one stream: 1 PiB in chunks of 256 KiB

_Work = Callable[[int, memoryview, bool, memoryview], memoryview]  # number, block, last, room → result


def seal_stream(algorithm: AeadName, key: bytes, context: bytes, source: BinaryIO, sink: BinaryIO) -> int:
    """Seals all of the source into the sink; the bytes read. Neither is closed or flushed.

    context: says what is sealed and where it belongs, as with `seal`. Never empty. A sink must not keep what `write`
    gets. Raises BadInput (arguments; a source that cannot be read), CannotWrite (the sink).
    """
    return _seal(algorithm, key, context, source, sink, CHUNK_LOG2)


def unseal_stream(key: bytes, context: bytes, source: BinaryIO, sink: BinaryIO) -> int:
    """Opens a sealed stream into the sink; the bytes written.

    Raises Tampered: what stands in the sink then is incomplete and must be thrown away. BadInput, CannotWrite.
    """
    total = 0
    for chunk in _opened(key, context, source):
        _write(sink, chunk)
        total += len(chunk)
    return total


def unseal_chunks(key: bytes, context: bytes, source: BinaryIO) -> Iterator[bytes]:
    """The plaintext of a sealed stream, piece by piece, each checked before it is given out.

    Whoever takes them must reach the end: Tampered may come as late as with the last.
    """
    for chunk in _opened(key, context, source):
        yield bytes(chunk)


def unseal_range(key: bytes, context: bytes, source: BinaryIO, start: int, length: int) -> bytes:
    """Bytes [start, start + length) of the plaintext, or fewer where it ends before; reads only the chunks they lie in.

    source: seekable, with the sealed stream from its very beginning to its end. The last chunk is opened too, so that
    the end is proven. The chunks that are not read are not checked. Raises Tampered, BadInput.
    """
    if start < 0 or length < 0:
        raise BadInput("a range must not start before 0, nor have a length below 0")
    try:
        end = source.seek(0, 2)
        source.seek(0)
    except OSError as error:
        raise _unreadable(error) from None
    reader = _Reader(key, context, source)
    step = reader.chunk_size + TAG_SIZE
    count = max(1, -(-(end - HEADER_SIZE) // step))
    slot = _Slot(step, reader.chunk_size)

    def opened(number: int) -> bytes:
        source.seek(HEADER_SIZE + number * step)
        got = fill(source, slot.block)
        return bytes(reader.open(number, slot.block[:got], number == count - 1, slot.out))

    tail = opened(count - 1)
    stop = min(start + length, (count - 1) * reader.chunk_size + len(tail))
    if start >= stop:
        return b""
    first, final = start // reader.chunk_size, (stop - 1) // reader.chunk_size
    found = b"".join(tail if number == count - 1 else opened(number) for number in range(first, final + 1))
    offset = first * reader.chunk_size
    return found[start - offset : stop - offset]


def sealed_size(size: int) -> int:
    """Bytes that `seal_stream` makes of so many."""
    return HEADER_SIZE + size + TAG_SIZE * max(1, -(-size >> CHUNK_LOG2))


def _seal(algorithm: AeadName, key: bytes, context: bytes, source: BinaryIO, sink: BinaryIO, log2: int) -> int:
    chosen = aead(algorithm)
    key, context = sized_key(chosen.name, key, chosen.key_size), required(context)
    head = MAGIC + bytes((chosen.number, log2)) + bytes(5)
    salt = secrets.token_bytes(SALT_SIZE)
    cipher, header, size = _stream_cipher(chosen, key, head, salt, context), head + salt, 1 << log2

    def seal_chunk(number: int, plain: memoryview, last: bool, out: memoryview) -> memoryview:
        sealed = out[: len(plain) + TAG_SIZE]
        cipher.seal_into(_nonce(number, last), plain, header, sealed)
        return sealed

    _write(sink, memoryview(header))
    total = 0
    for sealed in _each_chunk(source, size, size + TAG_SIZE, chosen.threads, seal_chunk):
        _write(sink, sealed)
        total += len(sealed) - TAG_SIZE
    return total


def _each_chunk(source: BinaryIO, size: int, room: int, threads: int, work: _Work) -> Iterator[memoryview]:
    """What `work` makes of each block of `size` bytes from the source, in order; `room` bounds its results in bytes.

    Other threads work on blocks (OpenSSL lets go of the interpreter's lock) while this one reads and writes. A result
    stands until the next one is asked for. Closing the iterator ends the threads.
    """
    workers = min(threads, len(os.sched_getaffinity(0)))
    pool: ThreadPoolExecutor | None = None
    free: list[_Slot] = []
    busy: deque[tuple[_Slot, Future[memoryview]]] = deque()
    slot, number = _Slot(size, room), 0
    got = fill(source, slot.block)
    try:
        while True:
            following = free.pop() if free else _Slot(size, room)
            coming = fill(source, following.block) if got == size else 0
            last = coming == 0
            if number == CHUNKS_MAX:
                raise BadInput(f"one sealed stream holds at most {CHUNKS_MAX} chunks of {size} bytes")
            if last and number == 0:  # one block needs no threads
                yield work(0, slot.block[:got], True, slot.out)
                return
            pool = pool or ThreadPoolExecutor(workers, "sealed stream")
            busy.append((slot, pool.submit(work, number, slot.block[:got], last, slot.out)))
            while busy and (last or len(busy) > workers):
                done, result = busy.popleft()
                yield result.result()
                free.append(done)
            if last:
                return
            slot, got, number = following, coming, number + 1
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


class _Slot:
    """A block from the source, and room for what is made of it."""

    def __init__(self, size: int, room: int) -> None:
        self.block = memoryview(bytearray(size))
        self.out = memoryview(bytearray(room))


class _Reader:
    """The header of a sealed stream, and the opening of single chunks."""

    def __init__(self, key: bytes, context: bytes, source: BinaryIO) -> None:
        context, key = required(context), octets("the key", key)
        header = bytearray(HEADER_SIZE)
        got = fill(source, memoryview(header))
        self.header = bytes(header)
        chosen = numbered(header[len(MAGIC)])
        log2 = header[len(MAGIC) + 1]
        if (
            got < HEADER_SIZE
            or not self.header.startswith(MAGIC)
            or chosen is None
            or log2 not in CHUNK_LOG2S
            or any(header[len(MAGIC) + 2 : 16])
            or len(key) != chosen.key_size
        ):
            raise Tampered("the sealed stream")
        self.chunk_size, self.threads = 1 << log2, chosen.threads
        self._cipher = _stream_cipher(chosen, key, self.header[:16], self.header[16:], context)

    def open(self, number: int, sealed: memoryview, last: bool, out: memoryview) -> memoryview:
        """The chunk's plaintext, in `out`. Raises Tampered."""
        size = len(sealed) - TAG_SIZE
        if size < 0 or (size == 0 and number > 0) or (size < self.chunk_size and not last):
            raise Tampered("the sealed stream")
        plain = out[:size]
        try:
            self._cipher.open_into(_nonce(number, last), sealed, self.header, plain)
        except Tampered:
            raise Tampered("the sealed stream") from None
        return plain


def _opened(key: bytes, context: bytes, source: BinaryIO) -> Iterator[memoryview]:
    reader = _Reader(key, context, source)
    return _each_chunk(source, reader.chunk_size + TAG_SIZE, reader.chunk_size, reader.threads, reader.open)


def _stream_cipher(chosen: Aead, key: bytes, head: bytes, salt: bytes, context: bytes) -> Cipher:
    info = b"tongguan stream " + head + context
    return chosen.keyed(derive(chosen.hash, key, info=info, salt=salt, length=chosen.key_size))


def _nonce(number: int, last: bool) -> bytes:
    return (number << 8 | last).to_bytes(12)


def _write(sink: BinaryIO, data: memoryview) -> None:
    """All of the data. The view ends here: a sink that kept it gets an error at its next use, not other data."""
    with data[:] as rest:
        done = 0
        while done < len(rest):
            try:
                with rest[done:] as part:
                    count = sink.write(part)
            except OSError as error:
                raise CannotWrite(f"what is sealed or unsealed cannot be written: {error.strerror or error}") from None
            if not count:
                raise CannotWrite("what is sealed or unsealed cannot be written: the sink takes no more bytes")
            done += count


def _unreadable(error: OSError) -> BadInput:
    return BadInput(f"the source cannot be read: {error.strerror or type(error).__name__}")
