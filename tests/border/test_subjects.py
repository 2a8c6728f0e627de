from __future__ import annotations

from border_scenes import MEMBERS, OUTSIDE, Row, exchange, finding, findings_of
from hypothesis import given
from hypothesis import strategies as st

from tongguan.border import subjects
from tongguan.model import Subject

SENT = exchange(MEMBERS, OUTSIDE)


def of(*rows: Row) -> list[Subject]:
    return subjects(SENT, [findings_of(rows)])


def values(subject: Subject) -> set[str]:
    return {type for type, _ in subject.identifiers}


def test_the_identifiers_of_one_record_are_one_subject() -> None:
    (subject,) = of({"person_name": "甲", "phone": "1", "address": "路", "health": "疾病"})
    assert values(subject) == {"person_name", "phone", "address"}
    assert subject.types == {"person_name", "phone", "address", "health"}
    assert subject.sensitive
    assert (subject.exchange, subject.record) == (SENT.uid, "0/0/0")


def test_each_record_is_a_subject_of_its_own() -> None:
    first, second = of({"phone": "1"}, {"phone": "2", "bank_card": "9"})
    assert (first.record, second.record) == ("0/0/0", "0/0/1")
    assert (first.sensitive, second.sensitive) == (False, True)


def test_two_documents_of_different_kinds_are_one_person() -> None:
    assert len(of({"id_card": "1", "passport": "2", "phone": "3"})) == 1


def test_two_documents_of_one_kind_are_two_persons_and_pairs_stay_together() -> None:
    text = [
        finding("person_name", "甲", 0),
        finding("id_card", "1", 10),
        finding("phone", "11", 30),
        finding("person_name", "乙", 50),
        finding("id_card", "2", 60),
        finding("phone", "22", 80),
    ]
    first, second = subjects(SENT, [text])
    assert [digest for _, digest in first.identifiers] == [text[1].digest, text[0].digest, text[2].digest]
    assert [digest for _, digest in second.identifiers] == [text[4].digest, text[3].digest, text[5].digest]
    assert first.types == second.types


def test_an_unpaired_identifier_goes_to_the_nearest() -> None:
    text = [finding("id_card", "1", 0), finding("id_card", "2", 100), finding("phone", "3", 90)]
    first, second = subjects(SENT, [text])
    assert values(first) == {"id_card"}
    assert values(second) == {"id_card", "phone"}


def test_the_most_frequent_kind_decides_how_many() -> None:
    assert len(of({"id_card": "1|2", "phone": "3|4|5"})) == 3
    assert len(of({"phone": "3|3|3"})) == 1


def test_a_record_of_sensitive_data_without_identifier_is_a_subject_without_one() -> None:
    (subject,) = of({"health": "疾病"})
    assert subject.identifiers == ()
    assert subject.sensitive


def test_what_is_nobodys_makes_no_subject() -> None:
    assert of({"organisation": "公司", "uscc": "1"}, {"credential": "密码"}) == []


def test_contents_and_pieces_are_told_apart() -> None:
    rows = findings_of([{"phone": "1"}])
    assert [s.record for s in subjects(SENT, [rows, [], rows], 3)] == ["3/0/0", "3/2/0"]


strong = st.sampled_from(["id_card", "passport", "phone", "email", "bank_card"])
anything = st.one_of(strong, st.sampled_from(["person_name", "address", "ip", "health", "uscc"]))
spread = st.lists(st.tuples(anything, st.integers(0, 9), st.integers(0, 500)), max_size=25)


@given(spread)
def test_nothing_is_lost_and_nothing_is_shared(found: list[tuple[str, int, int]]) -> None:
    text = sorted((finding(type, str(value), start) for type, value, start in found), key=lambda one: one.start)
    got = subjects(SENT, [text])
    held = [identifier for subject in got for identifier in subject.identifiers]
    wanted = {(one.type, one.digest) for one in text if one.type not in ("health", "uscc")}
    assert len(held) == len(set(held))
    assert set(held) == wanted
    for type in ("id_card", "passport", "phone", "email", "bank_card"):
        assert len(got) >= len({digest for kind, digest in wanted if kind == type})
