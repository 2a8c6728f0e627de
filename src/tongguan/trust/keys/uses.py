"""What a key does. Every use is checked against permission, policy, purpose and state, and logged before its result is
handed out: if the log cannot be written, nothing comes back."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from tongguan.errors import BadInput, Denied
from tongguan.trust.access import Principal
from tongguan.trust.ciphers import (
    DecryptingKey,
    EncryptingKey,
    SigningKey,
    Tampered,
    VerifyingKey,
    derive,
    generate_key,
    mac,
    seal,
    unseal,
)
from tongguan.trust.keys.catalogue import Catalogue
from tongguan.trust.keys.forms import CONTEXT_MAX, bound, head, parse
from tongguan.trust.keys.material import load_public
from tongguan.trust.keys.records import Key
from tongguan.trust.keys.states import OPERATIONS, effective, refusal
from tongguan.wording import wording

__all__ = ["Uses"]

VALUE_MAX = 1 << 24  # bytes of one value; larger data are sealed as a stream under a data key
SECRET_MAX = 1 << 14  # bytes of a key to wrap
AT_ONCE = 10_000  # values of one bulk use


class Uses(Catalogue):
    """See `KeyService`."""

    # ---- seal: small values

    def seal(self, id: str, plaintext: bytes, context: bytes, by: Principal) -> bytes:
        """The value, sealed under the newest version and bound to key, entity and context. At most 16 MiB."""
        return self.seal_many(id, [(plaintext, context)], by)[0]

    def unseal(self, id: str, sealed: bytes, context: bytes, by: Principal) -> bytes:
        """Raises Tampered, BadInput where another key sealed it, Denied, BadInput where the state does not allow it."""
        return self.unseal_many(id, [(sealed, context)], by)[0]

    def seal_many(self, id: str, values: Sequence[tuple[bytes, bytes]], by: Principal) -> list[bytes]:
        """(plaintext, context) each; up to 10,000, under one log entry with their number and a hash of the contexts."""
        return self._protect(id, "seal", values, VALUE_MAX, by)

    def unseal_many(self, id: str, values: Sequence[tuple[bytes, bytes]], by: Principal) -> list[bytes]:
        """(sealed, context) each; all or none."""
        return self._open(id, "unseal", "seal", values, by)

    # ---- wrap: keys of others, and envelopes

    def wrap(self, id: str, secret: bytes, context: bytes, by: Principal) -> bytes:
        """A key of the caller's, wrapped. At most 16 KiB."""
        return self._protect(id, "wrap", [(secret, context)], SECRET_MAX, by)[0]

    def unwrap(self, id: str, wrapped: bytes, context: bytes, by: Principal) -> bytes:
        return self._open(id, "unwrap", "wrap", [(wrapped, context)], by)[0]

    def data_key(self, id: str, context: bytes, by: Principal) -> tuple[bytes, bytes]:
        """A new key of the cipher's length, plain and wrapped: seal data with the one, keep the other beside them."""
        return self.data_keys(id, [context], by)[0]

    def data_keys(self, id: str, contexts: Sequence[bytes], by: Principal) -> list[tuple[bytes, bytes]]:
        """One for each context, under one log entry."""
        key = self._use(id, "data_key", contexts, by)
        plain = [generate_key(key.algorithm) for _ in contexts]  # type: ignore[arg-type]
        values = list(zip(plain, contexts, strict=True))
        wrapped = self._sealed_values(key, "data_key", values)
        self._log(key, key.version, "data_key", contexts, by)
        return list(zip(plain, wrapped, strict=True))

    def open_data_key(self, id: str, wrapped: bytes, context: bytes, by: Principal) -> bytes:
        return self._open(id, "open_data_key", "data_key", [(wrapped, context)], by)[0]

    def rewrap(self, id: str, wrapped: bytes, context: bytes, by: Principal) -> bytes:
        """The same content under the newest version: of what was sealed, of a wrapped key, or of a data key.

        What is under the newest version already comes back as it is, opened once to prove it.
        """
        key = self._use(id, "rewrap", [context], by)
        with self._refusing(key, "rewrap", [context], by):
            version, inner = self._parsed(key, wrapped)
            kinds = ("seal",) if key.purpose == "seal" else ("data_key", "wrap")
            kind, plain = self._opened_kind(key, version, kinds, inner, context)
        fresh = bytes(wrapped) if version == key.version else self._sealed_values(key, kind, [(plain, context)])[0]
        self._log(key, version, "rewrap", [context], by)
        return fresh

    # ---- sign, mac, derive, encrypt

    def sign(self, id: str, message: bytes, by: Principal) -> bytes:
        """The signature alone, as others check it (`SigningKey.sign`), by the newest version."""
        key = self._use(id, "sign", [message], by)
        signature = cast(SigningKey, self._secret(key, key.version)).sign(_bytes("the message", message, VALUE_MAX))
        self._log(key, key.version, "sign", [message], by)
        return signature

    def verify(self, id: str, message: bytes, signature: bytes, by: Principal) -> bool:
        """Whether any version of the key, ours or another party's, made the signature."""
        key = self._use(id, "verify", [message], by)
        message, signature = _bytes("the message", message, VALUE_MAX), _bytes("the signature", signature, SECRET_MAX)
        for version in self._newest_first(key):
            if cast(VerifyingKey, self._public(key, version)).verify(message, signature):
                self._log(key, version, "verify", [message], by)
                return True
        self._log(key, key.version, "verify", [message], by, ok=False)
        return False

    def mac(self, id: str, data: bytes, by: Principal) -> bytes:
        """HMAC of 32 bytes by the newest version."""
        key = self._use(id, "mac", [data], by)
        tag = self._tag(key, key.version, _bytes("the data", data, VALUE_MAX))
        self._log(key, key.version, "mac", [data], by)
        return tag

    def check_mac(self, id: str, data: bytes, tag: bytes, by: Principal) -> bool:
        """Whether any version of the key made the tag; compared in constant time."""
        key = self._use(id, "check_mac", [data], by)
        data, tag = _bytes("the data", data, VALUE_MAX), _bytes("the tag", tag, SECRET_MAX)
        for version in self._newest_first(key):
            if hmac.compare_digest(self._tag(key, version, data), tag):
                self._log(key, version, "check_mac", [data], by)
                return True
        self._log(key, key.version, "check_mac", [data], by, ok=False)
        return False

    def derive(self, id: str, context: bytes, by: Principal, *, length: int = 32, version: int | None = None) -> bytes:
        """A secret for this context (HKDF, RFC 5869): the same each time. `version`: an earlier one's, which a retired
        key still gives; None takes the newest of an active key."""
        operation = "derive" if version is None else "derive_again"
        key = self._use(id, operation, [context], by)
        version = key.version if version is None else version
        if not isinstance(version, int) or not 1 <= version <= key.version:
            raise BadInput(f"the key {id} has the versions 1 to {key.version}, not {str(version)[:20]}")
        secret = cast(bytes, self._secret(key, version))
        found = derive(key.algorithm, secret, info=bound("derive", key.id, key.entity, context), length=length)  # type: ignore[arg-type]
        self._log(key, version, operation, [context], by)
        return found

    def encrypt_to(self, id: str, data: bytes, by: Principal) -> bytes:
        """Encrypted to the key's public half, as its holder's own software decrypts it; short data only."""
        key = self._use(id, "encrypt_to", [data], by)
        found = cast(EncryptingKey, self._public(key, key.version)).encrypt(_bytes("the data", data, VALUE_MAX))
        self._log(key, key.version, "encrypt_to", [data], by)
        return found

    def decrypt(self, id: str, data: bytes, by: Principal) -> bytes:
        """What was encrypted to any version of the key. Raises Tampered."""
        key = self._use(id, "decrypt", [data], by)
        data = _bytes("the data", data, VALUE_MAX)
        for version in self._newest_first(key):
            try:
                found = cast(DecryptingKey, self._secret(key, version)).decrypt(data)
            except Tampered:
                continue
            self._log(key, version, "decrypt", [data], by)
            return found
        self._log(key, key.version, "decrypt", [data], by, ok=False)
        raise Tampered("this ciphertext")

    # ---- within

    def _protect(
        self, id: str, kind: str, values: Sequence[tuple[bytes, bytes]], most: int, by: Principal
    ) -> list[bytes]:
        contexts = [context for _, context in values]
        key = self._use(id, kind, contexts, by)
        for plaintext, _ in values:
            _bytes("the value", plaintext, most)
        sealed = self._sealed_values(key, kind, values)
        self._log(key, key.version, kind, contexts, by)
        return sealed

    def _open(
        self, id: str, operation: str, kind: str, values: Sequence[tuple[bytes, bytes]], by: Principal
    ) -> list[bytes]:
        contexts = [context for _, context in values]
        key = self._use(id, operation, contexts, by)
        with self._refusing(key, operation, contexts, by):
            parsed = [(*self._parsed(key, form), context) for form, context in values]
            oldest = min((version for version, _, _ in parsed), default=key.version)
            found = [self._opened_kind(key, version, (kind,), inner, context)[1] for version, inner, context in parsed]
        self._log(key, oldest, operation, contexts, by)
        return found

    def _sealed_values(self, key: Key, kind: str, values: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
        outer, secret = head(key.id, key.version), cast(bytes, self._secret(key, key.version))
        return [
            outer + seal(key.algorithm, secret, plaintext, _inside(key, outer, kind, context))  # type: ignore[arg-type]
            for plaintext, context in values
        ]

    def _opened_kind(
        self, key: Key, version: int, kinds: Iterable[str], inner: bytes, context: bytes
    ) -> tuple[str, bytes]:
        outer, secret = head(key.id, version), cast(bytes, self._secret(key, version))
        for kind in kinds:
            try:
                return kind, unseal(secret, inner, _inside(key, outer, kind, context))
            except Tampered:
                continue
            except BadInput:  # it names a cipher that this key is not for
                break
        raise Tampered

    def _parsed(self, key: Key, form: bytes) -> tuple[int, bytes]:
        id, version, inner = parse(form)
        if id != key.id:
            raise BadInput(f"this was sealed with the key {id}, not with {key.id}")
        if not 1 <= version <= key.version:
            raise Tampered
        return version, inner

    def _use(self, id: str, operation: str, contexts: Sequence[bytes], by: Principal) -> Key:
        """The key, if `by` may do this with it now. Raises Denied, BadInput."""
        if not len(contexts) <= AT_ONCE:
            raise BadInput(f"at most {AT_ONCE} values at once, not {len(contexts)}")
        key = self._key(id)
        self._allow(by, "keys.use", id, key.entity)
        if not key.policy.lets(by, operation):
            self._denied(by, "keys.use", id, key.entity, why=f"policy: {operation}")
            texts = wording("tongguan.trust.keys")
            raise Denied(texts.both("policy", name=key.name, operation=operation, owner=key.owner))
        what = OPERATIONS[operation]
        state = effective(key.state, key.not_before, key.not_after, self._clock())
        why = refusal(what, key.purpose, state)
        if why is None and key.foreign and not what.public:
            why = f"it is another party's, of which only the public half is here; {operation} needs the secret"
        if why is not None:
            self._log(key, key.version, operation, (), by, ok=False, state=state)
            raise BadInput(f"the key {key.name} ({id}) was not used: {why}")
        limit = VALUE_MAX if operation in _DATA else CONTEXT_MAX
        for context in contexts:
            _bytes("the data" if operation in _DATA else "the context", context, limit)
        return key

    def _log(
        self, key: Key, version: int, operation: str, contexts: Sequence[bytes], by: Principal, **more: Any
    ) -> None:
        """The context stands in the log as a hash under a key of the store, for contexts may be guessed."""
        body: dict[str, Any] = {"key": key.id, "version": version, "operation": operation, "ok": True, **more}
        if contexts:
            body["context"] = self._context_hash(contexts)
        if len(contexts) != 1:
            body["count"] = len(contexts)
        self._record("key.use", by.name, body)

    def _context_hash(self, contexts: Sequence[bytes]) -> str:
        hash = self._suite.hash
        each = [mac(hash, self._root.row_key(), b"context\0" + context) for context in contexts]
        return (each[0] if len(each) == 1 else mac(hash, self._root.row_key(), b"contexts\0" + b"".join(each)))[
            :16
        ].hex()

    @contextmanager
    def _refusing(self, key: Key, operation: str, contexts: Sequence[bytes], by: Principal) -> Iterator[None]:
        """A use that does not open what it was given is a use as well."""
        try:
            yield
        except (Tampered, BadInput):
            self._log(key, key.version, operation, contexts, by, ok=False)
            raise

    def _newest_first(self, key: Key) -> Iterable[int]:
        return range(key.version, 0, -1)

    def _tag(self, key: Key, version: int, data: bytes) -> bytes:
        return mac(key.algorithm, cast(bytes, self._secret(key, version)), data)  # type: ignore[arg-type]

    def _public(self, key: Key, version: int) -> VerifyingKey | EncryptingKey:
        name = (key.id, version, "public")
        found = self._opened.get(name)
        if found is None:
            row_key = self._root.row_key()
            with self._database.read() as connection:
                values = self._version(connection, key.id, version, row_key)
            found = load_public(key.purpose, key.algorithm, values["public"] or b"")
            self._opened.put(name, found)
        public: VerifyingKey | EncryptingKey = found
        return public


_DATA = frozenset({"sign", "verify", "mac", "check_mac", "encrypt_to", "decrypt"})


def _inside(key: Key, outer: bytes, kind: str, context: bytes) -> bytes:
    return bound("tongguan sealed", outer, kind, key.purpose, key.entity, context)


def _bytes(what: str, value: object, most: int) -> bytes:
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise BadInput(f"{what}: expected bytes, not {type(value).__name__}")
    value = bytes(value)
    if len(value) > most:
        raise BadInput(f"{what} has {len(value)} bytes; at most {most} are taken here")
    return value
