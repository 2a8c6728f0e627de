"""SM2 (GB/T 32918-2016; the curve of part 5) over gmssl-pyx: checks before, the identity's hash, keys from secrets.

gmssl-pyx computes everything that touches a secret. What is computed here in Python touches public values only, for
Python's whole numbers take a time that depends on them.
"""

from __future__ import annotations

import secrets

from tongguan.errors import BadInput
from tongguan.trust.ciphers.der import OCTET_STRING, SEQUENCE, Malformed, Reader, integer, wrap
from tongguan.trust.ciphers.hashing import digest, gmssl

__all__ = [
    "DEFAULT_ID",
    "MESSAGE_MAX",
    "checked_pair",
    "checked_public",
    "decrypt",
    "encrypt",
    "generate",
    "identity_hash",
    "sign",
    "verify",
]

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
DEFAULT_ID = b"1234567812345678"  # GM/T 0009-2012 §10: the signer's identity where none is agreed
MESSAGE_MAX = 255  # bytes that gmssl-pyx encrypts at once

Point = tuple[int, int]
Jacobian = tuple[int, int, int]  # x/z², y/z³
_INFINITY: Jacobian = (1, 1, 0)


def generate() -> bytes:
    """A new pair as d ‖ x ‖ y: the secret of 32 bytes and the public key's coordinates."""
    public, secret = gmssl().sm2_key_generate()
    return bytes(secret + public)


def checked_pair(pair: bytes) -> tuple[bytes, bytes]:
    """Secret and public key (04 ‖ x ‖ y) from d ‖ x ‖ y, or from d alone. BadInput where they are no pair."""
    if len(pair) not in (32, 96):
        raise BadInput(f"an SM2 secret must have 32 bytes, or 96 with its public key, not {len(pair)}")
    secret = checked_secret(pair[:32])
    if len(pair) == 32:
        return secret, public_of(secret)
    public = checked_public(b"\x04" + pair[32:])
    probe = digest("sm3", b"tongguan pair")
    if not verify(public, probe, sign(secret, probe)):
        raise BadInput("this SM2 secret and this public key do not belong together")
    return secret, public


def checked_public(public: bytes) -> bytes:
    """The public key as 04 ‖ x ‖ y, from that form or the compressed one. BadInput where it is off the curve."""
    if len(public) == 65 and public[0] == 4:
        x, y = int.from_bytes(public[1:33]), int.from_bytes(public[33:])
    elif len(public) == 33 and public[0] in (2, 3):
        x = int.from_bytes(public[1:])
        y = _lift(x)[public[0] & 1] if x < P and _on_curve(x, _lift(x)[0]) else P
    else:
        raise BadInput("an SM2 public key is expected as 04 and two coordinates: 65 bytes, or 33 compressed")
    if not (x < P and y < P and _on_curve(x, y)):
        raise BadInput("this SM2 public key is no point of the curve (GB/T 32918.5)")
    return _encoded((x, y))


def checked_secret(secret: bytes) -> bytes:
    """A secret from 1 to n - 2, as GB/T 32918.1 §6.1 asks. BadInput otherwise."""
    if not 1 <= int.from_bytes(secret) <= N - 2:
        raise BadInput("this SM2 secret is out of range: expected 1 to n - 2 (GB/T 32918.1)")
    return secret


def public_of(secret: bytes) -> bytes:
    """The public key that belongs to a secret.

    gmssl-pyx does not tell it, so it is found from signatures, which are public: one signature leaves two candidates,
    another one leaves one of them. About 15 ms.
    """
    found = _candidates(secret)
    while len(found) > 1:
        found &= _candidates(secret)
    return _encoded(found.pop())


def identity_hash(public: bytes, identity: bytes = DEFAULT_ID) -> bytes:
    """Z of GB/T 32918.2 §5.5: the hash over identity, curve and public key that goes before every signed message."""
    if not 0 < len(identity) < 1 << 13:
        raise BadInput(f"an SM2 identity must have 1 to 8191 bytes, not {len(identity)}")
    curve = b"".join(number.to_bytes(32) for number in (A, B, *G))
    return digest("sm3", (8 * len(identity)).to_bytes(2) + identity + curve + public[1:])


def sign(secret: bytes, message_hash: bytes) -> bytes:
    """The signature over a hash of 32 bytes, as DER. gmssl-pyx draws the nonce."""
    signature: bytes = gmssl().sm2_sign_sm3_digest(secret, message_hash)
    return signature


def verify(public: bytes, message_hash: bytes, signature: bytes) -> bool:
    """Whether the signature is one of this hash (GB/T 32918.2 §7.1). Any but strict DER is refused unread.

    Checked twice, and both must agree: first here, so that no forgery reaches gmssl-pyx, whose C library writes lines
    about each to the standard error of the process; then there.
    """
    try:
        r, s = _numbers(signature)
    except Malformed:
        return False
    t = (r + s) % N
    point = _combined(s, G, t, (int.from_bytes(public[1:33]), int.from_bytes(public[33:]))) if t else None
    if point is None or (int.from_bytes(message_hash) + point[0]) % N != r:
        return False
    return bool(gmssl().sm2_verify_sm3_digest(public[1:], message_hash, signature))


def encrypt(public: bytes, message: bytes) -> bytes:
    """SM2 public-key encryption (GB/T 32918.4) of 1 to MESSAGE_MAX bytes; C1C3C2 as DER (GM/T 0009 §7.2)."""
    ciphertext: bytes = gmssl().sm2_encrypt(public[1:], message)
    return ciphertext


def decrypt(secret: bytes, ciphertext: bytes) -> bytes | None:
    """The message; None where the ciphertext does not open. Its point is checked before the secret meets it.

    The C library of gmssl-pyx writes two lines without values to the process's standard error where it does not open.
    """
    try:
        outer = Reader(ciphertext)
        parts = outer.inner(SEQUENCE)
        outer.end()
        x, y = parts.integer(below=P), parts.integer(below=P)
        check, body = parts.next(OCTET_STRING), parts.next(OCTET_STRING)
        parts.end()
        if not _on_curve(x, y) or len(check) != 32 or not 1 <= len(body) <= MESSAGE_MAX:
            return None
        message: bytes = gmssl().sm2_decrypt(secret, ciphertext)
    except (Malformed, gmssl().GmsslInnerError):
        return None
    return message


def encode_ciphertext(point: bytes, check: bytes, body: bytes) -> bytes:
    """DER of a ciphertext that a partner gives in parts: C1 as 04 ‖ x ‖ y, C3, C2."""
    x, y = int.from_bytes(point[1:33]), int.from_bytes(point[33:])
    return wrap(SEQUENCE, integer(x), integer(y), wrap(OCTET_STRING, check), wrap(OCTET_STRING, body))


def _numbers(signature: bytes) -> tuple[int, int]:
    """r and s, each from 1 to n - 1. Raises Malformed."""
    outer = Reader(signature)
    pair = outer.inner()
    outer.end()
    r, s = pair.integer(below=N), pair.integer(below=N)
    pair.end()
    if r == 0 or s == 0:
        raise Malformed
    return r, s


def _candidates(secret: bytes) -> set[Point]:
    """The two points of which one is the signer's key: (s + r)⁻¹ · (±R - s·G), where R has the coordinate r - e."""
    message_hash = secrets.token_bytes(32)
    r, s = _numbers(sign(secret, message_hash))
    x = (r - int.from_bytes(message_hash)) % N
    inverse = pow(s + r, -1, N)
    found = (_combined(inverse, (x, y), -s * inverse % N, G) for y in _lift(x))
    return {point for point in found if point is not None}


def _encoded(point: Point) -> bytes:
    return b"\x04" + point[0].to_bytes(32) + point[1].to_bytes(32)


def _on_curve(x: int, y: int) -> bool:
    return (y * y - (x * x + A) * x - B) % P == 0


def _lift(x: int) -> Point:
    """The two square roots of x³ + ax + b, the even one first; meaningless where there is none (p ≡ 3 mod 4)."""
    root = pow((x * x + A) * x + B, (P + 1) // 4, P)
    return (P - root, root) if root & 1 else (root, P - root)


def _combined(u: int, one: Point, v: int, other: Point) -> Point | None:
    """u·one + v·other, two bits at a time; None for the point at infinity. For public numbers only."""
    singles = (_INFINITY, (*one, 1), _double((*one, 1))), (_INFINITY, (*other, 1), _double((*other, 1)))
    multiples = [[*row, _sum(row[1], row[2])] for row in singles]  # 0 to 3 times each
    table = [_sum(left, right) for left in multiples[0] for right in multiples[1]]
    found = _INFINITY
    for bit in range((max(u.bit_length(), v.bit_length()) + 1) // 2 * 2 - 2, -2, -2):
        found = _sum(_double(_double(found)), table[(u >> bit & 3) << 2 | v >> bit & 3])
    return _affine(found)


def _affine(point: Jacobian) -> Point | None:
    x, y, z = point
    if z == 0:
        return None
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


def _double(point: Jacobian) -> Jacobian:
    """dbl-2001-b of the Explicit-Formulas Database, for a = -3."""
    x, y, z = point
    delta, gamma = z * z % P, y * y % P
    beta, alpha = x * gamma % P, 3 * (x - delta) * (x + delta) % P
    x3 = (alpha * alpha - 8 * beta) % P
    return x3, (alpha * (4 * beta - x3) - 8 * gamma * gamma) % P, ((y + z) * (y + z) - gamma - delta) % P


def _sum(one: Jacobian, other: Jacobian) -> Jacobian:
    """add-2007-bl of the Explicit-Formulas Database."""
    if one[2] == 0:
        return other
    if other[2] == 0:
        return one
    (x1, y1, z1), (x2, y2, z2) = one, other
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * z2z2 % P, x2 * z1z1 % P
    s1, s2 = y1 * z2 * z2z2 % P, y2 * z1 * z1z1 % P
    h, difference = (u2 - u1) % P, (s2 - s1) % P
    if h == 0:
        return _double(one) if difference == 0 else _INFINITY
    square = h * h % P
    cube, v = h * square % P, u1 * square % P
    x3 = (difference * difference - cube - 2 * v) % P
    return x3, (difference * (v - x3) - s1 * cube) % P, h * z1 * z2 % P
