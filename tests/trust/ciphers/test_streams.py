"""Sealed streams: whole and in order, or refused; nothing is given out before it was checked."""

import errno
import io
import itertools
import os
import threading
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.errors import BadInput, CannotWrite
from tongguan.trust.ciphers import (
    AEADS,
    Tampered,
    generate_key,
    seal_stream,
    sealed_size,
    streams,
    unseal_chunks,
    unseal_range,
    unseal_stream,
)

CHUNK = 1 << 12  # the smallest that a reader takes: boundaries come cheap
STEP = CHUNK + 16
CONTEXT = b"evidence/17"


def sealed_by(algorithm, key, data, context=CONTEXT, log2=12):
    sink = io.BytesIO()
    assert streams._seal(algorithm, key, context, io.BytesIO(data), sink, log2) == len(data)
    return sink.getvalue()


def opened(key, sealed, context=CONTEXT):
    sink = io.BytesIO()
    count = unseal_stream(key, context, io.BytesIO(sealed), sink)
    assert count == len(sink.getvalue())
    return sink.getvalue()


@pytest.mark.parametrize("algorithm", AEADS)
@pytest.mark.parametrize("size", [0, 1, 15, 16, 4095, 4096, 4097, 3 * 4096 - 1, 3 * 4096, 3 * 4096 + 1, 40 * 4096 + 7])
def test_round_trips_at_every_boundary(algorithm, size):
    key, data = generate_key(algorithm), os.urandom(size)
    sealed = sealed_by(algorithm, key, data)
    assert len(sealed) == streams.HEADER_SIZE + size + 16 * max(1, -(-size // CHUNK))
    assert opened(key, sealed) == data
    assert b"".join(unseal_chunks(key, CONTEXT, io.BytesIO(sealed))) == data


@pytest.mark.parametrize("algorithm", AEADS)
@pytest.mark.parametrize("size", [0, 1, (1 << 18) - 1, 1 << 18, (1 << 18) + 1, 5 << 18])
def test_the_size_is_known_before(algorithm, size):
    key, data, sink = generate_key(algorithm), os.urandom(size), io.BytesIO()
    assert seal_stream(algorithm, key, CONTEXT, io.BytesIO(data), sink) == size
    assert len(sink.getvalue()) == sealed_size(size)
    assert opened(key, sink.getvalue()) == data


class Dribble:
    """A source that gives a few bytes at a time, as sockets and pipes do; by `read` alone, or by `readinto` too."""

    def __init__(self, data, steps):
        self.data, self.steps = io.BytesIO(data), steps

    def read(self, size=-1):
        return self.data.read(min(size, next(self.steps)))


class DribbleInto(Dribble):
    def readinto(self, buffer):
        got = self.read(len(buffer))
        buffer[: len(got)] = got
        return len(got)


class Sip:
    """A sink that takes a few bytes at a time, as raw files and sockets may."""

    def __init__(self, limit):
        self.data, self.limit = io.BytesIO(), limit

    def write(self, data):
        return self.data.write(data[: self.limit])


@given(st.integers(0, 5 * CHUNK), st.integers(1, 3 * CHUNK), st.integers(1, 3 * CHUNK), st.booleans())
@settings(max_examples=60, deadline=None)
def test_short_reads_and_writes_change_nothing(size, reads, writes, into):
    key, data, sink = bytes(32), os.urandom(size), Sip(writes)
    source = (DribbleInto if into else Dribble)(data, itertools.repeat(reads))
    assert streams._seal("aes-256-gcm", key, CONTEXT, source, sink, 12) == size
    back = Sip(writes)
    unseal_stream(key, CONTEXT, Dribble(sink.data.getvalue(), itertools.repeat(reads)), back)
    assert back.data.getvalue() == data


@pytest.mark.parametrize("algorithm", AEADS)
def test_every_flipped_bit_of_a_small_stream_is_refused(algorithm):
    key = generate_key(algorithm)
    sealed = sealed_by(algorithm, key, b"a few bytes")
    for bit in range(8 * len(sealed)):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            opened(key, bytes(altered))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_flipped_bits_of_a_long_stream_are_refused_and_only_whole_chunks_come_before(data):
    key, text = bytes(32), LONG
    altered = bytearray(LONG_SEALED)
    at = data.draw(st.integers(streams.HEADER_SIZE, len(altered) - 1))
    altered[at] ^= 1 << data.draw(st.integers(0, 7))
    sink = io.BytesIO()
    with pytest.raises(Tampered):
        unseal_stream(key, CONTEXT, io.BytesIO(altered), sink)
    released = (at - streams.HEADER_SIZE) // STEP * CHUNK
    assert sink.getvalue() == text[:released]


LONG = os.urandom(5 * CHUNK + 100)
LONG_SEALED = sealed_by("aes-256-gcm", bytes(32), LONG)
EXACT = os.urandom(5 * CHUNK)
EXACT_SEALED = sealed_by("aes-256-gcm", bytes(32), EXACT)


def test_every_truncation_is_refused():
    key, sealed = bytes(32), sealed_by("aes-256-gcm", bytes(32), os.urandom(2 * CHUNK + 3))
    near = {streams.HEADER_SIZE + n * STEP + d for n in range(3) for d in range(-20, 21)}
    for size in sorted(near | set(range(0, len(sealed), 97)) | set(range(streams.HEADER_SIZE + 20))):
        if 0 <= size < len(sealed):
            with pytest.raises(Tampered):
                opened(key, sealed[:size])
            with pytest.raises(Tampered):
                unseal_range(key, CONTEXT, io.BytesIO(sealed[:size]), 0, 1)


def chunks_of(sealed):
    body = sealed[streams.HEADER_SIZE :]
    return sealed[: streams.HEADER_SIZE], [body[at : at + STEP] for at in range(0, len(body), STEP)]


@pytest.mark.parametrize("sealed", [LONG_SEALED, EXACT_SEALED], ids=["short end", "full end"])
def test_chunks_moved_repeated_left_out_or_added_are_refused(sealed):
    head, parts = chunks_of(sealed)
    assert opened(bytes(32), head + b"".join(parts))
    attacks = [[*parts[:i], *parts[i + 1 :]] for i in range(len(parts))]
    attacks += [[*parts[:i], parts[i], *parts[i:]] for i in range(len(parts))]
    attacks += [[*parts[:i], parts[i + 1], parts[i], *parts[i + 2 :]] for i in range(len(parts) - 1)]
    attacks += [parts[:i] for i in range(len(parts))]
    attacks += [[*parts, extra] for extra in (b"\0", bytes(16), bytes(STEP), parts[-1])]
    for attack in attacks:
        with pytest.raises(Tampered):
            opened(bytes(32), head + b"".join(attack))


def test_chunks_of_another_stream_under_the_same_key_are_refused():
    other_head, other = chunks_of(sealed_by("aes-256-gcm", bytes(32), LONG))
    head, parts = chunks_of(LONG_SEALED)
    for mixed in (head + b"".join([other[0], *parts[1:]]), other_head + b"".join(parts), head + b"".join(other)):
        with pytest.raises(Tampered):
            opened(bytes(32), mixed)


def test_an_end_that_is_empty_is_refused():
    """Only an empty stream has an empty chunk: of every text there is one form of sealed stream."""
    key, sink = bytes(32), io.BytesIO()
    sealed = sealed_by("aes-256-gcm", key, EXACT)
    reader = streams._Reader(key, CONTEXT, io.BytesIO(sealed))
    head, parts = chunks_of(sealed)
    plain = memoryview(bytearray(CHUNK))
    reader.open(4, memoryview(parts[4]), True, plain)
    again, ending = memoryview(bytearray(STEP)), memoryview(bytearray(16))
    reader._cipher.seal_into(streams._nonce(4, False), plain, head, again)
    reader._cipher.seal_into(streams._nonce(5, True), b"", head, ending)
    forged = head + b"".join(parts[:4]) + bytes(again) + bytes(ending)
    with pytest.raises(Tampered):
        unseal_stream(key, CONTEXT, io.BytesIO(forged), sink)


def test_a_header_that_is_not_ours_is_refused():
    for at, value in ((0, 0), (7, 2), (8, 0), (8, 2), (9, 0), (9, 9), (10, 11), (10, 21), (10, 255), (11, 1), (15, 1)):
        altered = bytearray(LONG_SEALED)
        altered[at] = value
        with pytest.raises(Tampered):
            opened(bytes(32), bytes(altered))
    for data in (b"", b"\0", b"tongguan\x01", bytes(100), os.urandom(5000)):
        with pytest.raises(Tampered):
            opened(bytes(32), data)


@pytest.mark.parametrize("algorithm", AEADS)
def test_another_key_context_or_cipher_is_refused(algorithm):
    key = generate_key(algorithm)
    sealed = sealed_by(algorithm, key, b"text")
    for wrong_key, context in ((generate_key(algorithm), CONTEXT), (key, b"evidence/18"), (key, CONTEXT + b"\0")):
        with pytest.raises(Tampered):
            opened(wrong_key, sealed, context)
    if len(key) == 32:
        altered = bytearray(sealed)
        altered[9] = 4 - altered[9]  # AES (1) and ChaCha20 (3) take keys of one length
        with pytest.raises(Tampered):
            opened(key, bytes(altered))


def test_wrong_arguments_are_refused_before_anything_is_written():
    for arguments in (
        ("aes-256-gcm", bytes(16), CONTEXT),
        ("sm4-gcm", bytes(32), CONTEXT),
        ("aes-256-gcm", bytes(32), b""),
        ("aes-256-gcm", bytes(32), "text"),
        ("rot13", bytes(32), CONTEXT),
    ):
        sink = io.BytesIO()
        with pytest.raises(BadInput):
            seal_stream(*arguments, io.BytesIO(b"data"), sink)
        assert not sink.getvalue()
    for key in (b"", bytes(16), bytes(33)):
        with pytest.raises(Tampered):
            opened(key, LONG_SEALED)
    with pytest.raises(BadInput, match="the key"):
        opened("k" * 32, LONG_SEALED)
    with pytest.raises(BadInput, match="context"):
        opened(bytes(32), LONG_SEALED, b"")


@given(st.integers(0, len(LONG) + 50), st.integers(0, len(LONG) + 50), st.booleans())
@settings(max_examples=150, deadline=None)
def test_ranges(start, length, exact):
    text, sealed = (EXACT, EXACT_SEALED) if exact else (LONG, LONG_SEALED)
    assert unseal_range(bytes(32), CONTEXT, io.BytesIO(sealed), start, length) == text[start : start + length]


def test_a_range_reads_only_its_chunks_and_the_last():
    class Counting(io.BytesIO):
        seen = 0

        def readinto(self, buffer):
            got = super().readinto(buffer)
            self.seen += got
            return got

    source = Counting(LONG_SEALED)
    assert unseal_range(bytes(32), CONTEXT, source, CHUNK + 5, 10) == LONG[CHUNK + 5 : CHUNK + 15]
    assert source.seen == streams.HEADER_SIZE + STEP + 100 + 16


def test_a_range_of_an_altered_stream_is_refused():
    _, parts = chunks_of(LONG_SEALED)
    altered = bytearray(LONG_SEALED)
    altered[streams.HEADER_SIZE + STEP + 7] ^= 1
    assert unseal_range(bytes(32), CONTEXT, io.BytesIO(altered), 0, CHUNK) == LONG[:CHUNK]
    with pytest.raises(Tampered):
        unseal_range(bytes(32), CONTEXT, io.BytesIO(altered), CHUNK - 1, 2)
    for cut in (len(parts[-1]), len(parts[-1]) + STEP, 1):  # cut off at and beside a boundary, whatever is asked for
        with pytest.raises(Tampered):
            unseal_range(bytes(32), CONTEXT, io.BytesIO(LONG_SEALED[:-cut]), 0, 1)
    for wrong in ((-1, 1), (0, -1)):
        with pytest.raises(BadInput):
            unseal_range(bytes(32), CONTEXT, io.BytesIO(LONG_SEALED), *wrong)


class FullDisk(io.BytesIO):
    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


@pytest.mark.parametrize("room", [0, 48, 48 + STEP, 48 + 3 * STEP + 1])
def test_a_full_disk_ends_with_one_clear_error(room):
    with pytest.raises(CannotWrite, match="No space left"):
        streams._seal("aes-256-gcm", bytes(32), CONTEXT, io.BytesIO(LONG), FullDisk(room), 12)
    if room < len(LONG):
        with pytest.raises(CannotWrite, match="No space left"):
            unseal_stream(bytes(32), CONTEXT, io.BytesIO(LONG_SEALED), FullDisk(room))
    assert not [one for one in threading.enumerate() if one.name.startswith("sealed stream")]


def test_a_sink_or_source_that_is_not_blocking_is_refused():
    class Never:
        def write(self, data):
            return None

        def read(self, size):
            return None

    with pytest.raises(CannotWrite):
        seal_stream("aes-256-gcm", bytes(32), CONTEXT, io.BytesIO(b"data"), Never())
    with pytest.raises(BadInput, match="blocking"):
        seal_stream("aes-256-gcm", bytes(32), CONTEXT, Never(), io.BytesIO())


def test_a_source_that_fails_ends_with_one_clear_error():
    class Gone(io.BytesIO):
        def readinto(self, buffer):
            if self.tell() >= 2 * CHUNK:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().readinto(buffer)

    with pytest.raises(BadInput, match="Input/output error"):
        streams._seal("aes-256-gcm", bytes(32), CONTEXT, Gone(LONG), io.BytesIO(), 12)
    with pytest.raises(BadInput, match="Input/output error"):
        unseal_stream(bytes(32), CONTEXT, Gone(LONG_SEALED), io.BytesIO())


def test_a_sink_that_keeps_what_it_got_is_told_so():
    class Keeper:
        kept: list

        def __init__(self):
            self.kept = []

        def write(self, data):
            self.kept.append(data)
            return len(data)

    sink = Keeper()
    seal_stream("aes-256-gcm", bytes(32), CONTEXT, io.BytesIO(b"data"), sink)
    with pytest.raises(ValueError, match="released"):
        bytes(sink.kept[0])


def test_chunks_given_up_midway_leave_no_threads():
    pieces = unseal_chunks(bytes(32), CONTEXT, io.BytesIO(LONG_SEALED))
    assert next(pieces) == LONG[:CHUNK]
    pieces.close()
    assert not [one for one in threading.enumerate() if one.name.startswith("sealed stream")]


@pytest.mark.parametrize("algorithm", AEADS)
def test_memory_is_constant(algorithm, tmp_path):
    class Zeros:
        left = 32 << 20

        def readinto(self, buffer):
            got = min(self.left, len(buffer))
            self.left -= got
            return got

    key = generate_key(algorithm)
    with (tmp_path / "sealed").open("w+b") as file, (tmp_path / "opened").open("wb") as out:
        tracemalloc.start()
        seal_stream(algorithm, key, CONTEXT, Zeros(), file)
        file.seek(0)
        assert unseal_stream(key, CONTEXT, file, out) == 32 << 20
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("algorithm", AEADS)
def test_streams_in_many_threads_at_once(algorithm):
    key, faults = generate_key(algorithm), []

    def work(number):
        try:
            for size in (0, 5, 3 * CHUNK, 30 * CHUNK + number):
                data = bytes([number]) * size
                if opened(key, sealed_by(algorithm, key, data)) != data:
                    faults.append(number)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_no_two_chunks_share_a_nonce_and_no_two_streams_a_salt():
    nonces = {streams._nonce(number, last) for number in range(3000) for last in (False, True)}
    nonces |= {streams._nonce(streams.CHUNKS_MAX - number, False) for number in range(1, 100)}
    assert len(nonces) == 6099
    assert {len(nonce) for nonce in nonces} == {12}
    salts = {sealed_by("aes-256-gcm", bytes(32), b"")[16:48] for _ in range(500)}
    assert len(salts) == 500


def test_a_stream_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(streams, "CHUNKS_MAX", 3)
    sealed_by("aes-256-gcm", bytes(32), bytes(3 * CHUNK))
    with pytest.raises(BadInput, match="at most 3 chunks"):
        sealed_by("aes-256-gcm", bytes(32), bytes(3 * CHUNK + 1))
