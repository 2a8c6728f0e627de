"""A sex in every row of a long text: what is looked for before it does not take longer the farther down it stands."""

from __future__ import annotations

import random
import time

from tongguan.identify import Detector, Piece


def rows(count: int) -> str:
    chance = random.Random(count)
    return "id,name,sex,phone\n" + "".join(
        f"{n},{chance.choice(('王小明', '李雪', '赵一鸣'))},{chance.choice('男女')},13{chance.randrange(10**9):09}\n"
        for n in range(count)
    )


def seconds(text: str) -> float:
    detector = Detector(b"key")
    started = time.process_time()
    detector.scan([Piece(text)])
    return time.process_time() - started


def test_time_grows_with_the_text_and_not_with_its_square() -> None:
    few, many = rows(1_500), rows(15_000)
    seconds(few)
    assert seconds(many) < 40 * seconds(few)  # ten times as long


def test_a_sex_behind_a_day_or_an_age_is_found_wherever_it_stands() -> None:
    text = "无关的一行\n" * 5_000 + "王小明，1980年5月4日出生，男，住北京市海淀区\n"
    found = Detector(b"key").scan([Piece(text)])[0]
    assert [text[one.start : one.end] for one in found if one.type == "gender"] == ["男"]
