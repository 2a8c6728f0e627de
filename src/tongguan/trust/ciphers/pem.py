"""Keys in the files that others exchange: SubjectPublicKeyInfo (RFC 5280) and PKCS#8 (RFC 5958), in DER and PEM.

SM2 keys are written as elliptic-curve keys over the curve 1.2.156.10197.1.301 (GM/T 0006), as OpenSSL, GmSSL and
Tongsuo do. Every key read is checked: points lie on the curve, secrets are in range and belong to their public keys.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Literal

from tongguan.errors import BadInput
from tongguan.trust.ciphers import rsa, sm2
from tongguan.trust.ciphers.der import BIT_STRING, INTEGER, OCTET_STRING, OID, SEQUENCE, Malformed, Reader, wrap
from tongguan.trust.ciphers.tampered import octets

__all__ = [
    "KeyKind",
    "public_pem",
    "read_public_pem",
    "read_sm2_public_der",
    "read_sm2_secret_der",
    "read_sm2_secret_pem",
    "sm2_public_der",
    "sm2_secret_der",
    "sm2_secret_pem",
]

KeyKind = Literal["sm2", "ed25519", "rsa"]

_EC_KEY = bytes.fromhex("2a8648ce3d0201")  # 1.2.840.10045.2.1
_SM2 = bytes.fromhex("2a811ccf5501822d")  # 1.2.156.10197.1.301
_SM2_ALGORITHM = wrap(SEQUENCE, wrap(OID, _EC_KEY), wrap(OID, _SM2))
_ED25519_HEAD = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: all of it but the key
_PARAMETERS, _PUBLIC = 0xA0, 0xA1  # context tags of ECPrivateKey (RFC 5915)
_TEXT_MAX = 1 << 16  # characters of a PEM text
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----", re.ASCII)


def public_pem(kind: KeyKind, public: bytes) -> str:
    """A public key, as the `encoded` of ours gives it, in PEM. Raises BadInput."""
    public = octets("the public key", public)
    if kind == "sm2":
        return _armoured("PUBLIC KEY", sm2_public_der(public))
    if kind == "rsa":
        return _armoured("PUBLIC KEY", rsa.encoded(rsa.public_key(public)))
    if kind == "ed25519" and len(public) == 32:
        return _armoured("PUBLIC KEY", _ED25519_HEAD + public)
    raise BadInput("expected an sm2, rsa or ed25519 public key; one of ed25519 has 32 bytes")


def read_public_pem(text: str) -> tuple[KeyKind, bytes]:
    """The kind of the public key in a PEM text, and the key as `load` of ours takes it. Raises BadInput."""
    _, der = _unarmoured(text, "PUBLIC KEY")
    if der.startswith(_ED25519_HEAD) and len(der) == len(_ED25519_HEAD) + 32:
        return "ed25519", der[len(_ED25519_HEAD) :]
    if _SM2_ALGORITHM in der[:32]:
        return "sm2", read_sm2_public_der(der)
    try:
        return "rsa", rsa.encoded(rsa.public_key(der))
    except BadInput as error:
        raise BadInput(f"no public key that is known here (sm2, ed25519, rsa): {error}") from None


def sm2_public_der(public: bytes) -> bytes:
    """An SM2 public key (04 ‖ x ‖ y) as SubjectPublicKeyInfo. Raises BadInput."""
    point = sm2.checked_public(octets("the public key", public))
    return wrap(SEQUENCE, _SM2_ALGORITHM, wrap(BIT_STRING, b"\0", point))


def read_sm2_public_der(der: bytes) -> bytes:
    """The SM2 public key (04 ‖ x ‖ y) of a SubjectPublicKeyInfo. Raises BadInput, also for a point off the curve."""
    try:
        outer = Reader(octets("the public key", der))
        info = outer.inner()
        outer.end()
        _read_algorithm(info)
        point = _whole_octets(info)
        info.end()
    except Malformed:
        raise BadInput("this is no SM2 public key in DER (SubjectPublicKeyInfo, 1.2.156.10197.1.301)") from None
    return sm2.checked_public(point)


def sm2_secret_der(secret: bytes) -> bytes:
    """An SM2 secret, as `secret()` of ours gives it, as PKCS#8. Not encrypted. Raises BadInput."""
    number, public = sm2.checked_pair(octets("the secret key", secret))
    key = wrap(
        SEQUENCE,
        wrap(INTEGER, b"\1"),
        wrap(OCTET_STRING, number),
        wrap(_PUBLIC, wrap(BIT_STRING, b"\0", public)),
    )
    return wrap(SEQUENCE, wrap(INTEGER, b"\0"), _SM2_ALGORITHM, wrap(OCTET_STRING, key))


def read_sm2_secret_der(der: bytes) -> bytes:
    """The SM2 secret of a PKCS#8 that is not encrypted, as `load` of ours takes it. Raises BadInput."""
    try:
        outer = Reader(octets("the secret key", der))
        info = outer.inner()
        outer.end()
        if info.integer(below=2) == 0:  # version 1 would add the public key a second time; nobody writes it for SM2
            _read_algorithm(info)
            return _read_ec_key(info.next(OCTET_STRING), named=True)
    except Malformed:
        pass
    raise BadInput("this is no SM2 secret key in DER (PKCS#8 without a passphrase, curve 1.2.156.10197.1.301)")


def sm2_secret_pem(secret: bytes) -> str:
    """An SM2 secret, as `secret()` of ours gives it, in PEM. Not encrypted: for handing over, not for keeping."""
    return _armoured("PRIVATE KEY", sm2_secret_der(secret))


def read_sm2_secret_pem(text: str) -> bytes:
    """The SM2 secret of a PEM text (PKCS#8, or an EC PRIVATE KEY of RFC 5915), as `load` takes it. Raises BadInput."""
    label, der = _unarmoured(text, "PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")
    if label == "ENCRYPTED PRIVATE KEY":
        raise BadInput("this secret key is encrypted: take the passphrase off first (openssl pkcs8 -in KEY -out PLAIN)")
    if label == "PRIVATE KEY":
        return read_sm2_secret_der(der)
    try:
        return _read_ec_key(der, named=False)
    except Malformed:
        raise BadInput("this is no SM2 secret key (ECPrivateKey, curve 1.2.156.10197.1.301)") from None


def _read_ec_key(der: bytes, *, named: bool) -> bytes:
    """d, or d ‖ x ‖ y, of an ECPrivateKey; `named` where the curve was named outside of it."""
    outer = Reader(der)
    key = outer.inner()
    outer.end()
    if key.integer(below=2) != 1:
        raise Malformed
    secret = key.next(OCTET_STRING)
    if key.peek() == _PARAMETERS:
        parameters = key.inner(_PARAMETERS)
        if parameters.next(OID) != _SM2:
            raise Malformed
        parameters.end()
    elif not named:
        raise Malformed
    public = b""
    if key.peek() == _PUBLIC:
        bits = key.inner(_PUBLIC)
        public = sm2.checked_public(_whole_octets(bits))[1:]
        bits.end()
    key.end()
    if len(secret) != 32:
        raise Malformed
    number, point = sm2.checked_pair(secret + public)
    return number + point[1:]


def _read_algorithm(info: Reader) -> None:
    algorithm = info.inner()
    if (algorithm.next(OID), algorithm.next(OID)) != (_EC_KEY, _SM2):
        raise Malformed
    algorithm.end()


def _whole_octets(reader: Reader) -> bytes:
    """A BIT STRING without unused bits."""
    bits = reader.next(BIT_STRING)
    if bits[:1] != b"\0":
        raise Malformed
    return bits[1:]


def _armoured(label: str, der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""))


def _unarmoured(text: object, *labels: str) -> tuple[str, bytes]:
    """Label and DER of the one block in a PEM text (RFC 7468)."""
    if not isinstance(text, str) or len(text) > _TEXT_MAX:
        raise BadInput(f"a key in PEM is expected as text of at most {_TEXT_MAX} characters")
    blocks = [found for found in _PEM.finditer(text) if not found[1].endswith(" PARAMETERS")]
    if len(blocks) != 1 or blocks[0][1] not in labels:
        raise BadInput(f"expected one PEM block with {' or '.join(labels)}, which is not what this text holds")
    try:
        return blocks[0][1], base64.b64decode("".join(blocks[0][2].split()), validate=True)
    except binascii.Error:
        raise BadInput("this PEM block is not Base64") from None
