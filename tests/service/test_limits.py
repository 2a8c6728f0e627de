"""Token buckets."""

from __future__ import annotations

import threading

from tongguan.service.limits import Buckets


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
