"""QUIC (RFC 9000, RFC 9369): all is sealed, but the first packets' keys follow from what they show (RFC 9001 §5).

So the name that a client asks for can be read, and the sealed bytes are located and counted.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tongguan.capture.protocols.body import Store
from tongguan.capture.protocols.layer import CLIENT, Ends, Layer
from tongguan.capture.protocols.tls_hello import ClientHello, client_hello
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Quic", "is_quic"]

# Version: salt, prefix of the labels, type of Initial packets.
_VERSIONS = {
    1: (bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), "quic", 0),
    0x6B3343CF: (bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), "quicv2", 1),
}
_LONGEST_HELLO = 16 << 10


def is_quic(datagram: bytes) -> bool:
    """Whether a datagram begins with a long header of QUIC, version 1 or 2."""
    return len(datagram) >= 7 and datagram[0] & 0xC0 == 0xC0 and int.from_bytes(datagram[1:5], "big") in _VERSIONS


class Quic(Layer):
    """The datagrams between two ports."""

    protocol = "tls"
    service = "quic"

    def __init__(self, ends: Ends, store: Store) -> None:
        super().__init__(ends, store)
        self._sizes = [0, 0]
        self._gaps = [0, 0]
        self._ts = [0.0, 0.0]
        self._crypto: dict[int, bytes] = {}  # pieces of the client's handshake by their offset
        self._hello: ClientHello | None = None
        self._looking = True

    def data(self, direction: int, payload: memoryview, ts: float) -> None:
        """The next datagram."""
        self._ts[direction] = self._ts[direction] or ts
        self._sizes[direction] += len(payload)
        if direction == CLIENT and self._looking:
            self._look(bytes(payload))

    def gap(self, direction: int, size: int, ts: float) -> None:
        """Bytes cut off a datagram's end."""
        self._gaps[direction] += size

    def close(self, ts: float) -> None:
        """Give the sealed bytes of each direction."""
        name = self._hello.server_name if self._hello else None
        for direction, size in enumerate(self._sizes):
            if not size:
                continue
            uid = f"0-{direction}"
            spots: list[BlindSpot] = [self.spot(uid, BlindKind.ENCRYPTED, "QUIC", size)]
            if self._gaps[direction]:
                spots.append(self.spot(uid, BlindKind.TRUNCATED, "datagrams cut", self._gaps[direction]))
            self.exchange(
                uid,
                direction,
                self._ts[direction],
                "QUIC",
                size,
                application=name,
                server_names=(name,) if name else (),
                blind_spots=tuple(spots),
            )
        if self._hello is not None:
            fields = {"version": "TLSv13", "server_name": name, "client_alpn": list(self._hello.alpn) or None}
            self.log("ssl", self._ts[CLIENT], {key: value for key, value in fields.items() if value is not None})

    def _look(self, datagram: bytes) -> None:
        """Read the client's hello out of its Initial packets."""
        if not is_quic(datagram):
            self._looking = bool(self._crypto)
            return
        try:
            for offset, piece in initial_crypto(datagram):
                if offset + len(piece) <= _LONGEST_HELLO:
                    self._crypto.setdefault(offset, piece)
        except (ValueError, IndexError, InvalidTag):
            return
        whole = b""
        for offset, piece in sorted(self._crypto.items()):
            if offset > len(whole):
                return
            whole += piece[max(len(whole) - offset, 0) :]
        if len(whole) >= 4 and whole[0] == 1 and len(whole) >= 4 + int.from_bytes(whole[1:4], "big"):
            self._hello = client_hello(whole[4 : 4 + int.from_bytes(whole[1:4], "big")])
            self._looking = False
            self._crypto.clear()


def initial_crypto(datagram: bytes) -> list[tuple[int, bytes]]:
    """Pieces of the handshake in a client's first Initial packet. Raises `ValueError`, `IndexError`, `InvalidTag`."""
    salt, prefix, kind = _VERSIONS[int.from_bytes(datagram[1:5], "big")]
    if datagram[0] >> 4 & 3 != kind:
        return []
    at = 5
    destination = datagram[at + 1 : at + 1 + datagram[at]]
    at += 1 + datagram[at]
    at += 1 + datagram[at]
    token, at = _varint(datagram, at)
    size, at = _varint(datagram, at + token)
    key, vector, mask_key = client_keys(salt, prefix, destination)
    mask = Cipher(algorithms.AES(mask_key), modes.ECB()).encryptor().update(datagram[at + 4 : at + 20])
    if len(mask) < 16:
        raise ValueError("packet ends early")
    first = datagram[0] ^ mask[0] & 0x0F
    width = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(datagram[at : at + width], mask[1:], strict=False))
    header = bytes([first]) + datagram[1:at] + number
    nonce = bytes(a ^ b for a, b in zip(vector, number.rjust(12, b"\0"), strict=True))
    return _crypto_frames(AESGCM(key).decrypt(nonce, datagram[at + width : at + size], header))


def client_keys(salt: bytes, prefix: str, destination: bytes) -> tuple[bytes, bytes, bytes]:
    """RFC 9001 §5.2: key, initialisation vector and key of the header's mask."""
    extract = HMAC(salt, SHA256())
    extract.update(destination)
    secret = _expand(extract.finalize(), "client in", 32)
    return (
        _expand(secret, f"{prefix} key", 16),
        _expand(secret, f"{prefix} iv", 12),
        _expand(secret, f"{prefix} hp", 16),
    )


def _expand(secret: bytes, label: str, size: int) -> bytes:
    full = b"tls13 " + label.encode()
    info = size.to_bytes(2, "big") + bytes([len(full)]) + full + b"\0"
    return HKDFExpand(SHA256(), size, info).derive(secret)


def _crypto_frames(plain: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(plain):
        kind = plain[at]
        at += 1
        if kind in (0, 1):  # padding, ping
            continue
        if kind in (2, 3):  # acknowledgement
            _, at = _varint(plain, at)
            _, at = _varint(plain, at)
            ranges, at = _varint(plain, at)
            for _ in range(1 + 2 * min(ranges, len(plain))):
                _, at = _varint(plain, at)
        elif kind == 6:
            offset, at = _varint(plain, at)
            size, at = _varint(plain, at)
            found.append((offset, plain[at : at + size]))
            at += size
        else:
            break
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable length (RFC 9000 §16), and where it ends."""
    width = 1 << (data[at] >> 6)
    if at + width > len(data):
        raise ValueError("packet ends early")
    return int.from_bytes(data[at : at + width], "big") & (1 << 8 * width - 2) - 1, at + width
