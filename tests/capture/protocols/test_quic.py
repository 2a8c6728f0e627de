"""QUIC: the name that a client asks for is read out of its first packets."""

from __future__ import annotations

import random
import ssl

import dialogues
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from speaking import CLIENT, DATAGRAMS, SERVER, whole

from tongguan.capture.protocols.quic import client_keys
from tongguan.model import BlindKind

SALT = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
CHOSEN = bytes.fromhex("8394c8f03e515708")


def test_keys_are_those_of_rfc_9001_appendix_a() -> None:
    assert [key.hex() for key in client_keys(SALT, "quic", CHOSEN)] == [
        "1f369613dd76d5467730efcbe3b1a22d",
        "fa044b2f42a3fd3b46fb255c",
        "9f50449e04a0e810283a1e9933adedd2",
    ]


def long(number: int) -> bytes:
    return (0x4000 | number).to_bytes(2, "big")


def initial(frames: bytes, number: int) -> bytes:
    """A client's Initial packet, sealed as RFC 9001 §5.3 and §5.4 say."""
    key, vector, mask_key = client_keys(SALT, "quic", CHOSEN)
    plain = frames.ljust(1100, b"\0")
    head = b"\xc3\0\0\0\x01\x08" + CHOSEN + b"\0\0" + long(4 + len(plain) + 16) + number.to_bytes(4, "big")
    nonce = bytes(a ^ b for a, b in zip(vector, number.to_bytes(12, "big"), strict=True))
    sealed = AESGCM(key).encrypt(nonce, plain, head)
    mask = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor().update(sealed[:16])
    hidden = bytes(a ^ b for a, b in zip(head[-4:], mask[1:5], strict=True))
    return bytes([head[0] ^ mask[0] & 0x0F]) + head[1:-4] + hidden + sealed


def hello() -> bytes:
    record = dialogues.tls(ssl.TLSVersion.TLSv1_3)[0][1]
    assert isinstance(record, bytes)
    return record[5:]


def crypto(offset: int, data: bytes) -> bytes:
    return b"\x06" + long(offset) + long(len(data)) + data


def test_a_name_in_two_packets_out_of_order() -> None:
    message = hello()
    first = initial(b"\x01" + crypto(100, message[100:]), 0)
    second = initial(crypto(0, message[:60]) + crypto(60, message[60:100]), 1)
    heard = whole([(CLIENT, first), (CLIENT, second), (SERVER, b"\xc0\0\0\0\x01" + bytes(500))], DATAGRAMS)
    assert [(one.protocol, one.application, one.size) for one in heard.said] == [
        ("tls", "pay.abroad.example", len(first) + len(second)),
        ("tls", "pay.abroad.example", 505),
    ]
    assert [spot[:2] for spot in heard.spots] == [(BlindKind.ENCRYPTED, "QUIC")] * 2
    assert heard.log("ssl")[0]["server_name"] == "pay.abroad.example"


def test_damaged_packets_are_counted_all_the_same() -> None:
    chance = random.Random(3)
    good = initial(crypto(0, hello()), 0)
    for _ in range(300):
        data = bytearray(good[: chance.randrange(7, len(good))])
        for _ in range(chance.randrange(4)):
            data[chance.randrange(5, len(data))] = chance.randrange(256)
        (one,) = whole([(CLIENT, bytes(data))], DATAGRAMS).said
        assert one.size == len(data)
