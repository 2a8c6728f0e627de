"""A master key as shares on paper: words by SLIP-0039 (Shamir's scheme), so many of which give it back.

Each word list carries its set, its number, how many are needed, and a checksum. What is printed beside it for people is
the label: number, set, fingerprint of the master key, holder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tongguan.errors import BadInput

__all__ = ["MOST", "Joined", "Share", "join", "split"]

MOST = 16  # shares of one set
TEXT_MAX = 2000  # characters of one share
KEY_SIZE = 32


@dataclass(frozen=True, slots=True)
class Share:
    """One share. `words` are secret: shown once to the holder, stored nowhere, and not printed by `repr`."""

    set_id: str
    number: int
    count: int
    threshold: int
    fingerprint: str  # the master key's generation
    holder: str
    words: str = field(repr=False)

    @property
    def label(self) -> str:
        """What stands on the share beside its words."""
        return (
            f"Tongguan {self.fingerprint} · {self.set_id} · {self.number}/{self.count} (≥ {self.threshold}) · "
            f"{self.holder}"
        )


@dataclass(frozen=True, slots=True)
class Joined:
    """A master key that shares gave back."""

    set_id: str
    numbers: tuple[int, ...]
    threshold: int
    key: bytes = field(repr=False)


def split(key: bytes, threshold: int, holders: Sequence[str], fingerprint: str) -> list[Share]:
    """One share for each holder, any `threshold` of which give the key back. Raises BadInput."""
    from shamir_mnemonic import generate_mnemonics
    from shamir_mnemonic.share import Share as Mnemonic

    count = len(holders)
    if not isinstance(threshold, int) or not 2 <= threshold <= count <= MOST:
        raise BadInput(
            f"a key is split so that 2 to {MOST} of at most {MOST} shares are needed; not {threshold} of {count}"
        )
    for holder in holders:
        if not isinstance(holder, str) or not 0 < len(holder.strip()) <= 200 or not holder.isprintable():
            raise BadInput("each share has a holder: a name of 1 to 200 characters that can be shown")
    if len(set(holders)) != count:
        raise BadInput("each share goes to another holder; two have the same name")
    texts = generate_mnemonics(1, [(threshold, count)], key, iteration_exponent=0)[0]
    read = [(Mnemonic.from_mnemonic(text), text) for text in texts]
    return [
        Share(_set_id(one), number, count, threshold, fingerprint, holders[number - 1], text)
        for number, one, text in sorted(((one.index + 1, one, text) for one, text in read), key=lambda found: found[0])
    ]


def join(texts: Sequence[str]) -> Joined:
    """The key that the shares give. Raises BadInput, which says which share is wrong, and never a word of it."""
    from shamir_mnemonic.shamir import combine_mnemonics
    from shamir_mnemonic.utils import MnemonicError

    if not isinstance(texts, (list, tuple)) or not texts:
        raise BadInput("no share was given")
    if len(texts) > MOST:
        raise BadInput(f"a set has at most {MOST} shares, and {len(texts)} were given")
    shares = [_read(place, text) for place, text in enumerate(texts, 1)]
    first = shares[0]
    for place, share in enumerate(shares[1:], 2):
        if share.common_parameters() != first.common_parameters() or share.group_index != first.group_index:
            raise BadInput(
                f"share {place} is of the set {_set_id(share)}, share 1 of the set {_set_id(first)}: only shares of "
                "one set fit together"
            )
        if share.member_threshold != first.member_threshold or len(share.value) != len(first.value):
            raise BadInput(
                f"share {place} does not fit to share 1, though both say they are of the set {_set_id(first)}"
            )
    seen: dict[int, int] = {}
    for place, share in enumerate(shares, 1):
        if share.index in seen:
            raise BadInput(
                f"shares {seen[share.index]} and {place} are the same one (number {share.index + 1} of the set "
                f"{_set_id(share)}); give another holder's"
            )
        seen[share.index] = place
    needed = first.member_threshold
    if len(shares) < needed:
        raise BadInput(f"{needed} shares of the set {_set_id(first)} are needed, and {len(shares)} were given")
    clean = [" ".join(text.lower().split()) for text in texts]
    try:
        key = combine_mnemonics(clean[:needed])
        others = [combine_mnemonics([*clean[: needed - 1], extra]) for extra in clean[needed:]]
    except MnemonicError:
        raise BadInput(f"the shares of the set {_set_id(first)} do not fit together: one of them was altered") from None
    if len(key) != KEY_SIZE or any(other != key for other in others):
        raise BadInput(f"the shares of the set {_set_id(first)} do not fit together: one of them was altered")
    return Joined(_set_id(first), tuple(sorted(share.index + 1 for share in shares)), needed, key)


def _read(place: int, text: object) -> Any:
    from shamir_mnemonic.share import Share as Mnemonic
    from shamir_mnemonic.utils import MnemonicError
    from shamir_mnemonic.wordlist import WORD_INDEX_MAP

    if not isinstance(text, str) or len(text) > TEXT_MAX:
        raise BadInput(f"share {place} is no list of words")
    words = text.lower().split()
    for number, word in enumerate(words, 1):
        if word not in WORD_INDEX_MAP:
            raise BadInput(
                f"share {place}: word {number} is not on the list of words; look for a slip of the pen there"
            )
    try:
        share = Mnemonic.from_mnemonic(" ".join(words))
    except MnemonicError:
        raise BadInput(
            f"share {place}: its {len(words)} words do not pass their checksum; one is wrong, missing or misplaced"
        ) from None
    if share.group_count != 1 or share.group_threshold != 1 or share.iteration_exponent != 0:
        raise BadInput(f"share {place} was not made by Tongguan")
    return share


def _set_id(share: Any) -> str:
    return f"{share.identifier:05d}"
