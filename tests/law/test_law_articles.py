"""Which article regulates what: articles_timetable.yaml, instrument by instrument, against the data, matter by matter."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import yaml

from tongguan.law.citing import documents


def test_every_article_regulates_what_the_timetable_says() -> None:
    written = yaml.safe_load(Path(__file__).with_name("articles_timetable.yaml").read_text(encoding="utf-8"))
    held: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for matter, entry in documents()["articles"]["subjects"].items():
        for at in entry["at"]:
            held[at["instrument"]][at["article"]].append(matter)
    assert {
        instrument: {article: sorted(matters) for article, matters in articles.items()}
        for instrument, articles in held.items()
    } == {
        instrument: {article: sorted(matters) for article, matters in articles.items()}
        for instrument, articles in written.items()
    }


def test_articles_that_bear_another_number_now() -> None:
    """The Cybersecurity Law as renumbered on 2026-01-01; 64, 66 and 70 were merged into 71."""
    moved = [
        (f"{move['before']} {before}", f"{move['after']} {after}")
        for move in documents()["articles"]["renumbered"]
        for before, after in move["articles"].items()
    ]
    assert moved == [
        ("CSL-2017 第三十五条", "CSL-2026 第三十七条"),
        ("CSL-2017 第三十七条", "CSL-2026 第三十九条"),
        ("CSL-2017 第四十条", "CSL-2026 第四十二条"),
        ("CSL-2017 第六十四条", "CSL-2026 第七十一条"),
        ("CSL-2017 第六十六条", "CSL-2026 第七十一条"),
        ("CSL-2017 第七十条", "CSL-2026 第七十一条"),
        ("SECRETS-2010 第二十五条", "SECRETS-2024 第二十八条"),
    ]


def test_articles_that_give_way() -> None:
    """Article 13 of the provisions of 2024-03-22."""
    given = [
        (f"{one['instrument']} {one['article']}", f"{one['to_instrument']} {one['to_article']}")
        for one in documents()["articles"]["gives_way"]
    ]
    assert given == [
        ("SA-2022 第四条", "PROMO-2024 第七条"),
        ("SA-2022 第十四条", "PROMO-2024 第九条"),
        ("SCC-2023 第四条", "PROMO-2024 第八条"),
    ]
