"""Every text that a page uses is there in both languages, and no text is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tongguan import law
from tongguan.model import BlindKind, Direction, Pathway
from tongguan.service.console import names
from tongguan.service.console.menu import GROUPS
from tongguan.service.console.pages import decide_form
from tongguan.wording import wording

ROOM = Path(names.__file__).parent
TEXTS = names.texts().texts
# Families of keys whose last part is data: what may stand there.
FAMILIES = {
    "blind.": [kind + end for kind in map(str, BlindKind) for end in ("", ".means", ".how")],
    "direction.": [*map(str, Direction), "leaving"],
    "says.": [*map(str, Pathway), "gba_standard_contract"],
    "decide.bad.": ["bool", "count", "date", "text", "choice", "day", "reading", "contradiction", "alone"],
    "decide.help.": list(law.FIELDS),
    "decide.step.": list(decide_form.STEPS),
    "decide.trace.": ["decides", "may_decide", "fails", "not_asked", "holds"],
}
OPEN = ("kind.", "basis.", "diff.")  # other rooms may add to these: the identifier stands in for a missing text


def sources() -> str:
    files = [*ROOM.rglob("*.html"), *ROOM.rglob("*.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def prefixes() -> set[str]:
    """Beginnings of keys that are put together: t('blind.' ~ kind), t(f"error.{status}")."""
    text = sources()
    return set(re.findall(r"""\bt\(['"]([a-z0-9_.]+\.)['"] ~""", text)) | set(
        re.findall(r"""f"([a-z0-9_.]+\.)\{""", text)
    )


def keys() -> set[str]:
    """Keys that stand in the sources whole, in either kind of quotes."""
    return {quoted for quoted in re.findall(r"""['"]([a-z][a-z0-9_.]*)['"]""", sources()) if quoted in TEXTS}


def test_every_text_is_there_in_both_languages() -> None:
    for key, text in TEXTS.items():
        assert set(text) == {"zh", "en"}, key
        assert all(isinstance(v, str) for v in text.values()), key
        assert sorted(re.findall(r"\{(\w+)\}", text["zh"])) == sorted(re.findall(r"\{(\w+)\}", text["en"])), key


def test_no_text_stands_in_two_files() -> None:
    files = sorted(ROOM.glob("wording*.yaml"))
    each = [key for path in files for key in wording(names.PACKAGE, path.name).texts]
    assert sorted(key for key in set(each) if each.count(key) > 1) == [] and len(each) == len(TEXTS)


def test_every_key_that_is_used_is_there() -> None:
    whole = set(re.findall(r"""\bt\(['"]([a-z0-9_.]+)['"][,)]""", sources()))
    assert len(whole) > 200
    assert whole - set(TEXTS) == set()
    assert {page for group in GROUPS for page, _ in group.pages} | {g.key for g in GROUPS} <= set(TEXTS)


@pytest.mark.parametrize("prefix", FAMILIES)
def test_every_family_of_keys_is_whole(prefix: str) -> None:
    assert [prefix + last for last in FAMILIES[prefix] if prefix + last not in TEXTS] == []


def test_every_put_together_key_has_texts() -> None:
    for prefix in prefixes():
        assert any(key.startswith(prefix) for key in TEXTS) or prefix.startswith("activity."), prefix


def test_no_text_is_left_over() -> None:
    built = (*prefixes(), *OPEN, "act.")
    assert sorted(key for key in TEXTS if key not in keys() and not key.startswith(built)) == []


def test_every_difference_of_a_report_has_its_word() -> None:
    for key in wording("tongguan.casework.report").texts:
        if key.startswith("difference."):
            rule = key.removeprefix("difference.")
            assert {f"diff.{rule}", f"diff.{rule}.means"} <= set(TEXTS), rule
