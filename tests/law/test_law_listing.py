"""The book as lists: how entries stand on a day, where matters moved, the days on which the law turns."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tongguan import law
from tongguan.errors import NotFound
from tongguan.law.book import book
from tongguan.law.index import entries

DAYS = [
    date(2000, 1, 1),
    date(2017, 6, 1),
    date(2022, 8, 31),
    date(2024, 3, 22),
    date(2026, 11, 21),
    date(2099, 12, 31),
]
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize("day", DAYS)
def test_every_entry_is_listed_and_opens(day: date) -> None:
    rows = law.listing(day)
    assert len(rows) == len(entries())
    for row in rows:
        shown = law.show(f"{row['kind']}/{row['id']}", day)
        assert (shown["kind"], shown["id"]) == (row["kind"], row["id"])
        assert row["standing"] in ("in_force", "ended", "ahead", "unclear")
        if row["kind"] == "instrument":
            assert row["status"] == shown["status"]


@pytest.mark.parametrize("day", DAYS[1:-1])
def test_exactly_one_period_is_in_force(day: date) -> None:
    assert len([row for row in law.listing(day, "regime") if row["standing"] == "in_force"]) == 1


def test_a_turning_day_changes_how_something_stands() -> None:
    for turn in law.turns(date(2017, 1, 1), date(2027, 12, 31)):
        assert turn.begins or turn.ends
        plain = [(kind, ident) for kind, ident in turn.begins if kind not in ("matter", "instrument")]
        now = {(row["kind"], row["id"]) for row in law.listing(turn.day) if row["standing"] == "in_force"}
        assert set(plain) <= now
    days = [turn.day for turn in law.turns(date.min, date.max)]
    assert days == sorted(set(days))
    assert {turn for turn in book().turns if turn > date.min} <= set(days)


def test_histories_agree_with_the_article_of_every_day() -> None:
    for row in law.listing(DAYS[-2], "matter"):
        history = law.matter_history(row["id"])
        assert history
        for stretch in history:
            for edge in (stretch["from"], stretch["to"]):
                if edge and "0001" not in edge:
                    held = law.articles(row["id"], date.fromisoformat(edge))
                    assert [one["article"] for one in stretch["articles"]] == [one.article for one in held]
        for before, after in pairwise(history):
            assert date.fromisoformat(before["to"]) + ONE_DAY <= date.fromisoformat(after["from"])


def test_localisation_moved_from_37_to_39() -> None:
    moved = {stretch["from"]: stretch["articles"][0]["article"] for stretch in law.matter_history("ciio_localisation")}
    assert moved["2017-06-01"] == "第三十七条" and moved["2026-01-01"] == "第三十九条"


def test_a_matter_that_is_none_says_which_there_are() -> None:
    with pytest.raises(NotFound, match="ciio_localisation"):
        law.matter_history("gossip")


def test_words_find_what_search_finds() -> None:
    for words in ("37", "标准合同", "certification", "北京"):
        hits = law.search(words, None, law.MOST_HITS)
        rows = law.listing(DAYS[-2], None, words)
        assert [(hit.kind, hit.id) for hit in hits] == [(row["kind"], row["id"]) for row in rows]
    assert law.listing(DAYS[-2], None, "xyzzyq") == []


def test_what_stands_in_a_file_leads_to_its_entry() -> None:
    assert law.entry_of("rules", "state_secret") == "rule/state_secret"
    assert law.entry_of("rules", "nothing") is None
    assert law.book_word("status", "in_force", "zh") == "现行有效"
    assert law.book_word("status", "gossip", "zh") == "gossip"
