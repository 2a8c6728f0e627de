"""Why a finding is one: what was checked, the word beside it, how it is written; nothing of the value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tongguan.identify import TYPES, Detector, extract, identify_lines
from tongguan.identify.explaining import explain
from tongguan.model import Content
from tongguan.wording import wording

KEY = b"a key of tests"


def reasons(text: str, type: str) -> list[dict[str, str]]:
    data = text.encode()
    pieces = extract(Content(None, "", len(data), data)).pieces
    for piece, findings in zip(pieces, Detector(KEY).scan(pieces), strict=True):
        for finding in findings:
            if finding.type == type:
                return explain(piece, finding)
    raise AssertionError(f"no {type} in the text")


def said(text: str, type: str, language: str = "zh") -> str:
    return " / ".join(reason[language] for reason in reasons(text, type))


@pytest.mark.parametrize(
    ("text", "type", "parts"),
    [
        ("身份证号：110101199003078515", "id_card", ["校验位、行政区划码", "“身份证号”之后", "0.99"]),
        ("订单号 110101199003078515", "id_card", ["“订单号”，降低把握", "0.95"]),
        ("致电 １３９１２３４５６７８ 即可", "phone", ["号段已开放", "“致电”之后", "全角"]),
        ("Mobile: 139 1234 5678.", "phone", ["号段已开放", "“Mobile”之后", "分组书写"]),
        ("联系 13912345678", "phone", ["号段已开放"]),
        ("患者自述，确诊为高血压三年。", "health", ["上下文判断", "同句中有“确诊为”"]),
        ("姓名,手机\n李娜,13800138000\n王芳,13900139000\n", "phone", ["列名含“手机”"]),
        ("email: someone@example.com", "email", ["写法", "“email”之后"]),
    ],
)
def test_what_made_the_score(text: str, type: str, parts: list[str]) -> None:
    told = said(text, type)
    assert [part for part in parts if part not in told] == []


@pytest.mark.parametrize(
    ("text", "type", "words"),
    [
        ("手机很好用。\n\n\n13912345678", "phone", "手机"),
        ("地址见下，另附 13912345678", "phone", "地址"),
        ("姓名：请另行填写，也可以不填，请于工作日内来电说明情况并留下号码 13912345678", "phone", "姓名"),
    ],
)
def test_words_that_say_nothing_of_it_are_not_named(text: str, type: str, words: str) -> None:
    assert f"“{words}”" not in said(text, type)


def test_both_languages_and_no_value() -> None:
    text = "持卡人李娜 手机号码 137 0013 7000，身份证 110101199003078515，微信号: lina_2001，诊断：糖尿病"
    data = text.encode()
    pieces = extract(Content(None, "", len(data), data)).pieces
    found = [(p, f) for p, fs in zip(pieces, Detector(KEY).scan(pieces), strict=True) for f in fs]
    assert len({finding.type for _, finding in found}) >= 4
    for piece, finding in found:
        for reason in explain(piece, finding):
            assert set(reason) == {"zh", "en"} and all(reason.values())
            assert piece.text[finding.start : finding.end] not in "".join(reason.values())


def test_all_that_detectors_say_of_themselves_has_words() -> None:
    """Validators are named in the code of the detectors."""
    folder = Path(explain.__code__.co_filename).parent / "detect"
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    known = wording("tongguan.identify", "explaining.yaml").texts
    for key in known:
        if key.startswith("validator.") and key != "validator.other":
            assert f'"{key.removeprefix("validator.")}"' in source
        if key.startswith("checked."):
            assert key.removeprefix("checked.") in TYPES


@pytest.mark.parametrize(
    "hostile", ["\ud800" * 8 + "手机：13700137000", "手机：13700137000" + "\U0001f684" * 40, "\x00手机\x0013700137000"]
)
def test_odd_texts_end_in_an_explanation(hostile: str) -> None:
    from tongguan.identify import Piece

    piece = Piece(hostile)
    found = Detector(KEY).scan([piece])[0]
    assert found
    assert all(explain(piece, finding) for finding in found)


def test_lines_with_reasons_and_kinds(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("手机：13700137000", encoding="utf-8")
    code = (
        "def main(argv: list[str]) -> int:\n    parser = argparse.ArgumentParser()\n"
        + "    return run(parser.parse_args(argv))\n" * 12
    )
    (tmp_path / "run.py").write_text(code, encoding="utf-8")
    plain = list(identify_lines([tmp_path], KEY))
    assert "why" not in plain[0] and not any("kind" in line for line in plain)
    lines = list(identify_lines([tmp_path], KEY, explain=True, kinds=True))
    json.dumps(lines)
    assert [reason["zh"] for reason in lines[0]["why"]][1] == "紧跟在“手机”之后"
    kinds = {Path(line["path"]).name: line for line in lines if "kind" in line}
    assert kinds["note.txt"]["kind"] is None and kinds["note.txt"]["reason"] == "short"
    assert kinds["run.py"]["kind"] == "source_code" and set(kinds["run.py"]["name"]) == {"zh", "en"}
