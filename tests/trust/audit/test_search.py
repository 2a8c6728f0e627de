"""Finding entries: against a plain walk over all of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from log_place import Place

from tongguan.errors import BadInput
from tongguan.trust import AuditLog, Entry
from tongguan.trust.audit import Query
from tongguan.trust.audit import search as searching

START = 1_790_000_000


@pytest.fixture
def filled(place: Place) -> Iterator[AuditLog]:
    """300 entries, one a minute, with the clock set back by an hour twice."""
    now = float(START)
    with place.open(clock=lambda: now) as log:
        for n in range(300):
            now += 60 - 3660 * (n in (100, 220))
            log.append(
                ("run", "export", "denied")[n % 3], f"user{n % 5}", {"n": n, "path": f"/数据/Set{n % 11}", "q": 'a"b'}
            )
        yield log


def matches(entry: Entry, query: Query) -> bool:
    at = datetime.fromisoformat(entry.ts)
    return (
        (not query.kinds or entry.kind in query.kinds)
        and (query.actor is None or entry.actor == query.actor)
        and (query.since is None or at >= query.since)
        and (query.until is None or at < query.until)
        and (not query.words or query.words.casefold() in str(entry.body["path"]).casefold())
    )


def found(log: AuditLog, query: Query, limit: int) -> list[int]:
    indices, before = [], None
    for _ in range(1000):
        page = log.search(query, before, limit)
        assert len(page.entries) <= limit
        indices += [entry.index for entry in page.entries]
        before = page.next
        if before is None:
            return indices
    raise AssertionError("the pages do not end")


def test_against_a_plain_walk(filled: AuditLog) -> None:
    chance = random.Random(4)
    everything = filled.entries(0, 1000, newest=True)
    assert filled.kinds()["clock"] == 2
    at = lambda: datetime.fromtimestamp(START + chance.randrange(-600, 20_000), UTC)  # noqa: E731
    for _ in range(50):
        query = Query(
            kinds=tuple(chance.sample(["run", "export", "denied", "clock", "none"], chance.choice([0, 0, 1, 2, 3]))),
            actor=chance.choice([None, None, "user3", "nobody"]),
            since=chance.choice([None, None, at()]),
            until=chance.choice([None, None, at()]),
            words=chance.choice([None, None, "/数据/set4", "nowhere"]),
        )
        expected = [e.index for e in everything if e.kind != "clock" or not query.words if matches(e, query)]
        assert found(filled, query, chance.choice([3, 7, 50, 1000])) == expected, query
        assert filled.count(query, 500) == searching.Count(len(expected), True)
        counted = len(expected) <= 20 or (bool(query.kinds) and query == Query(query.kinds))  # or there is a counter
        assert filled.count(query, 20) == searching.Count(len(expected) if counted else 20, counted)


def test_pages_are_bounded_in_work_and_go_on(filled: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SCAN", 40)
    query = Query(words="set10")
    first = filled.search(query)
    assert first.next is not None and len(first.entries) < 10, (
        "40 texts were looked at, and the page says where to go on"
    )
    whole = [e.index for e in filled.entries(0, 1000, newest=True) if str(e.body.get("path", "")).endswith("Set10")]
    assert found(filled, query, 100) == whole
    count = filled.count(query)
    assert not count.exact and 0 < count.number < len(whole)
    assert found(filled, Query(("export",), "user2"), 3) == [
        e for e in range(299, -1, -1) if matches(filled.entry(e), Query(("export",), "user2"))
    ]


def test_what_is_asked_wrongly(filled: AuditLog) -> None:
    with pytest.raises(BadInput, match="zone"):
        filled.search(Query(since=datetime(2026, 1, 1)))
    with pytest.raises(BadInput, match="at most"):
        filled.search(Query(words="x" * 201))
    assert filled.search(Query(since=datetime.now(UTC) + timedelta(days=9999))).entries == []
    assert len(filled.search(Query(), limit=10**9).entries) == filled.size
    assert len(filled.search(Query(), limit=-5).entries) == 1
    for words in ("%", "_x", "'; drop table entries", '"a', "\\", "\0", '","index":'):
        assert filled.search(Query(words=words)).entries == []
    assert len(filled.search(Query(words='a"b')).entries) == 100
    assert filled.search(Query(words="user1")).entries == [], "only bodies are looked at"


def test_kinds_are_counted_as_they_come(log: AuditLog) -> None:
    expected: dict[str, int] = {}
    for n in range(30):
        batch = [(f"kind{k % 7}", "a", {}) for k in range(n)]
        log.append_many(batch)
        for kind, _, _ in batch:
            expected[kind] = expected.get(kind, 0) + 1
        assert log.kinds() == expected
    assert list(log.kinds()) == sorted(expected)
    assert [e.index for e in log.entries(5, 3, kind="kind0")] == [
        e.index for e in log.entries(0, 9999) if e.kind == "kind0"
    ][5:8]


def test_texts_in_order(log: AuditLog) -> None:
    log.append_many([("k", "a", {"n": n}) for n in range(2300)])
    texts = list(log.texts())
    assert texts == [e.text for e in log.entries(0, 9999)] and len(texts) == 2300
    assert list(log.texts(999, 1001)) == texts[999:1001] and list(log.texts(5, 5)) == []
    with pytest.raises(IndexError):
        list(log.texts(0, 2301))
