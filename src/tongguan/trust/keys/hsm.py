"""Master keys in an HSM, by PKCS#11 (OASIS, v2.40): AES-256 keys that are made in the token and never leave it.

Keys are wrapped by AES-GCM with the context as associated data, or by AES key wrap (RFC 3394) where the token has no
GCM; then a digest of the context is wrapped beside the key. What was unwrapped is in our memory while in use.

A token counts wrong PINs and locks. So a PIN that the token refused is not tried a second time by this process, and no
PIN at all is tried where the token says that one more failure locks it.
"""

from __future__ import annotations

import hmac
import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal, TypeVar

from tongguan.errors import BadInput, BadSettings, Missing, Unavailable
from tongguan.trust.ciphers import Tampered, digest
from tongguan.trust.keys.patience import Patience, TookTooLong
from tongguan.trust.settings import Master as MasterSettings
from tongguan.trust.settings import secret_of

__all__ = ["HsmMaster"]

T = TypeVar("T")
Method = Literal["gcm", "key-wrap"]
GCM, KEY_WRAP = b"\x01", b"\x02"
NONCE_SIZE = 12
_REFUSED: set[bytes] = set()  # keyed digests of (module, token, PIN) that the token refused
_LIBRARIES = threading.RLock()  # beginning a library anew ends every session in it, so one thread at a time uses it
_PATIENCE = Patience(30.0)  # for all libraries: a token on a network may hang
_PROCESS_KEY = secrets.token_bytes(32)


class HsmMaster:
    """See `Master`. Threads share one session, one after the other; each process has its own.

    An HSM that is away when this is made is no error yet: it is looked for again at every use. `method`: what to wrap
    with; None asks the token. Raises Missing, BadSettings, BadInput (PIN).
    """

    kind = "pkcs11"

    def __init__(self, settings: MasterSettings, *, method: Method | None = None) -> None:
        if not settings.module:
            raise BadSettings("settings: master.module is missing; expected the path of the HSM's PKCS#11 library")
        self.name = f"pkcs11:token={settings.token};object={settings.key}"
        self._settings = settings
        self._method = method
        self._pkcs11 = _pkcs11()
        self._library: Any = None
        self._session: Any = None
        self._objects: dict[str, Any] = {}
        self._process = os.getpid()
        self._fresh = False  # nothing was done in this session yet
        self._lock = _LIBRARIES
        with suppress(Unavailable):
            self.generations()

    def generations(self) -> tuple[str, ...]:
        with self._lock:
            self._objects = {}
            return self._with(lambda session: tuple(sorted(self._listed(session))))

    def generate(self) -> str:
        generation = f"{int(time.time() * 1000):012x}{secrets.token_hex(4)}"  # sorts by age
        with self._lock:
            self._with(lambda session: self._make(session, generation))
            self._objects = {}
        return generation

    def wrap(self, generation: str, key: bytes, context: bytes) -> bytes:
        return self._with(lambda session: self._wrap(self._object(session, generation), session, key, context))

    def unwrap(self, generation: str, wrapped: bytes, context: bytes) -> bytes:
        return self._with(
            lambda session: self._unwrap(self._object(session, generation), wrapped, context),
            probe=lambda session: self._probe(self._object(session, generation), session),
        )

    def drop(self, generation: str) -> None:
        with self._lock:
            known = self.generations()
            if generation not in known:
                raise _unknown(self.name, generation)
            if generation == known[-1]:
                raise BadInput(f"the master key {generation} is the newest one; it cannot be dropped")
            self._with(lambda session: self._destroy(generation))
            self._objects = {}

    def export(self, generation: str) -> bytes:
        raise BadInput(
            f"the master key {generation} is in an HSM ({self.name}) and never leaves it, so it cannot be split into "
            "shares; back it up by the HSM's own means (its key backup, a cloned token, a key ceremony of its maker)"
        )

    def adopt(self, key: bytes) -> str:
        raise BadInput(
            f"the master key is in an HSM ({self.name}), which takes no key from shares; restore the HSM's own backup"
        )

    def generation_of(self, key: bytes) -> str:
        raise BadInput(f"the master key is in an HSM ({self.name}); shares cannot be of it")

    def close(self) -> None:
        with self._lock:
            self._forget()

    # ---- in the token

    def _wrap(self, master: Any, session: Any, key: bytes, context: bytes) -> bytes:
        p = self._pkcs11
        if self._by(session) == "gcm":
            nonce = secrets.token_bytes(NONCE_SIZE)
            parameters = p.GCMParams(nonce, context, 128)
            body = master.encrypt(key, mechanism=p.Mechanism.AES_GCM, mechanism_param=parameters)
            return GCM + nonce + bytes(body)
        payload = digest("sha256", context) + len(key).to_bytes(4, "big") + key
        payload += bytes(-len(payload) % 8)
        handle = session.create_object(self._session_secret() | {p.Attribute.VALUE: payload})
        try:
            return KEY_WRAP + bytes(master.wrap_key(handle, mechanism=p.Mechanism.AES_KEY_WRAP))
        finally:
            handle.destroy()

    def _unwrap(self, master: Any, wrapped: bytes, context: bytes) -> bytes:
        p = self._pkcs11
        method, body = wrapped[:1], wrapped[1:]
        if method == GCM and len(body) >= NONCE_SIZE + 16:
            parameters = p.GCMParams(body[:NONCE_SIZE], context, 128)
            found = master.decrypt(body[NONCE_SIZE:], mechanism=p.Mechanism.AES_GCM, mechanism_param=parameters)
            return bytes(found)
        if method != KEY_WRAP or len(body) < 24 or len(body) % 8:
            raise Tampered("a wrapped key")
        template = self._session_secret()
        kind, secret = p.KeyType.GENERIC_SECRET, p.ObjectClass.SECRET_KEY
        handle = master.unwrap_key(secret, kind, body, mechanism=p.Mechanism.AES_KEY_WRAP, template=template)
        try:
            payload = bytes(handle[p.Attribute.VALUE])
        finally:
            handle.destroy()
        bound, size, rest = payload[:32], int.from_bytes(payload[32:36], "big"), payload[36:]
        if not hmac.compare_digest(bound, digest("sha256", context)) or not size <= len(rest) < size + 8:
            raise Tampered("a wrapped key")
        return rest[:size]

    def _probe(self, master: Any, session: Any) -> None:
        """Whether the token works, for the same error may mean that it is gone or that the data are not its own."""
        if self._unwrap(master, self._wrap(master, session, b"probe", b"probe"), b"probe") != b"probe":
            raise Unavailable(f"the HSM ({self.name}) does not give back what it was given")

    def _session_secret(self) -> dict[Any, Any]:
        p = self._pkcs11
        return {
            p.Attribute.CLASS: p.ObjectClass.SECRET_KEY,
            p.Attribute.KEY_TYPE: p.KeyType.GENERIC_SECRET,
            p.Attribute.TOKEN: False,
            p.Attribute.EXTRACTABLE: True,
            p.Attribute.SENSITIVE: False,
        }

    def _make(self, session: Any, generation: str) -> None:
        p = self._pkcs11
        template = {
            p.Attribute.SENSITIVE: True,
            p.Attribute.EXTRACTABLE: False,
            **dict.fromkeys((p.Attribute.ENCRYPT, p.Attribute.DECRYPT, p.Attribute.WRAP, p.Attribute.UNWRAP), True),
        }
        with self._writing() as writer:
            id, label = bytes.fromhex(generation), self._settings.key
            writer.generate_key(p.KeyType.AES, 256, id=id, label=label, store=True, template=template)

    def _destroy(self, generation: str) -> None:
        with self._writing() as writer:
            self._found(writer)[generation].destroy()

    def _writing(self) -> Any:
        """A session that may change the token; the log-in is the process's, so it needs no PIN."""
        return self._session.token.open(rw=True)

    def _by(self, session: Any) -> Method:
        if self._method is None:
            has = self._pkcs11.Mechanism.AES_GCM in session.token.slot.get_mechanisms()
            self._method = "gcm" if has else "key-wrap"
        return self._method

    # ---- finding

    def _object(self, session: Any, generation: str) -> Any:
        if generation not in self._objects:
            self._objects = self._listed(session)
        if generation not in self._objects:
            self._doubt()
            raise _unknown(self.name, generation)
        return self._objects[generation]

    def _listed(self, session: Any) -> dict[str, Any]:
        found = self._found(session)
        if not found:
            self._doubt()
        return found

    def _doubt(self) -> None:
        """A token that is gone may answer that it is empty: believe that only in a session of this moment."""
        if not self._fresh:
            raise self._pkcs11.exceptions.TokenNotPresent

    def _found(self, session: Any) -> dict[str, Any]:
        """The AES keys of our label by generation, which is their CKA_ID. Raises BadSettings for one that can leave."""
        p = self._pkcs11
        wanted = {
            p.Attribute.CLASS: p.ObjectClass.SECRET_KEY,
            p.Attribute.KEY_TYPE: p.KeyType.AES,
            p.Attribute.LABEL: self._settings.key,
        }
        found = {key.id.hex() or "unnamed": key for key in session.get_objects(wanted)}
        for key in found.values():
            if key[p.Attribute.EXTRACTABLE] or not key[p.Attribute.SENSITIVE] or key.key_length != 256:
                raise BadSettings(
                    f"settings: the key {self._settings.key} of the token {self._settings.token} is no AES-256 key "
                    "that never leaves it (CKA_SENSITIVE, not CKA_EXTRACTABLE); name another label, and one is made"
                )
        return found

    # ---- sessions

    def _with(self, deed: Callable[[Any], T], probe: Callable[[Any], None] | None = None) -> T:
        """The deed in a session. Where it fails, the session is opened anew and the deed done once more.

        With a `probe`: a failure of the deed in a token that otherwise works means that the data are not its own.
        """
        with self._lock:
            try:
                return _PATIENCE.call(lambda: self._tried(deed, probe))
            except TookTooLong:
                self._session, self._objects = None, {}  # the library still uses it; it is not closed
                raise self._silent(f"no answer in {_PATIENCE.seconds:.0f} s") from None

    def _tried(self, deed: Callable[[Any], T], probe: Callable[[Any], None] | None) -> T:
        errors = self._pkcs11.exceptions.PKCS11Error
        for last in (False, True):
            try:
                session = self._opened()
                done = deed(session)
                self._fresh = False
                return done
            except errors as error:
                if probe is not None and self._session is not None and _works(probe, self._session, errors):
                    raise Tampered("a wrapped key") from None
                self._forget()
                if last:
                    raise self._silent(type(error).__name__) from None
        raise AssertionError

    def _silent(self, how: str) -> Unavailable:
        return Unavailable(
            f"the HSM ({self.name}) does not answer ({how}); is it connected and switched on? Nothing was changed; try "
            "again when it is back"
        )

    def _opened(self) -> Any:
        if self._process != os.getpid():  # PKCS#11 asks a forked child to begin anew
            self._session, self._objects, self._process = None, {}, os.getpid()
            self._load().reinitialize()
        if self._session is None:
            self._session, self._fresh = self._log_in(self._token()), True
        return self._session

    def _forget(self) -> None:
        session, self._session, self._objects = self._session, None, {}
        if session is not None:
            with suppress(Exception):  # a session that is gone cannot be closed either
                session.close()

    def _load(self) -> Any:
        if self._library is None:
            module = str(self._settings.module)
            try:
                self._library = self._pkcs11.lib(module)
            except self._pkcs11.exceptions.PKCS11Error as error:
                if type(error) is not self._pkcs11.exceptions.PKCS11Error:
                    raise  # it was found, but its HSM does not answer
                raise BadSettings(
                    f"settings: master.module {module} cannot be loaded as a PKCS#11 library; is the path right?"
                ) from None
        return self._library

    def _token(self) -> Any:
        library, label = self._load(), self._settings.token
        tokens: list[Any] = []
        with suppress(self._pkcs11.exceptions.PKCS11Error):
            tokens = list(library.get_tokens(token_label=label))
        if not tokens:  # libraries may see tokens that come, or come back, only when they begin anew
            library.reinitialize()
            tokens = list(library.get_tokens(token_label=label))
        if not tokens:
            raise Unavailable(
                f"no HSM has a token named {label} (by {self._settings.module}); is it connected and initialised, and "
                "is master.token in the settings its label?"
            )
        if len(tokens) > 1:
            raise BadSettings(
                f"settings: {len(tokens)} tokens are named {label}; give the right one a label of its own"
            )
        return tokens[0]

    def _log_in(self, token: Any) -> Any:
        x, flags = self._pkcs11.exceptions, self._pkcs11.TokenFlag
        pin = secret_of(self._settings.pin_env, self._settings.pin_file)
        if pin is None:
            raise BadInput(
                f"the HSM ({self.name}) needs a PIN: set the variable {self._settings.pin_env}, or master.pin_file"
            )
        mark = hmac.digest(_PROCESS_KEY, repr((self._settings.module, token.serial, pin)).encode(), "sha256")
        if mark in _REFUSED:
            raise self._wrong_pin("was refused before and is not tried again")
        if token.flags & flags.USER_PIN_LOCKED:
            raise BadInput(f"the PIN of the HSM ({self.name}) is locked; its security officer can set a new one")
        if token.flags & flags.USER_PIN_FINAL_TRY:
            raise BadInput(
                f"one more wrong PIN locks the HSM ({self.name}), so none is tried; log in once with the HSM's own tool"
            )
        try:
            return token.open(user_pin=pin)
        except x.UserAlreadyLoggedIn:
            return token.open()
        except x.PinLocked:
            raise BadInput(
                f"the PIN of the HSM ({self.name}) is locked; its security officer can set a new one"
            ) from None
        except (x.PinIncorrect, x.PinInvalid, x.PinLenRange, x.PinExpired):
            _REFUSED.add(mark)
            raise self._wrong_pin("was refused") from None

    def _wrong_pin(self, what: str) -> BadInput:
        return BadInput(
            f"the PIN of the HSM ({self.name}) {what}, for tokens lock after a few; correct it in "
            f"{self._settings.pin_env} or master.pin_file and start again"
        )


def _works(probe: Callable[[Any], None], session: Any, errors: type[Exception]) -> bool:
    try:
        probe(session)
    except (errors, Unavailable, Tampered, BadInput):
        return False
    return True


def _unknown(name: str, generation: str) -> BadInput:
    return BadInput(
        f"the HSM ({name}) does not hold the master key {generation}; is it the right token? Else restore its backup"
    )


def _pkcs11() -> Any:
    try:
        import pkcs11
    except ModuleNotFoundError:
        raise Missing("PKCS#11 needs python-pkcs11; `pip install tongguan[hsm]`") from None
    return pkcs11
