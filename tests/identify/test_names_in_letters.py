"""Names in Latin letters: found where a form of address or the end of a letter says so, and nowhere else."""

from __future__ import annotations

import pytest

from tongguan.identify import Detector, Piece

DETECTOR = Detector(b"a key of tests")


def names(text: str) -> list[str]:
    return [text[f.start : f.end] for f in DETECTOR.scan([Piece(text)])[0] if f.type == "person_name"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("We met Mr. Harold Finchley at noon.", ["Harold Finchley"]),
        ("Ask Dr. O'Brannigan or Mrs. Ada van Holt about it.", ["O'Brannigan", "Ada van Holt"]),
        ("Dear Marta Quillfeather,\nthe order is on its way.", ["Marta Quillfeather"]),
        ("Thank you.\n\nBest regards,\nTobias Lindqvist\nSales", ["Tobias Lindqvist"]),
        ("Yours sincerely,\r\n\r\nJ. R. Hartley", ["J. R. Hartley"]),
        ('From: "Priya Venkataraghavan" <p.v@example.com>\nTo: Olaf Brandt <o@example.com>\n',
         ["Priya Venkataraghavan", "Olaf Brandt"]),
    ],
)  # fmt: skip
def test_names_where_a_letter_says_so(text: str, wanted: list[str]) -> None:
    assert names(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Dear Customer,\nyour order is on its way.", "Dear Sir or Madam,", "Hello World", "Hi there, all is well.",
        "Dear God that was close", "With kind regards, the parcel left.", "From: Monday to Friday",
        "Copied From: Main Street <div>", "The mr. of things", "It opens MS Office files.", "regards,\n2026-11-21", "import Mr\nMr = 3",
    ],
)  # fmt: skip
def test_what_only_looks_like_it(text: str) -> None:
    assert names(text) == []


def test_a_name_alone_in_a_sentence_is_not_found() -> None:
    """As the documentation says."""
    assert names("Yesterday Harold Finchley opened the meeting.") == []


def test_many_cues_take_little_time() -> None:
    assert names("Dear Dear Dear " * 20_000 + "From: " * 20_000) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (":ivar user_name: The Account Holder of the service. Type: string", []),
        ('f"WHERE run_name IS NOT NULL AND {scope}"', []),
        ("customer_name: Your Display Name", []),
        ("user_name: Theodora Anders\ncontact_name: Andrew Nottingham", ["Theodora Anders", "Andrew Nottingham"]),
        ("customer_name: Nguyen The Anh", ["Nguyen The Anh"]),
    ],
)
def test_a_label_before_the_front_of_a_sentence_names_nobody(text: str, wanted: list[str]) -> None:
    assert names(text) == wanted
