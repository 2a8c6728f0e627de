"""Numbers that tests, manuals and tables of numbering plans hold are told with the reason; somebody's count."""

from __future__ import annotations

import pytest

from tongguan.identify import COUNTED, Detector, Piece
from tongguan.identify.explaining import explain

PYTEST = """
import pytest


def test_the_message_is_sent(client):
    answer = client.post("/messages", data={"to": "@@"})
    assert answer.status == 200
    with pytest.raises(Refused):
        client.post("/messages", data={})
"""
PERSON = """
import pytest


def test_the_order_is_kept(client):
    data = {"first_name": "Ada", "last_name": "Byron", "street": "Elm Road", "phone": "@@"}
    assert client.post("/orders", data=data).status == 200
    with pytest.raises(Refused):
        client.post("/orders", data={})
"""
MANUAL = """
## Sending a message

Give the receiver and the text:

```go
params.SetTo("@@")
params.SetBody("Hello")
```

The answer holds the number of the message.

```json
{"sid": "SM1"}
```
"""
NUMBERING = """
// Parse reads a number in E.164 or in the national format of a region.
func Parse(written string, region string) (*Number, error) {
	// the country calling code of @@ is taken off first
	code, national, err := takeCountryCode(written)
	if err != nil {
		return nil, err
	}
	return &Number{code, national}, nil
}
"""
OPENAPI = """
paths:
  /messages:
    post:
      description: Sends a message
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                to:
                  type: string
                  description: The receiver
                  example: "@@"
              required:
                - to
"""
CUSTOMERS = '[\n  {"id": 7, "phone": "@@", "tier": "gold"},\n  {"id": 8, "tier": "none"}\n]\n'
LETTER = "Please ring me back when you are home.\nMy new number is @@, the old one is gone.\n"
CODE = """
package alarm

import "net/http"

// ring calls whoever is on duty
func ring() error {
	return call("@@")
}
"""
ABROAD = ("+442079111746", "+4915112398741", "+12129981374", "+819012093847")
FICTION = ("+12125550147", "+442079460812", "+447700900417", "+61491570156", "+33639981207")


def found(text: str, name: str = "") -> list[tuple[str, str, float]]:
    """Written value, reason and score of the telephone numbers in a text."""
    piece = Piece(text)
    return [
        (text[one.start : one.end], one.validator, one.score)
        for one in Detector(b"key", doubtful=True).scan([piece])[0]
        if one.type in ("phone", "landline")
    ]


def is_counted(text: str) -> bool:
    numbers = found(text)
    assert numbers, "the number is told in any case"
    return any(score >= COUNTED for _, _, score in numbers)


@pytest.mark.parametrize("number", ABROAD)
@pytest.mark.parametrize(
    ("text", "reason"), [(PYTEST, "test"), (MANUAL, "program"), (NUMBERING, "numbering"), (OPENAPI, "program")]
)
def test_a_lone_number_of_a_test_or_a_manual_is_told_and_not_counted(text: str, reason: str, number: str) -> None:
    [(_, why, score)] = found(text.replace("@@", number))
    assert (why, score < COUNTED) == (reason, True)


@pytest.mark.parametrize("number", ABROAD)
@pytest.mark.parametrize("text", [CUSTOMERS, LETTER, PERSON, CODE])
def test_a_number_in_data_beside_a_person_or_in_a_program_that_calls_it_counts(text: str, number: str) -> None:
    assert is_counted(text.replace("@@", number))


@pytest.mark.parametrize("text", [PYTEST, MANUAL, OPENAPI, CUSTOMERS, CODE, PERSON])
def test_a_number_of_the_mainland_counts_in_a_test_as_anywhere(text: str) -> None:
    assert is_counted(text.replace("@@", "13916204857"))
    assert is_counted(text.replace("@@", "+8613916204857"))


@pytest.mark.parametrize("number", ["13800138000", "13812345678", "15011111111"])
def test_digits_that_run_or_repeat_are_told_in_tests_and_count_in_data(number: str) -> None:
    [(_, why, score)] = found(PYTEST.replace("@@", number))
    assert (why, score < COUNTED) == ("runs", True)
    assert is_counted(CUSTOMERS.replace("@@", number))


@pytest.mark.parametrize("number", FICTION)
def test_numbers_kept_for_fiction_are_told_in_programs_and_count_in_data(number: str) -> None:
    [(_, why, score)] = found(CODE.replace("@@", number))
    assert (why, score < COUNTED) == ("reserved", True)
    assert is_counted(CUSTOMERS.replace("@@", number))


def test_a_number_beside_the_pattern_that_it_is_to_match_is_told() -> None:
    rules = """
const rules = [
  {
    title: 'mobile',
    rule: /^(?:(?:\\+|00)86)?1[3-9]\\d{9}$/,
    examples: ['19916204857', '+8613916204857'],
  },
];
export function find(name) {
  return rules.find((one) => one.title === name);
}
"""
    assert {why for _, why, _ in found(rules)} == {"pattern"}
    assert {why for _, why, _ in found('[,,"186[12]\\\\d{7}",,,,"18916204857",,,[11]],[,,"1900\\\\d{6}"]')} == {
        "pattern"
    }
    assert is_counted('{"field": "mobile", "regex": "^1[3-9]\\\\d{9}$", "value": "13916204857"}')


def test_a_table_of_ranges_is_told_and_a_list_of_persons_counts() -> None:
    ranges = "".join(f"mobile: 55120{n}\n" for n in range(31, 39))
    assert {why for _, why, _ in found(ranges)} == {"series"}
    persons = "".join(
        f"name: {name}, mobile: 55120{n}\n"
        for n, name in enumerate(("张伟", "李娜", "王芳", "刘洋", "陈静", "杨磊"), 31)
    )
    assert is_counted(persons)


def test_neither_object_identifiers_nor_the_first_cell_behind_a_word_for_telephones_are_numbers() -> None:
    assert (
        found("'1.3.6.1.4.1.1466.115.121.1.22': x,  # Facsimile Telephone Number\n'1.3.6.1.4.1.1466.115.121.1.23'")
        == []
    )
    assert found("8869140|Taiwan Mobile\n8869141|Taiwan Mobile\n") == []


@pytest.mark.parametrize("number", [FICTION[0], ABROAD[0], "13812345678"])
def test_the_reason_is_told_in_both_languages(number: str) -> None:
    piece = Piece(PYTEST.replace("@@", number))
    [one] = [f for f in Detector(b"key", doubtful=True).scan([piece])[0] if f.type == "phone"]
    why = explain(piece, one)[0]
    assert "不计数" in why["zh"]
    assert "not counted" in why["en"]


def test_figures_in_a_row_and_amounts_by_the_name_of_their_field_are_told() -> None:
    memory = 'import os\n\n\ndef test_room():\n    assert room() == {"totalSwapSpace": 17163087872}\n    assert os.getpid()\n'
    assert {why for _, why, _ in found(memory)} == {"figures"}
    drawing = "// drawing (of a box)\n// size\n// place\n4 0 -1 0 0.0000 4 180 2025 5850 2550 (object)\n"
    assert {why for _, why, _ in found(drawing)} == {"figures"}
    assert is_counted('{"totalSwapSpace": 3, "mobile": 17163087872}')
