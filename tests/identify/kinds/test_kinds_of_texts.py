"""What the model that comes along says of texts, good and hostile. Texts here are in no training material."""

from __future__ import annotations

import base64
import random
import time
import tracemalloc

import pytest

from tongguan.identify.kinds import known_names
from tongguan.identify.kinds.sampling import READ_MAX, sample

TEXTS = {
    "source_code": 'package main\n\nimport "fmt"\n\nfunc add(a, b int) int {\n\treturn a + b\n}\n\nfunc main() {\n\tfor i := 0; i < 9; i++ {\n\t\tfmt.Println(add(i, i))\n\t}\n}\n',
    "log": "".join(
        f"2026-03-0{d} 11:0{d}:17,223 WARN [pool-{d}] c.e.Store - retry {d} of 5 failed: timeout after 300 ms\n"
        for d in range(1, 9)
    ),
    "legal": "第十二条 县级以上人民政府应当加强对本行政区域内公共图书馆工作的领导。\n第十三条 违反本条例规定的，由主管部门责令限期改正；逾期不改正的，处一万元以上三万元以下罚款。\n第十四条 本条例自公布之日起施行。",
    "contract": "仓储合同\n甲方（存货方）：某某公司\n乙方（保管方）：某某公司\n第一条 乙方为甲方保管货物，保管费人民币三千元。\n第二条 一方违约的，应向守约方支付违约金。\n第三条 因本合同引起的争议，协商不成的，提交仲裁委员会仲裁。\n本合同一式两份，自双方盖章之日起生效。",
    "email": "From: Ann <ann@example.org>\nTo: Bob <bob@example.org>\nSubject: Re: lunch on Friday\nDate: Fri, 2 Jan 2026 10:00:00 +0000\n\nHi Bob,\n\nThanks for your email. Friday works for me. Shall we say noon?\n\nBest regards,\nAnn\n",
    "medical_record": "入院记录\n主诉：反复胸闷三天。\n现病史：患者三天前无明显诱因出现胸闷、气促，无发热，门诊以心力衰竭收入院。\n既往史：高血压病史五年。否认药物过敏史。\n体格检查：神志清，双肺闻及湿啰音，双下肢水肿。\n诊断：慢性心力衰竭。",
    "prose": "The old man had not spoken for a long time. When he looked up at last, the snow was falling again, and she saw that he had been crying. She put her hand upon his arm, and they went on together through the silent village towards the church.",
}


@pytest.mark.parametrize("kind", sorted(TEXTS))
def test_plain_cases(shipped, kind):
    verdict = shipped.classify(TEXTS[kind])
    assert verdict.likely[0][0] == kind, verdict
    assert verdict.evidence
    assert verdict.read == verdict.length == len(TEXTS[kind])


def test_every_shipped_kind_has_a_name_in_both_languages(shipped):
    assert set(shipped.kinds) - {"none"} == set(known_names())
    for kind in shipped.kinds:
        assert all(shipped.name(kind)[language] for language in ("zh", "en"))


def test_shipped_material_names_its_licences(shipped):
    for source in shipped.manifest["sources"]:
        assert source["licence"], source
        assert "not used" not in source["licence"]
        assert source["name"] != "other"


@pytest.mark.parametrize("text", ["", "a", "。", "\n", "\x00", "\ud800", "😀", "   \t\n" * 50])
def test_too_little_text_is_unknown(shipped, text):
    verdict = shipped.classify(text)
    assert verdict.kind is None
    assert verdict.reason == "short"
    assert verdict.length == len(text)


def _noise() -> dict[str, str]:
    chance = random.Random(99)
    return {
        "random Han": "".join(chr(chance.randint(0x4E00, 0x9FA5)) for _ in range(3000)),
        "random Hangul": "".join(chr(chance.randint(0xAC00, 0xD7A3)) for _ in range(3000)),
        "base64 in lines": base64.encodebytes(chance.randbytes(5000)).decode(),
        "base64 in one line": base64.b64encode(chance.randbytes(5000)).decode(),
        "hex": chance.randbytes(4000).hex(),
        "binary": chance.randbytes(9000).decode("latin-1"),
        "binary as UTF-16": chance.randbytes(9000).decode("utf-16-le", "replace"),
        "lone surrogates": "".join(chr(chance.randint(0xD800, 0xDFFF)) for _ in range(3000)),
        "beyond the first plane": "".join(chr(chance.randint(0x20000, 0x2A000)) for _ in range(3000)),
        "one letter": "a" * 5000,
        "one letter spaced": "a " * 5000,
        "zeros": "\x00" * 5000,
    }


@pytest.mark.parametrize("name", sorted(_noise()))
def test_noise_stays_unknown(shipped, name):
    verdict = shipped.classify(_noise()[name])
    assert verdict.kind is None, verdict
    assert verdict.reason in {"short", "unlike", "none", "unsure"}


@pytest.mark.parametrize("seed", range(20))
def test_random_han_stays_unknown_whatever_the_seed(shipped, seed):
    chance = random.Random(seed)
    common = "".join(chr(chance.randint(0x4E00, 0x9FA5)) for _ in range(chance.randint(100, 5000)))
    assert shipped.classify(common).kind is None


def test_a_hundred_megabytes_in_one_line_take_no_longer_than_a_page(shipped):
    text = TEXTS["prose"] * (100_000_000 // len(TEXTS["prose"]))
    shipped.classify(TEXTS["prose"])
    tracemalloc.start()
    begun = time.process_time()
    verdict = shipped.classify(text)
    spent, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert verdict.read == READ_MAX
    assert verdict.length == len(text)
    assert spent < 2
    assert peak < 30_000_000


def test_both_languages_in_one_text(shipped):
    text = (
        TEXTS["contract"]
        + "\nThis Agreement is governed by the laws of China. Either party may terminate upon notice.\n"
    )
    assert shipped.classify(text).likely[0][0] == "contract"


def test_code_within_prose_is_not_hidden_by_certainty(shipped):
    """Half of each: both among the likely ones, or unknown; never sure of a third."""
    verdict = shipped.classify(TEXTS["prose"] * 2 + "\n" + TEXTS["source_code"] * 2)
    assert {verdict.likely[0][0]} <= {"prose", "source_code", "manual"}


def test_evidence_stands_where_it_says_and_shows_no_digits(shipped):
    text = "😀𠀀" + TEXTS["log"] * 3
    verdict = shipped.classify(text)
    assert verdict.evidence
    for evidence in verdict.evidence:
        assert not set("123456789") & set(evidence.text)
        there = text[evidence.start]
        assert (
            there == evidence.text[0]
            or (there.isdigit() and evidence.text[0] == "0")
            or (there == "\n" and evidence.text[0] == "↵")
        )


def test_evidence_is_placed_in_long_texts(shipped):
    head = TEXTS["prose"] * 60  # beyond what is read at the beginning
    text = head + TEXTS["log"] * 900
    for evidence in shipped.classify(text).evidence:
        if not set("↵0") & set(evidence.text):
            assert text.startswith(evidence.text.split()[0], evidence.start)


def test_names_of_people_do_not_reach_the_evidence(shipped):
    """Only n-grams of the training material are shown; a name is none."""
    text = TEXTS["medical_record"] + "\n患者姓名：鄢翾彧，电话 13800000000，家属鄢翾彧。" * 5
    shown = "".join(evidence.text for evidence in shipped.classify(text).evidence)
    assert "翾" not in shown
    assert "138" not in shown


@pytest.mark.parametrize("length", [0, 1, READ_MAX - 1, READ_MAX, READ_MAX + 1, READ_MAX + 5, 2 * READ_MAX, 10**6])
def test_samples_are_bounded_and_in_order(length):
    text = "".join(chr(33 + i % 90) + ("\n" if i % 50 == 0 else "") for i in range(length))[:length]
    part = sample(text)
    assert len(part.text) <= READ_MAX + 8
    for offset in range(0, max(0, len(part.text) - 1), 997):
        where = part.original(offset)
        assert 0 <= where <= len(text)
        if where < len(text) and part.text[offset] != "\n":
            assert text[where] == part.text[offset]


def test_the_same_text_in_full_width_and_capitals_is_the_same_kind(shipped):
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in TEXTS["email"])
    assert shipped.classify(wide).likely[0] == pytest.approx(shipped.classify(TEXTS["email"]).likely[0]) or (
        shipped.classify(wide).likely[0][0] == "email"
    )
    assert shipped.classify(TEXTS["email"].upper()).likely[0][0] == "email"
