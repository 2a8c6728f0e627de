"""Who wrote, signed, reported and handled, in logs of git, Jira's issues and ZenTao's history."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongguan.model import Finding

Find = Callable[[str], list[Finding]]


def names(find: Find, text: str) -> list[str]:
    return [text[one.start : one.end] for one in find(text) if one.type == "person_name"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("commit 77aa\nAuthor:     司马文 <sima.w@corp-mail.cn>\nDate: x", ["司马文"]),
        ("Commit: Kate O'Neil <kate.oneil@corp-mail.cn>", ["Kate O'Neil"]),
        ("    fix\n\n    Co-authored-by: 蒋欣怡 <jxy@corp-mail.cn>\n", ["蒋欣怡"]),
        ("fix\n\nReviewed-By: Jonas Weber\r\n", ["Jonas Weber"]),
        ("*Reporter:* Anna Lindqvist  *Assignee:* 白雪梅\n", ["Anna Lindqvist", "白雪梅"]),
        ("**Author:** Markus Braun\n", ["Markus Braun"]),
        ("2026-01-01 由 熊丽娜 指派给 白雪梅。", ["熊丽娜", "白雪梅"]),
    ],
)
def test_persons(find: Find, text: str, expected: list[str]) -> None:
    assert names(find, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Signed-off-by: dependabot[bot] <support@corp-mail.cn>",
        "Author: GitHub Actions <actions@corp-mail.cn>",
        "Co-authored-by: Copilot <c@corp-mail.cn>",
        "*Assignee:* Unassigned\n**Owner:** Platform Team\n",
        "2026-01-01 由 系统 关闭。由 用户 提交",
        "Sort-by: Order Name\n",
        "Author: the list of Those <who wrote",
    ],
)
def test_nobody(find: Find, text: str) -> None:
    assert names(find, text) == []
