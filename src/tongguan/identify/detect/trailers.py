"""Names that version control and trackers of issues write in lines of their own forms.

Git: `Author: 张三 <mail>` in logs, `Signed-off-by: 张三 <mail>` and its like at the end of messages (git-log,
git-interpret-trailers). Jira: `*Reporter:* Jane Roe`. ZenTao's history: `由 张三 创建`, `指派给 李四`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.foreign_names import is_firm
from tongguan.identify.detect.name_columns import name_of
from tongguan.identify.detect.names import candidate_of, is_likely_name
from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_WORD: Final = r"[^\s<>\"*@:：,，]{1,24}"
_NAME: Final = rf"({_WORD}(?: {_WORD}){{0,3}})"
_ENDS: Final = r"(?= ?<[^<>\s@]{1,64}@|[ \t]*(?:[\r\n\x00]|\Z))"
_TRAILER: Final = re.compile(
    r"(?:Signed-off|Co-authored|Reviewed|Acked|Tested|Reported|Suggested|Co-developed|Helped|Mentored|Committed|Approved)"
    rf"-by: {_NAME}{_ENDS}",
    re.IGNORECASE,
)
_COMMIT: Final = re.compile(rf"(?<![^\n\r\x00])(?:Author|Commit|Committer|Tagger): {{1,8}}{_NAME} <[^<>\s@]{{1,64}}@")
_ROLE: Final = re.compile(
    r"\*(?:Reporter|Assignee|Author|Creator|Reviewer|Owner|报告人|经办人|创建人|负责人|提交人|处理人):\*{1,2} ?"
    rf"{_NAME}(?=[ \t]{{0,8}}(?:[\r\n\x00*|,，]|\Z))"
)
_DONE: Final = re.compile(
    r"由 ([^\s，。、]{2,10}) (?:创建|指派|编辑|关闭|激活|解决|确认|备注|添加|提交|评审|转派)"
    r"(?:给 ([^\s，。、]{2,10})(?=[\s，。]|\Z))?"
)

_NOBODY: Final = re.compile(
    r"(?<![A-Za-z])(?i:bot|actions|maintainers?|developers?|contributors?|authors?|admin|administrator|root|build|ci|robot|runner"
    r"|release|automation|copilot|github|gitlab|gitea|jenkins|unassigned|unknown|user)(?![A-Za-z])"
)


def find(view: View) -> Iterator[Candidate]:
    """Names of who wrote, signed, reported and handled."""
    text, words = view.text, view.words
    for at in words.start[words.of("marks/line")].tolist():
        if text[at] == "由":
            yield from _handled(_DONE.match(text, at))
        elif role := _ROLE.match(text, at - 1):
            yield from _named(role, 0.75)
        else:
            yield from _named(_TRAILER.match(text, at) or _COMMIT.match(text, at), 0.8)


def _named(found: re.Match[str] | None, score: float) -> Iterator[Candidate]:
    if found and not is_firm(found[1]) and not _NOBODY.search(found[1]) and (name := name_of(found[1])):
        yield candidate_of(*found.span(1), name, score)


def _handled(found: re.Match[str] | None) -> Iterator[Candidate]:
    """Only names that are likely ones: 由 系统 创建."""
    if found is None:
        return
    for group in (1, 2):
        if found[group] and is_likely_name(found[group]) and (name := name_of(found[group])):
            yield candidate_of(*found.span(group), name, 0.75)
