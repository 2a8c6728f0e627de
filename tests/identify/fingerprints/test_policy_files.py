"""Policy files: each fault gives one message with its line; rules that can decide nothing are refused."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan import yaml_values
from tongguan.errors import BadInput
from tongguan.identify.fingerprints import policy as policies
from tongguan.identify.fingerprints.policy import load_policy, parse_policy
from tongguan.wording import wording

GOOD = """\
policy: 客户资料出境
rules:
  - id: customers
    severity: high
    when:
      any:
        - table: {index: customers, columns: [姓名, 手机], least: 2, within: 300, rows: 5}
        - all:
            - identifier: {type: [id_card, passport], count: 10, confidence: 0.6}
            - keyword: {none: [已脱敏]}
        - near: {within: 80, of: [{keyword: {any: [机密]}}, {regex: {pattern: 'PRJ-[0-9]{4}'}}]}
        - documents: {store: contracts, share: 30 %}
        - {size: {over: 500 MB}}
    except:
      any: [{recipient: [partner.example]}, {label: [public]}]
"""


def test_the_example_is_read() -> None:
    policy = parse_policy(GOOD, "p.yaml")
    assert (policy.name, [rule.id for rule in policy.rules], policy.rules[0].severity) == (
        "客户资料出境",
        ["customers"],
        "high",
    )


def test_the_example_of_the_documents_is_read() -> None:
    page = Path(__file__).parents[3] / "docs" / "fingerprints.md"
    (example,) = re.findall(r"```yaml\n(policy:.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert len(parse_policy(example, "docs").rules) > 2


def one(when: str, more: str = "") -> str:
    return f"policy: p\nrules:\n  - id: r\n    when: {when}\n{more}"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "expected policy, rules"),
        ("policy: p\nrules: []", 2, "at least one"),
        ("policy: p\nrules:\n  - id: r\n", 3, "lacks 'when'"),
        ("policy: p\nrules: [{id: r, when: {label: [a]}}]\npolicy: q", 3, "stands there twice"),
        ("policy: p\nrule: []", 2, "not known here; expected policy, rules"),
        ("policy: [", 2, "no YAML"),
        (one("{label: [a], size: {over: 1}}"), 4, "expected one condition"),
        (one("{labels: [a]}"), 4, "no kind of condition"),
        (one("{keyword: {any: [a]}}"), 4, "too short"),
        (one("{keyword: {any: ['——']}}"), 4, "too short"),
        (one("{keyword: {any: [甲方], all: [乙方]}}"), 4, "one of any, all, none"),
        (one("{keyword: {none: [甲方], count: 2}}"), 4, "no meaning"),
        (one("{keyword: {any: [123]}}"), 4, "in quotes"),
        (one("{keyword: {any: []}}"), 4, "at least one value"),
        (one("{regex: {pattern: '(a'}}"), 4, "no regular expression"),
        (one("{regex: {pattern: 'a(?=b)'}}"), 4, "no look-around"),
        (one(r"{regex: {pattern: '(a)\1'}}"), 4, "no regular expression"),
        (one("{regex: {pattern: 'a*'}}"), 4, "matches the empty text"),
        (one("{identifier: {type: phones}}"), 4, "no data type 'phones'"),
        (one("{identifier: {type: phone, count: 0}}"), 4, "whole number from 1"),
        (one("{identifier: {type: phone, count: true}}"), 4, "whole number from 1"),
        (one("{identifier: {type: phone, confidence: 2}}"), 4, "share above 0"),
        (one("{documents: {store: a, share: 0}}"), 4, "share above 0"),
        (one("{documents: {store: a, share: x %}}"), 4, "share above 0"),
        (one("{documents: {store: a, share: 1, of: all}}"), 4, "document, text, resemblance"),
        (one("{table: {index: a, columns: [x, y], least: 3}}"), 4, "3 of 2 columns can never stand together"),
        (one("{table: {index: a, cells: 3, rows: 1}}"), 4, "is for rows"),
        (one("{table: {index: a, within: 3, records: 1}}"), 4, "one of them"),
        (one("{near: {within: 5, of: [{label: [a]}, {keyword: {any: [甲方]}}]}}"), 4, "stands at no place"),
        (one("{near: {within: 5, of: [{keyword: {none: [甲方]}}, {keyword: {any: [甲方]}}]}}"), 4, "stands at no place"),
        (one("{near: {within: 5, of: [{keyword: {any: [甲方]}}]}}"), 4, "two conditions or more"),
        (one("{size: {over: 10 MB, under: 10 MB}}"), 4, "no size is over"),
        (one("{size: {over: many}}"), 4, "number of bytes"),
        (one("{size: {}}"), 4, "expected over, under"),
        (one("{sha256: [abc]}"), 4, "64 hexadecimal digits"),
        (one("{sender: ['@']}"), 4, "addresses or domains"),
        (one("{label: [a]}", "    severity: urgent\n"), 5, "high, mid, low"),
        (one("{label: [a]}", "  - id: r\n    when: {label: [b]}\n"), 5, "a second rule 'r'"),
        (one("{all: {label: [a]}}"), 4, "list of conditions"),
        (one("&a {all: [*a]}"), 4, "aliases"),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_policy(text, "p.yaml")
    message = str(caught.value)
    assert message.startswith(f"p.yaml: line {line}: ") and says in message and "\n" not in message
    both = caught.value.text
    assert both and both["en"] == message and both["zh"].startswith(f"p.yaml：第 {line} 行：")
    assert "YAML：" in both["zh"] or not re.search("expected|characters|conditions", both["zh"])


@pytest.mark.parametrize(
    "when",
    [
        "{all: [{label: [a]}, {not: {label: [a]}}]}",
        "{all: [{keyword: {any: [甲方]}}, {keyword: {none: [甲方]}}]}",
        "{not: {any: [{label: [a]}, {not: {label: [a]}}]}}",
    ],
)
def test_rules_that_contradict_themselves_are_refused(when: str) -> None:
    with pytest.raises(BadInput, match=r"line 3: .*can never fire: its conditions contradict each other"):
        parse_policy(one(when), "p")


def test_a_rule_whose_exception_covers_it_or_that_always_fires_is_refused() -> None:
    with pytest.raises(BadInput, match="can never fire"):
        parse_policy(one("{label: [a]}", "    except: {any: [{label: [a]}, {label: [b]}]}\n"), "p")
    with pytest.raises(BadInput, match="always fires"):
        parse_policy(one("{any: [{label: [a]}, {not: {label: [a]}}]}"), "p")


def test_hostile_files_are_refused_in_good_time(tmp_path: Path) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n" for b, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    for text in (
        bomb,
        "[" * 100_000,
        "a: " * 1000,
        "x" * (2 << 20),
        "\x00",
        "!!python/object:os.system {}",
        one("{not: " * 200),
    ):
        with pytest.raises(BadInput):
            parse_policy(text, "p")
    (tmp_path / "p.yaml").write_bytes("policy: 策略".encode("gb18030"))
    with pytest.raises(BadInput, match="not UTF-8"):
        load_policy(tmp_path / "p.yaml")
    with pytest.raises(BadInput, match="cannot be read"):
        load_policy(tmp_path / "absent.yaml")
    (tmp_path / "bom.yaml").write_text("\ufeff" + GOOD, encoding="utf-8")
    assert load_policy(tmp_path / "bom.yaml").name == "客户资料出境"


@given(st.integers(0, len(GOOD) - 1), st.sampled_from([*string.punctuation, "\n", " ", "0", "是"]), st.booleans())
def test_a_damaged_policy_is_read_or_refused(at: int, sign: str, instead: bool) -> None:
    damaged = GOOD[:at] + sign + GOOD[at + instead :]
    try:
        assert parse_policy(damaged, "p").rules
    except BadInput as error:
        assert str(error).startswith("p: ")


def test_every_text_is_in_both_languages_and_used() -> None:
    package = policies.__name__
    folder = Path(policies.__file__).parent
    sources = "\n".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    families = {
        "keyword.": ("any", "all", "none"),
        "documents.": ("document", "text", "resemblance"),
        "attribute.": ("sender", "recipient", "label", "sha256", "file_type", "kind"),
        "rule.": ("true", "false", "unknown", "excepted"),
    }
    made = {family + end for family, ends in families.items() for end in ends}
    for key, texts in wording(package).texts.items():
        assert set(texts) == {"zh", "en"}, key
        assert sorted(re.findall(r"\{(\w+)\}", texts["zh"])) == sorted(re.findall(r"\{(\w+)\}", texts["en"])), key
        assert f'"{key}"' in sources or key in made, key
    for key in re.findall(r'\bsay\("([a-z_.]+)"', sources) + sorted(made):
        assert key in wording(package).texts, key


def test_faults_are_in_both_languages_and_none_is_unused() -> None:
    room = Path(policies.__file__).parent
    for package, name, sources in (
        ("tongguan.identify.fingerprints.policy", "faults.yaml", [*room.glob("*.py")]),
        ("tongguan", "yaml_values.yaml", [Path(yaml_values.__file__)]),
    ):
        texts = wording(package, name).texts
        used = "".join(path.read_text(encoding="utf-8") for path in sources)
        for key, both in texts.items():
            assert re.search("[一-鿿]", both["zh"]) and not re.search("[一-鿿]", both["en"]), key
            assert sorted(re.findall(r"\{(\w+)\}", both["zh"])) == sorted(re.findall(r"\{(\w+)\}", both["en"])), key
            assert f'"{key}"' in used, key
