"""Witnesses, by C2SP tlog-witness: others who cosign our checkpoints, and we who cosign theirs.

A witness remembers of each log the newest head that it signed, and signs another only on a proof that the log has
grown from there. With enough of them, a log cannot show different people different histories. A proof is checked with
the hash that the checkpoint names; cosignatures are Ed25519, for logs of either suite.
"""

from __future__ import annotations

import base64
import fcntl
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tongguan import whole_file
from tongguan.errors import BadInput, Broken, CannotWrite, TongguanError, Unavailable
from tongguan.trust.audit.checkpoint import Checkpoint, Verifier
from tongguan.trust.audit.cosignature import (
    NOTE_LIMIT,
    CosignatureKey,
    Cosigner,
    Note,
    Signature,
    head,
    open_note,
    signature,
    strict_base64,
)
from tongguan.trust.audit.log import AuditLog
from tongguan.trust.audit.merkle import tree_hash, verify_consistency
from tongguan.trust.audit.recording import Record
from tongguan.trust.settings import Witness as Setting

__all__ = ["Answer", "Collection", "Cosigned", "Witness", "ask", "cosign"]

BODY_LIMIT = 63 * 45 + NOTE_LIMIT + 64  # bytes of a request
PROOF_LIMIT = 63
ANSWER_LIMIT = 1 << 16
TIMEOUT_S = 10.0
SIZE_TYPE = "text/x.tlog.size"
TEXT_TYPE = "text/plain; charset=utf-8"

_OLD = re.compile(r"old (0|[1-9][0-9]{0,17})")


# ---- we ask


class Cosigned:
    """Our checkpoints with their cosignatures, `<size>` each, in a folder of the log's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, log: AuditLog) -> Cosigned:
        return cls(log.path.parent / "cosigned")

    def note(self, size: int) -> Note | None:
        """The cosigned note of this size, None where there is none that can be read."""
        try:
            note = open_note((self.folder / str(size)).read_bytes())
            head(note.text)
        except (FileNotFoundError, ValueError):
            return None
        return note

    def sizes(self) -> list[int]:
        """Ascending."""
        return sorted(int(path.name) for path in self.folder.glob("*") if path.name.isascii() and path.name.isdigit())

    def notes(self) -> list[Note]:
        """All of them, smallest first."""
        return [note for size in self.sizes() if (note := self.note(size)) is not None]

    def add(self, size: int, note: Note) -> None:
        """Keep a note, beside signatures that are there already. Raises CannotWrite."""
        before = self.note(size)
        lines = (*(before.signatures if before and before.text == note.text else ()), *note.signatures)
        newest = {(line.name, line.id): line for line in lines}  # one line a key, as strict readers want it
        _write(self.folder / str(size), str(Note(note.text, tuple(newest.values()))))


@dataclass(frozen=True, slots=True)
class Collection:
    """What asking the witnesses came to: who cosigned when (POSIX seconds), and why the others did not."""

    size: int
    note: str
    signed: Mapping[str, int]
    refused: Mapping[str, TongguanError]


def cosign(
    log: AuditLog, witnesses: Sequence[Setting], record: Record, actor: str, *, timeout_s: float = TIMEOUT_S
) -> Collection:
    """Ask every witness that has an address to cosign the newest checkpoint, and keep what they sign.

    One that does not answer or refuses is named in the result and stops nothing. Raises BadInput where there are no
    witnesses or no checkpoint.
    """
    asked = [witness for witness in witnesses if witness.url]
    if not asked:
        raise BadInput("no witness to ask; name one in settings.yaml: witnesses: [{name, verifier, url}]")
    raw = log.checkpoint()
    if raw is None:
        raise BadInput("the audit log holds no signed checkpoint yet; there is nothing to cosign")
    note = open_note(raw)
    size = head(note.text).size
    signed: dict[str, int] = {}
    refused: dict[str, TongguanError] = {}
    for witness in asked:
        try:
            lines, when = ask(log, note, witness, timeout_s=timeout_s)
        except TongguanError as error:
            refused[witness.name] = error
            continue
        note = Note(note.text, (*note.signatures, *lines))
        signed[witness.name] = when
    if signed:
        Cosigned.of(log).add(size, note)
    body = {"size": size, "root": head(note.text).root.hex(), "signed": sorted(signed), "refused": sorted(refused)}
    record("cosign", actor, body)
    return Collection(size, str(note), signed, refused)


def ask(log: AuditLog, note: Note, witness: Setting, *, timeout_s: float = TIMEOUT_S) -> tuple[list[Signature], int]:
    """One witness's cosignatures on a checkpoint of ours, and their time.

    It says which head it signed last, which we prove ours to have grown from. Raises Unavailable where it does not
    answer, Broken where it knows a head that this log does not lead up to, BadInput on a wrong key.
    """
    try:
        key = CosignatureKey(witness.verifier)
    except ValueError:
        raise BadInput(f"witnesses: {witness.name}: verifier is not a cosigner's key (type 4)") from None
    size = head(note.text).size
    old = 0
    for known in reversed(Cosigned.of(log).notes()):
        if any(key.owns(line) for line in known.signatures):
            old = min(head(known.text).size, size)
            break
    for _ in range(3):  # it may have signed another head of ours meanwhile
        status, kind, body = _post(witness, _request(log, old, size, note), timeout_s)
        if status == 200:
            return _cosignatures(witness, key, note, body)
        if status != 409 or kind != SIZE_TYPE:
            raise _refusal(witness, status)
        old = _known_size(witness, body)
        if old > size:
            raise Broken(
                f"the witness {witness.name} has signed {old} entries of this log, which now shows {size}: it was set "
                "back or cut. Run `tongguan audit verify`"
            )
    raise Unavailable(f"the witness {witness.name} keeps changing its answer; try again later")


def _request(log: AuditLog, old: int, size: int, note: Note) -> bytes:
    path = log.consistency(old, size) if 0 < old < size else []
    proof = "".join(f"{base64.b64encode(step).decode()}\n" for step in path)
    return f"old {old}\n{proof}\n{note}".encode()


def _post(witness: Setting, body: bytes, timeout_s: float) -> tuple[int, str, bytes]:
    """Status, content type and body of the answer. Raises Unavailable."""
    import httpx

    address = f"{(witness.url or '').rstrip('/')}/add-checkpoint"
    until = time.monotonic() + timeout_s
    try:
        plain = {"Accept-Encoding": "identity"}  # what is not unpacked cannot grow
        with httpx.stream("POST", address, content=body, headers=plain, timeout=timeout_s) as answer:
            found = b""
            for part in answer.iter_raw():
                found += part
                if len(found) > ANSWER_LIMIT or time.monotonic() > until:
                    raise Unavailable(f"the witness {witness.name} answers without end; is its url right?")
            return answer.status_code, answer.headers.get("content-type", "").strip(), found
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"the witness {witness.name} does not answer ({type(error).__name__}); try again") from None


def _cosignatures(witness: Setting, key: CosignatureKey, note: Note, body: bytes) -> tuple[list[Signature], int]:
    """The lines of the witness's own key; a line of it that does not hold refuses all."""
    try:
        lines = [signature(line) for line in body.decode().removesuffix("\n").split("\n")]
    except ValueError:
        raise Unavailable(f"the witness {witness.name} answers with something else than signatures") from None
    own = [line for line in lines if key.owns(line)]
    times = [when for line in own if (when := key.time(note.text, line)) is not None]
    if not own or len(times) != len(own):
        raise Broken(f"the witness {witness.name} did not sign with the key that settings.yaml names")
    return own, max(times)


def _known_size(witness: Setting, body: bytes) -> int:
    known = _OLD.fullmatch("old " + body.decode("ascii", "replace").removesuffix("\n"))
    if known is None:
        raise Unavailable(f"the witness {witness.name} answers 409 without a size")
    return int(known[1])


def _refusal(witness: Setting, status: int) -> TongguanError:
    if status == 404:
        return BadInput(f"the witness {witness.name} does not know this log; give its operator the log's verifier key")
    if status == 403:
        return BadInput(f"the witness {witness.name} knows another key of this log; give its operator the present one")
    if status == 422:
        return Broken(
            f"the witness {witness.name} has signed a head that this log does not lead up to: it was rewritten since, "
            "or two different logs are kept under one key. Run `tongguan audit verify`"
        )
    return Unavailable(f"the witness {witness.name} answers {status}; try again later")


# ---- others ask us


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer over HTTP."""

    status: int
    body: str = ""
    media_type: str = TEXT_TYPE


class Witness:
    """Cosigns the logs of others. State: one file a log, the newest note that was signed, replaced as a whole.

    `logs`: verifier keys of the logs that it knows. Threads and processes may share the folder. Raises BadInput.
    """

    def __init__(
        self, folder: Path, key: Cosigner, logs: Sequence[str], record: Record, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder
        self.key = key
        self._record = record
        self._clock = clock
        self._lock = threading.Lock()
        self._logs: dict[str, list[tuple[bytes, Verifier]]] = {}  # origin → keys, each behind its id
        for log in logs:
            try:
                known = Verifier(log)
            except ValueError:
                raise BadInput(f"{log[:80]!r} is not the verifier key of a log") from None
            identity = bytes.fromhex(log.split("+")[1])
            self._logs.setdefault(known.origin, []).append((identity, known))

    def answer(self, method: str, path: str, body: bytes = b"") -> Answer:
        """`POST /add-checkpoint`, and `GET /<SHA-256 of the origin>/checkpoint` for monitors."""
        if (method, path) == ("POST", "/add-checkpoint"):
            return self.add_checkpoint(body)
        if method == "GET" and (asked := re.fullmatch(r"/([0-9a-f]{64})/checkpoint", path)):
            for origin in self._logs:
                if _file_name(origin) == asked[1] and (note := self._kept(origin)):
                    return Answer(200, str(note))
        return Answer(404)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Judge a request in the order that the specification gives, and cosign. Raises CannotWrite, Broken."""
        try:
            old, proof, note = _taken_apart(body)
            found = head(note.text)
        except ValueError:
            return Answer(400, "not a request of tlog-witness\n")
        keys = self._logs.get(found.origin)
        if keys is None:
            return Answer(404, "unknown log\n")
        if not _signed(note, keys):
            return Answer(403, "no valid signature of the log\n")
        if old > found.size:
            return Answer(400, "the old size is larger than the new one\n")
        with self._alone():
            kept = self._kept(found.origin)
            before = head(kept.text) if kept else None
            if old != (before.size if before else 0):
                return Answer(409, f"{before.size if before else 0}\n", SIZE_TYPE)
            if why := _unfounded(before, found, proof):
                self._entry("witness_refused", found, {"before": before.size if before else 0, "why": why})
                return Answer(422, f"{why}\n")
            line = self.key.cosign(note.text, max(1, int(self._clock())))
            known = tuple(one for one, _ in _claimed(note, keys))
            _write(self.folder / _file_name(found.origin), str(Note(note.text, (*known, line))))
        if before is None or before.root != found.root:  # whoever sends the same once more does not fill our log
            self._entry("witness", found, {"before": old})
        return Answer(200, str(line))

    def _entry(self, kind: str, found: Checkpoint, more: Mapping[str, object]) -> None:
        body = {"origin": found.origin, "size": found.size, "root": found.root.hex(), **more}
        self._record(kind, self.key.name, body)

    def _kept(self, origin: str) -> Note | None:
        path = self.folder / _file_name(origin)
        try:
            note = open_note(path.read_bytes())
            head(note.text)
        except FileNotFoundError:
            return None
        except ValueError:
            raise Broken(
                f"{path} is damaged; without it, this witness cannot tell whether a log was set back"
            ) from None
        return note

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Between looking at the newest head and replacing it, nobody else does."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock, (self.folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _taken_apart(body: bytes) -> tuple[int, list[bytes], Note]:
    if len(body) > BODY_LIMIT:
        raise ValueError("too long")
    front, blank, note = body.partition(b"\n\n")
    old, *proof = front.decode("ascii").split("\n")
    known = _OLD.fullmatch(old)
    if not blank or known is None or len(proof) > PROOF_LIMIT:
        raise ValueError("malformed")
    steps = [strict_base64(step) for step in proof]
    if any(len(step) != 32 for step in steps):
        raise ValueError("not hashes")
    return int(known[1]), steps, open_note(note)


def _claimed(note: Note, keys: Sequence[tuple[bytes, Verifier]]) -> list[tuple[Signature, Verifier]]:
    """The lines that say they are by one of these keys."""
    return [
        (line, key)
        for line in note.signatures
        for identity, key in keys
        if (line.name, line.id) == (key.origin, identity)
    ]


def _signed(note: Note, keys: Sequence[tuple[bytes, Verifier]]) -> bool:
    """Whether a known key signed, and no line that claims to be by one of them is false."""
    claimed = _claimed(note, keys)
    return bool(claimed) and all(key.signed(str(Note(note.text, (line,)))) for line, key in claimed)


def _unfounded(before: Checkpoint | None, found: Checkpoint, proof: Sequence[bytes]) -> str:
    """Why a head cannot be said to have grown from the one before it; empty where it has."""
    tree = tree_hash(found.hash)
    if before and before.hash != found.hash:
        return "the log changed its hash"
    if found.size == 0 and found.root != tree.empty:
        return "not the root of an empty tree"
    if before is None or before.size == 0:
        return "a proof from nothing must be empty" if proof else ""
    if before.size == found.size:
        same = before.root == found.root and not proof
        return "" if same else "another root of the same size"
    grown = verify_consistency(before.size, found.size, before.root, found.root, proof, tree)
    return "" if grown else "the proof does not lead from the head before"


def _file_name(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()


def _write(path: Path, note: str) -> None:
    """Replace a note as a whole; its folder is made where there is none."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(f"{path.parent}: cannot be made: {error.strerror}") from error
    whole_file.replace(path, note.encode())
