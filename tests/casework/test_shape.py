"""What a report makes of a result before it prints it."""

from __future__ import annotations

from typing import Any

import pytest

from tongguan.casework.report.shape import LONGEST, complete


def test_a_bare_result_has_every_key(quiet: dict[str, Any]) -> None:
    whole = complete(quiet)
    assert whole["exporter"]["ciio"] is None
    assert whole["coverage"]["directions"]["undetermined"] == 0
    assert whole["totals"]["counted"]["persons"] == {"count": 0, "low": 0, "high": 0}
    assert whole["run"]["audit"] == {"index": None, "root": ""}
    assert whole["decision"]["reasons"] == [] and whole["decision"]["pathway"] == "not_export"
    assert complete({})["recipients"] == []


def test_totals_that_are_not_split_count_in_full(retailer: dict[str, Any]) -> None:
    del retailer["totals"]["counted"]
    assert complete(retailer)["totals"]["counted"]["persons"] == retailer["totals"]["persons"]


def test_what_was_not_filed_stays_none(retailer: dict[str, Any]) -> None:
    filed = {r["id"]: r["filed"] for r in complete(retailer)["recipients"]}
    assert filed["mx.quillmark.example"] is None
    assert filed["lumora"]["persons"] == 500000
    assert filed["pagewell"]["path"] == "" and filed["pagewell"]["persons"] is None


def test_keys_of_later_versions_are_kept(retailer: dict[str, Any]) -> None:
    retailer["recipients"][0]["mood"] = {"calm": ["very\x00"]}
    assert complete(retailer)["recipients"][0]["mood"] == {"calm": ["very\ufffd"]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain 星野", "plain 星野"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("\udcff.pcap", "\ufffd.pcap"),
        ("gpj.\u202eexe", "gpj.\ufffdexe"),
        ("line\nbreak\ttab", "line\nbreak\ttab"),
    ],
)
def test_texts_hold_only_what_paper_can(given: str, kept: str) -> None:
    assert complete({"exporter": {"name": given}})["exporter"]["name"] == kept


def test_long_texts_are_cut_and_show_it() -> None:
    name = complete({"exporter": {"name": "x" * 10_000}})["exporter"]["name"]
    assert len(name) == LONGEST and name.endswith("…")


def test_the_given_result_is_left_alone(retailer: dict[str, Any]) -> None:
    before = repr(retailer)
    complete(retailer)
    assert repr(retailer) == before
