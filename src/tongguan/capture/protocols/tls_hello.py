"""Handshake messages of TLS that pass in the clear: hellos and, up to TLS 1.2, certificates."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from typing import Any

from cryptography import x509

__all__ = [
    "ClientHello",
    "ServerHello",
    "certificate_names",
    "certificates",
    "cipher_name",
    "client_hello",
    "curve_name",
    "key_exchange_curve",
    "server_hello",
    "version_name",
]

_SNI, _ALPN, _VERSIONS, _KEY_SHARE = 0, 16, 43, 51
_MAX_NAMES = 64


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a client asks for."""

    version: int
    session: bytes
    server_name: str | None
    alpn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose."""

    version: int
    session: bytes
    cipher: int
    alpn: str | None
    group: int | None


class _Reader:
    """A cursor over a handshake message; reading beyond its end is a `ValueError`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise ValueError("handshake message ends early")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        return self.take(self.number(size))

    def __bool__(self) -> bool:
        return self.at < len(self.data)


def client_hello(body: bytes) -> ClientHello | None:
    """A ClientHello, None where it is malformed."""
    try:
        reader = _Reader(body)
        version = reader.number(2)
        reader.take(32)
        session = reader.vector(1)
        reader.vector(2)
        reader.vector(1)
        extensions = _extensions(reader)
        return ClientHello(version, session, _server_name(extensions.get(_SNI)), _alpn(extensions.get(_ALPN)))
    except ValueError:
        return None


def server_hello(body: bytes) -> ServerHello | None:
    """A ServerHello, None where it is malformed."""
    try:
        reader = _Reader(body)
        version = reader.number(2)
        reader.take(32)
        session = reader.vector(1)
        cipher = reader.number(2)
        reader.number(1)
        extensions = _extensions(reader)
        chosen = extensions.get(_VERSIONS, b"")
        share = extensions.get(_KEY_SHARE, b"")
        alpn = _alpn(extensions.get(_ALPN))
        return ServerHello(
            int.from_bytes(chosen, "big") if len(chosen) == 2 else version,
            session,
            cipher,
            alpn[0] if alpn else None,
            int.from_bytes(share[:2], "big") if len(share) >= 2 else None,
        )
    except ValueError:
        return None


def _extensions(reader: _Reader) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if reader:
        block = _Reader(reader.vector(2))
        while block:
            kind = block.number(2)
            found.setdefault(kind, block.vector(2))
    return found


def _server_name(extension: bytes | None) -> str | None:
    """RFC 6066 §3."""
    if not extension:
        return None
    names = _Reader(_Reader(extension).vector(2))
    while names:
        kind, name = names.number(1), names.vector(2)
        if kind == 0:
            return name.decode("ascii", "replace").rstrip(".").lower() or None
    return None


def _alpn(extension: bytes | None) -> tuple[str, ...]:
    """RFC 7301 §3.1."""
    if not extension:
        return ()
    names = _Reader(_Reader(extension).vector(2))
    found = []
    while names:
        found.append(names.vector(1).decode("ascii", "replace"))
    return tuple(found)


def certificates(body: bytes) -> list[bytes]:
    """The chain in a Certificate message up to TLS 1.2, the server's own first."""
    found: list[bytes] = []
    try:
        chain = _Reader(_Reader(body).vector(3))
        while chain:
            found.append(chain.vector(3))
    except ValueError:
        pass
    return found


# What the parser of certificates raises where one is damaged, found by altering good ones.
_DAMAGE = (ValueError, TypeError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


def certificate_names(chain: list[bytes]) -> tuple[tuple[str, ...], dict[str, Any], str]:
    """DNS names and common name of the first certificate, its columns in ssl.jsonl, and what of it cannot be read."""
    if not chain:
        return (), {}, ""
    fault, hosts = "", list[str]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old certificates break rules that do not matter here
        try:
            certificate = x509.load_der_x509_certificate(chain[0])
            subject, issuer = certificate.subject, certificate.issuer
            common = [str(name.value) for name in subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
            fields: dict[str, Any] = {"subject": subject.rfc4514_string(), "issuer": issuer.rfc4514_string()}
        except _DAMAGE:
            return (), {}, "the server's certificate is damaged"
        try:
            names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            hosts = names.get_values_for_type(x509.DNSName)[:_MAX_NAMES]
        except x509.ExtensionNotFound:
            pass  # it has none
        except _DAMAGE:
            fault = "alternative names in the server's certificate are damaged"
    if hosts:
        fields["san.dns"] = hosts
    hosts = [*hosts, *(name for name in common if "." in name and " " not in name)]
    return tuple(dict.fromkeys(host.lower() for host in hosts)), fields, fault


def key_exchange_curve(body: bytes) -> str | None:
    """The named curve of a ServerKeyExchange (RFC 8422 §5.4)."""
    if len(body) < 3 or body[0] != 3:
        return None
    return curve_name(struct.unpack_from(">H", body, 1)[0])


def version_name(version: int) -> str:
    """As in Zeek's ssl.log."""
    names = {
        0x0101: "TLCPv11",
        0x0002: "SSLv2",
        0x0300: "SSLv3",
        0x0301: "TLSv10",
        0x0302: "TLSv11",
        0x0303: "TLSv12",
        0x0304: "TLSv13",
    }
    if version in names:
        return names[version]
    return f"TLSv13-draft{version & 0xFF}" if version >> 8 == 0x7F else f"unknown-{version}"


def curve_name(group: int) -> str:
    """A named group (IANA TLS Supported Groups)."""
    return _CURVES.get(group, f"unknown-{group}")


def cipher_name(cipher: int) -> str:
    """A cipher suite (IANA TLS Cipher Suites); `unknown-…` for rare ones."""
    return _CIPHERS.get(cipher, f"unknown-{cipher}")


_CURVES = {
    19: "secp192r1",
    21: "secp224r1",
    23: "secp256r1",
    24: "secp384r1",
    25: "secp521r1",
    29: "x25519",
    30: "x448",
    41: "curveSM2",
    256: "ffdhe2048",
    257: "ffdhe3072",
    258: "ffdhe4096",
    0x6399: "X25519Kyber768Draft00",
    0x11EC: "X25519MLKEM768",
}
_CIPHERS = {
    0x0001: "TLS_RSA_WITH_NULL_MD5",
    0x0002: "TLS_RSA_WITH_NULL_SHA",
    0x003B: "TLS_RSA_WITH_NULL_SHA256",
    0x0004: "TLS_RSA_WITH_RC4_128_MD5",
    0x0005: "TLS_RSA_WITH_RC4_128_SHA",
    0x000A: "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    0x0016: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA",
    0x0018: "TLS_DH_ANON_WITH_RC4_128_MD5",
    0x002F: "TLS_RSA_WITH_AES_128_CBC_SHA",
    0x0032: "TLS_DHE_DSS_WITH_AES_128_CBC_SHA",
    0x0033: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
    0x0034: "TLS_DH_ANON_WITH_AES_128_CBC_SHA",
    0x0035: "TLS_RSA_WITH_AES_256_CBC_SHA",
    0x0038: "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
    0x0039: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
    0x003A: "TLS_DH_ANON_WITH_AES_256_CBC_SHA",
    0x003C: "TLS_RSA_WITH_AES_128_CBC_SHA256",
    0x003D: "TLS_RSA_WITH_AES_256_CBC_SHA256",
    0x0041: "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA",
    0x0067: "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256",
    0x006B: "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256",
    0x0084: "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA",
    0x0088: "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA",
    0x008C: "TLS_PSK_WITH_AES_128_CBC_SHA",
    0x008D: "TLS_PSK_WITH_AES_256_CBC_SHA",
    0x009C: "TLS_RSA_WITH_AES_128_GCM_SHA256",
    0x009D: "TLS_RSA_WITH_AES_256_GCM_SHA384",
    0x009E: "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
    0x009F: "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
    0x00A8: "TLS_PSK_WITH_AES_128_GCM_SHA256",
    0x00C6: "TLS_SM4_GCM_SM3",
    0x00C7: "TLS_SM4_CCM_SM3",
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0x1304: "TLS_AES_128_CCM_SHA256",
    0x1305: "TLS_AES_128_CCM_8_SHA256",
    0xC007: "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    0xC009: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    0xC00A: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    0xC011: "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    0xC012: "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    0xC013: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    0xC014: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    0xC018: "TLS_ECDH_ANON_WITH_AES_128_CBC_SHA",
    0xC019: "TLS_ECDH_ANON_WITH_AES_256_CBC_SHA",
    0xC023: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    0xC024: "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    0xC027: "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    0xC028: "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    0xC02B: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    0xC02C: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    0xC02F: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    0xC030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    0xCC13: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD",
    0xCC14: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256_OLD",
    0xCCA8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCA9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    0xCCAA: "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    0xE011: "ECDHE_SM4_CBC_SM3",
    0xE013: "ECC_SM4_CBC_SM3",
    0xE051: "ECDHE_SM4_GCM_SM3",
    0xE053: "ECC_SM4_GCM_SM3",
}
