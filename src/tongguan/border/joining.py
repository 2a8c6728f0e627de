"""Which subjects are one person: three nested ways to join them, for the estimate and for its two bounds.

A *strong* identifier is a document or a personal one (phone, email, bank card …). A *shared* one is a personal
identifier that stands beside more than `SHARED` values of one other type, as a shop's phone does in every order: it
ties nobody together and is taken for weak. A subject is *known* by its strong identifiers that are not shared; one
without any is *vague*.

estimate
    Known subjects that have a strong identifier in common are one person. Of vague subjects, each name is one person.
low
    Shared identifiers join known subjects too, and so does standing in one record. A vague name that a known subject
    bears is that person. Vague subjects without a name are nobody new.
high
    Known subjects are one person through a document. Without one they are known by the first of their identifiers in a
    fixed order, and are the holder of a document where their identifiers point to one such holder only; a further
    identifier joins where it points to one person only. Vague subjects are as many as they differ, and at least one a
    name.

Each way refines the one before, so for any set of subjects low ≤ estimate ≤ high. A resident's identity number is one
for life, so a group that holds several of them is that many persons in all three. The order of rows does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHARED", "Links", "Persons", "components", "join", "ranges"]

SHARED = 8
"""A personal identifier beside more values of one other type than this is nobody's own."""

Ints = NDArray[np.int64]

# Kinds of identifiers, in the order in which a subject without a document is known by them.
CARD, DOCUMENT, PERSONAL, NAME, WEAK = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Links:
    """Which subject holds which identifier: three columns of one length, and what each identifier is."""

    subject: Ints  # 0 … subjects-1
    identifier: Ints  # 0 … identifiers-1
    subjects: int
    kind: Ints  # of each identifier: CARD, DOCUMENT, PERSONAL, NAME, WEAK
    type: Ints  # of each identifier: the number of its data type
    rank: Ints  # of each identifier: place of its type in the order of preference
    same_record: tuple[Ints, Ints]  # pairs of subjects that stand in one record
    shared: NDArray[np.bool_] | None = None  # of each identifier, whether it is known to be shared
    copies: Ints | None = None  # of each subject, how many that hold the same it stands for, where not for itself alone


@dataclass(frozen=True)
class Persons:
    """Who each subject is, as labels: subjects with one label are one person. -1: vague."""

    low: Ints
    estimate: Ints
    high: Ints
    cards: tuple[Ints, Ints]  # known subject, identity number
    vague_names: tuple[Ints, Ints]  # vague subject, name
    known_names: tuple[Ints, Ints]  # known subject, name


def components(count: int, left: Ints, right: Ints) -> Ints:
    """Connected components of a graph with nodes 0 … count-1: for each node the least node that it can reach.

    Hooks the greater of two roots to the lesser and flattens, until no edge joins two roots.
    """
    root = np.arange(count, dtype=np.int64)
    while len(left):
        a, b = root[left], root[right]
        apart = a != b
        left, right = np.maximum(a, b)[apart], np.minimum(a, b)[apart]
        np.minimum.at(root, left, right)
        while True:
            further = root[root]
            if np.array_equal(further, root):
                break
            root = further
    return root


def join(links: Links) -> Persons:
    """The three groupings of subjects."""
    kind = links.kind[links.identifier]
    strong = kind <= PERSONAL
    own = strong & ~_shared(links)[links.identifier]
    known = np.zeros(links.subjects, bool)
    known[links.subject[own]] = True
    named = kind == NAME
    of_known = known[links.subject]
    cards = (kind == CARD) & of_known
    return Persons(
        low=np.where(known, _low(links, strong & of_known, known), -1),
        estimate=np.where(known, _tied(links, own), -1),
        high=np.where(known, _high(links, own, kind), -1),
        cards=(links.subject[cards], links.identifier[cards]),
        vague_names=(links.subject[named & ~of_known], links.identifier[named & ~of_known]),
        known_names=(links.subject[named & of_known], links.identifier[named & of_known]),
    )


def _tied(links: Links, by: NDArray[np.bool_], also: tuple[Ints, Ints] | None = None) -> Ints:
    """Subjects by what ties them: the chosen links, and pairs besides."""
    left, right = links.subject[by], links.subjects + links.identifier[by]
    if also is not None:
        left, right = np.concatenate([left, also[0]]), np.concatenate([right, also[1]])
    return components(links.subjects + len(links.kind), left, right)[: links.subjects]


def _low(links: Links, by: NDArray[np.bool_], known: NDArray[np.bool_]) -> Ints:
    a, b = links.same_record
    both = known[a] & known[b]
    return _tied(links, by, (a[both], b[both]))


def _high(links: Links, own: NDArray[np.bool_], kind: Ints) -> Ints:
    """Labels below `links.subjects` are groups of documents, the others are identifiers that a person is known by."""
    by_document = own & (kind <= DOCUMENT)
    label = _tied(links, by_document)
    documented = np.zeros(links.subjects, bool)
    documented[links.subject[by_document]] = True

    subject, identifier = links.subject[own], links.identifier[own]
    bare_subject, first = _first(subject[~documented[subject]], identifier[~documented[subject]], links.rank)
    label[bare_subject] = links.subjects + first

    holder = _only_group(links, label, subject, identifier, documented)
    label = np.where((label >= links.subjects) & (holder[label] >= 0), holder[label], label)

    # An identifier by which somebody is known, and which elsewhere stands in the records of exactly one other person.
    further = label[subject] != links.subjects + identifier
    held, holder = _distinct(identifier[further], label[subject[further]])
    once = np.bincount(held, minlength=len(links.kind))[held] == 1
    person = np.arange(links.subjects + len(links.kind), dtype=np.int64)
    person[links.subjects + held[once]] = holder[once]
    while not np.array_equal(person, person[person]):  # holders come earlier in the order: no circles
        person = person[person]
    return person[label]


def _only_group(links: Links, label: Ints, subject: Ints, identifier: Ints, documented: NDArray[np.bool_]) -> Ints:
    """For each label of somebody without a document: the one group of documents that shares identifiers with it; -1
    where there is none, or several."""
    nodes = links.subjects + len(links.kind)
    none = np.iinfo(np.int64).max
    least, most = np.full(len(links.kind), none), np.full(len(links.kind), -1, np.int64)
    has = documented[subject]
    np.minimum.at(least, identifier[has], label[subject[has]])
    np.maximum.at(most, identifier[has], label[subject[has]])
    lowest, highest = np.full(nodes, none), np.full(nodes, -1, np.int64)
    np.minimum.at(lowest, label[subject[~has]], least[identifier[~has]])
    np.maximum.at(highest, label[subject[~has]], most[identifier[~has]])
    return np.where(lowest == highest, highest, -1)


def _first(subject: Ints, identifier: Ints, rank: Ints) -> tuple[Ints, Ints]:
    """Each subject with its first identifier by rank."""
    order = np.lexsort((identifier, rank[identifier], subject))
    subject, identifier = subject[order], identifier[order]
    first = np.ones(len(subject), bool)
    first[1:] = subject[1:] != subject[:-1]
    return subject[first], identifier[first]


def _shared(links: Links) -> NDArray[np.bool_]:
    """Which identifiers stand beside more than `SHARED` values of one other type."""
    shared = np.zeros(len(links.kind), bool) if links.shared is None else links.shared.copy()
    telling = links.kind[links.identifier] <= NAME
    subject, identifier = links.subject[telling], links.identifier[telling]
    # Only an identifier of many subjects can be shared; only their subjects' links matter.
    copies = None if links.copies is None else links.copies[subject]
    often = np.bincount(identifier, copies, len(links.kind)) > SHARED
    suspect = often & (links.kind == PERSONAL)
    concerned = np.zeros(links.subjects, bool)
    concerned[subject[suspect[identifier]]] = True
    keep = concerned[subject]
    subject, identifier = subject[keep], identifier[keep]
    if not len(subject):
        return shared
    order = np.argsort(subject, kind="stable")
    subject, identifier = subject[order], identifier[order]
    start = np.searchsorted(subject, subject, "left")
    size = np.searchsorted(subject, subject, "right") - start
    mine = suspect[identifier]
    one = np.repeat(identifier[mine], size[mine])
    beside = identifier[ranges(start[mine], size[mine])]
    other = links.type[one] != links.type[beside]
    one, beside = _distinct(one[other], beside[other])
    types = int(links.type.max()) + 1
    pair, times = np.unique(one * types + links.type[beside], return_counts=True)
    shared[pair[times > SHARED] // types] = True
    return shared


def ranges(start: Ints, size: Ints) -> Ints:
    """The numbers start … start+size-1 of each range, one range after another."""
    offset = np.cumsum(size) - size
    numbers: Ints = np.arange(int(size.sum()), dtype=np.int64) + np.repeat(start - offset, size)
    return numbers


def _distinct(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """Distinct pairs of two columns of numbers below 2**31."""
    pair: Ints = np.unique(a << np.int64(32) | b)
    first: Ints = pair >> 32
    second: Ints = pair & 0xFFFFFFFF
    return first, second
