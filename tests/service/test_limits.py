"""Token buckets."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from tongguan.service.limits import Buckets, Full, Places


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_worth_at_once_then_as_it_fills() -> None:
    clock = Clock()
    buckets = Buckets(6, clock=clock)
    assert [buckets.take("a") for _ in range(6)] == [0.0] * 6
    assert 9.9 < buckets.take("a") <= 10
    assert buckets.take("b") == 0.0  # nobody pays for another
    clock.now += 10
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0
    clock.now += 10_000
    assert [buckets.take("a") for _ in range(7)].count(0.0) == 6  # never more than a minute's worth


def test_refused_calls_do_not_lengthen_the_wait() -> None:
    clock = Clock()
    buckets = Buckets(60, clock=clock)
    for _ in range(60):
        buckets.take("a")
    waits = [buckets.take("a") for _ in range(1000)]
    assert max(waits) <= 1.0


def test_memory_is_bounded_and_the_busy_are_remembered() -> None:
    clock = Clock()
    buckets = Buckets(2, kept=100, clock=clock)
    for n in range(10_000):
        buckets.take("busy")
        buckets.take(f"once-{n}")
    assert len(buckets._buckets) <= 101
    assert buckets.take("busy") > 0


def test_threads_together_get_no_more() -> None:
    buckets = Buckets(100, clock=Clock())
    got: list[float] = []

    def work() -> None:
        got.extend(buckets.take("a") for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got.count(0.0) == 100


def test_places_are_few_and_come_back() -> None:
    places = Places(3, 2)
    with places.one("a"), places.one("a"), pytest.raises(Full) as full, places.one("a"):
        pass
    assert full.value.own
    with ExitStack() as held:
        for caller in ("a", "b", "c"):
            held.enter_context(places.one(caller))
        with pytest.raises(Full) as full, places.one("d"):
            pass
        assert not full.value.own
    with pytest.raises(RuntimeError), places.one("a"):
        raise RuntimeError
    with places.one("a"), places.one("a"):
        pass
    assert len(places._taken) == 0  # callers without a place are forgotten
