"""A model of document kinds: what kind a text is, how likely, and which n-grams said so.

Multinomial logistic regression over the n-grams of a vocabulary and the layout of the page, weights of eight bits.
A model is one file: `MAGIC`, version, length of the manifest (uint32 each, little-endian), the SHA-256 of all that
follows, the manifest (JSON), zeros up to a multiple of 64, then keys (int32) and rarity (uint8) of the n-grams, weights
(int8, a row a column of the vocabulary), scale and bias (float32 a kind). It is mapped, not read: processes share it.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import struct
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from tongguan import whole_file
from tongguan.errors import BadInput
from tongguan.identify.kinds.characters import DIGIT, ROLE, units
from tongguan.identify.kinds.ngrams import LONGEST
from tongguan.identify.kinds.sampling import READ_MAX, Sample, sample
from tongguan.identify.kinds.vocabulary import LAYOUT_COLUMNS, Vector, Vocabulary

__all__ = ["NONE", "VERSION", "Evidence", "Model", "Verdict", "load", "shipped"]

MAGIC: Final = b"TGKINDS\n"
VERSION: Final = 1
NONE: Final = "none"  # the kind of texts of no kind; never an answer
_HEADER: Final = struct.Struct("<8sII32s")
_ALIGN: Final = 64
_EVIDENCE: Final = 8  # n-grams named in an answer
_LIKELY: Final = 3  # kinds named in an answer
_TOKENS_MIN: Final = 12

_I8 = types.Array(types.int8, 2, "C", readonly=True)
_I32, _F32 = (types.Array(t, 1, "C", readonly=True) for t in (types.int32, types.float32))


@dataclass(frozen=True, slots=True)
class Evidence:
    """An n-gram that spoke for the kind, as the text has it, with all digits as 0 and ↵ for an end of line."""

    text: str
    weight: float  # what it added to the kind's log-odds against the mean of all kinds
    start: int  # where it first stands, in characters of the text


@dataclass(frozen=True, slots=True)
class Verdict:
    """The kind of a text. `kind` is None where it is unknown, and `reason` says why then.

    reason: `short` (too little text), `unlike` (hardly an n-gram that the model knows), `none` (most like texts of no
    kind), `unsure` (no kind is likely enough).
    """

    kind: str | None
    probability: float  # of the likeliest kind, calibrated, 0 to 1
    reason: str | None
    likely: tuple[tuple[str, float], ...]  # the likeliest kinds, descending
    evidence: tuple[Evidence, ...]  # for the likeliest kind, strongest first
    read: int  # characters read
    length: int  # characters of the text


@dataclass(frozen=True, eq=False)
class Model:
    """`manifest`: kinds and their names, material and its licences, date, calibration. `digest`: SHA-256, hex."""

    manifest: dict[str, Any]
    vocabulary: Vocabulary
    weights: NDArray[np.int8]  # (vocabulary.columns, kinds)
    scale: NDArray[np.float32]  # (kinds,)
    bias: NDArray[np.float32]  # (kinds,)
    digest: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds in the order of the weights' columns, `none` among them where the model has it."""
        return tuple(self.manifest["kinds"])

    def name(self, kind: str) -> dict[str, str]:
        """The name of a kind in both languages."""
        names: dict[str, str] = self.manifest["kinds"][kind]
        return names

    def classify(self, text: str, *, why: bool = True) -> Verdict:
        """The kind of a text; never raises. At most `sampling.READ_MAX` characters of it are read. Without `why` the
        evidence is not looked for."""
        part = sample(text)
        codes = units(part.text)
        vector = self.vocabulary.vector(codes)
        chance = self.probabilities(vector)
        order = np.argsort(-chance, kind="stable")
        best = int(order[0])
        reason = self._doubt(vector, self.kinds[best], float(chance[best]))
        return Verdict(
            None if reason else self.kinds[best],
            float(chance[best]),
            reason,
            tuple((self.kinds[i], float(chance[i])) for i in order[:_LIKELY]),
            self._evidence(vector, codes, part, best) if why else (),
            min(len(text), READ_MAX),
            len(text),
        )

    def probabilities(self, vector: Vector) -> NDArray[np.float64]:
        """Calibrated probabilities of the kinds, (kinds,), summing to one."""
        scores = np.zeros(len(self.bias), np.float32)
        _score(vector.columns, vector.values, self.weights, scores)
        logits = (scores * self.scale + self.bias).astype(np.float64) / self.manifest["temperature"]
        powers = np.exp(logits - logits.max())
        return np.asarray(powers / powers.sum())

    def _doubt(self, vector: Vector, kind: str, chance: float) -> str | None:
        if vector.tokens < _TOKENS_MIN:
            return "short"
        if vector.coverage < self.manifest["coverage"]:
            return "unlike"
        if kind == NONE:
            return "none"
        return "unsure" if chance < self.manifest["threshold"] else None

    def _evidence(self, vector: Vector, codes: NDArray[np.uint16], part: Sample, kind: int) -> tuple[Evidence, ...]:
        grams = vector.columns < len(self.vocabulary.keys)
        columns, values = vector.columns[grams], vector.values[grams]
        rows = self.weights[columns] * self.scale
        gain = values * (rows[:, kind] - rows.mean(axis=1))
        found = []
        for i in np.argsort(-gain, kind="stable")[:_EVIDENCE]:
            if gain[i] > 0:
                found.append(_named(vector, codes, int(columns[i]), float(gain[i]), part))
        return tuple(found)

    def save(self, path: Path) -> None:
        """Write the file, all or nothing. Raises CannotWrite."""
        manifest = json.dumps(self.manifest, ensure_ascii=False, sort_keys=True).encode()
        arrays: list[NDArray[Any]] = [self.vocabulary.keys, self.vocabulary.rarity, self.weights, self.scale, self.bias]
        gap = -(_HEADER.size + len(manifest)) % _ALIGN
        body = manifest + bytes(gap) + b"".join(array.tobytes() for array in arrays)
        header = _HEADER.pack(MAGIC, VERSION, len(manifest), hashlib.sha256(body).digest())
        whole_file.replace(path, header + body, private=False)


def _named(vector: Vector, codes: NDArray[np.uint16], column: int, gain: float, part: Sample) -> Evidence:
    first = int((vector.rows == column).argmax())
    token, n = divmod(first, LONGEST)
    start, end = int(vector.grams.start[token]), int(vector.grams.end[token + n])
    shown: NDArray[np.uint16] = codes[start:end].copy()
    shown[ROLE[shown] == DIGIT] = ord("0")
    text = shown.tobytes().decode("utf-16-le", "replace")
    # code units to characters: the second half of a character beyond the first plane does not count
    ahead = start - int(np.count_nonzero((codes[:start] >= 0xDC00) & (codes[:start] < 0xE000)))
    return Evidence(" ".join(text.replace("\n", " ↵ ").split()), round(gain, 4), part.original(ahead))


@njit(types.void(_I32, _F32, _I8, types.float32[::1]), cache=True)
def _score(columns, values, weights, scores):  # type: ignore[no-untyped-def]
    for i in range(len(columns)):
        for kind in range(len(scores)):
            scores[kind] += values[i] * weights[columns[i], kind]


# ---- files -------------------------------------------------------------------------------------------------------


@cache
def shipped() -> Model:
    """The model that comes with the program."""
    with as_file(files(__package__).joinpath("shipped.kinds")) as path:
        return load(path)


def load(path: Path) -> Model:
    """A model from its file. Raises BadInput where it is none, of another version, or damaged."""
    try:
        with path.open("rb") as file:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise BadInput(f"{path}: cannot be read as a model: {getattr(error, 'strerror', None) or error}") from None
    if len(data) < _HEADER.size or data[: len(MAGIC)] != MAGIC:
        raise BadInput(f"{path}: not a model of document kinds; expected a file that `tongguan kinds train` wrote")
    _, version, length, digest = _HEADER.unpack_from(data)
    if version != VERSION:
        raise BadInput(f"{path}: a model of version {version}; this program reads version {VERSION}: train it again")
    if hashlib.sha256(memoryview(data)[_HEADER.size :]).digest() != digest:
        raise BadInput(f"{path}: the model is damaged: its bytes do not match its own SHA-256; copy or train it again")
    try:
        return _unpacked(data, length, digest.hex())
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise BadInput(f"{path}: the model's parts do not fit each other ({type(error).__name__})") from None


def _unpacked(data: mmap.mmap, length: int, digest: str) -> Model:
    manifest = _manifest(data[_HEADER.size : _HEADER.size + length])
    kinds, grams = len(manifest["kinds"]), manifest["ngrams"]
    at = _HEADER.size + length + -(_HEADER.size + length) % _ALIGN
    expected = at + 5 * grams + (grams + LAYOUT_COLUMNS) * kinds + 8 * kinds
    if len(data) != expected or kinds < 2 or grams < 1:
        raise ValueError
    keys = np.frombuffer(data, np.int32, grams, at)
    at += keys.nbytes
    rarity = np.frombuffer(data, np.uint8, grams, at)
    at += rarity.nbytes
    weights = np.frombuffer(data, np.int8, (grams + LAYOUT_COLUMNS) * kinds, at).reshape(-1, kinds)
    at += weights.nbytes
    # what follows weights of eight bits may lie unaligned: copied
    scale = np.frombuffer(data[at : at + 4 * kinds], np.float32)
    bias = np.frombuffer(data[at + 4 * kinds :], np.float32)
    if not (np.isfinite(scale).all() and np.isfinite(bias).all()):
        raise ValueError
    return Model(manifest, Vocabulary(keys, rarity), weights, scale, bias, digest)


def _manifest(raw: bytes) -> dict[str, Any]:
    """What a model's file says of itself. Raises ValueError, KeyError, TypeError, OverflowError, RecursionError."""
    manifest: dict[str, Any] = json.loads(raw)
    named = isinstance(manifest["kinds"], dict) and all(isinstance(name, dict) for name in manifest["kinds"].values())
    numbers = [manifest[name] for name in ("temperature", "threshold", "coverage")]
    sound = all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    if not named or not sound or type(manifest["ngrams"]) is not int or manifest["temperature"] <= 0:
        raise ValueError
    return manifest
