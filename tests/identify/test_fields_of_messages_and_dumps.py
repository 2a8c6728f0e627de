"""What stands in HL7 version 2 messages and in PostgreSQL's dumps is told by its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongguan.model import Finding

Find = Callable[[str], list[Finding]]

HEAD = "MSH|^~\\&|LAB|H1|HIS|H2|20240102||ADT^A04|77|P|2.5.1"


def told(find: Find, text: str) -> set[tuple[str, str]]:
    return {(one.type, text[one.start : one.end]) for one in find(text)}


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_fields_of_patients(find: Find, end: str) -> None:
    text = end.join([
        HEAD,
        "PID|1||P0092211^^^H^PI~E12345678^^^^PPN||王^小芳^^^女士||19880317|F|||中山路12号3栋501室^^厦门^福建^361000^CN"
        "||13806012345",
        "NK1|1|陈大明|SPO|湖滨南路9号^^厦门|0592-5881234",
        "PV1|1|O|||||0231^刘^海燕",
        "DG1|1||E11.9^2型糖尿病^I10|糖尿病肾病",
        "GT1|1||Smith^John^Q",
        "",
    ])  # fmt: skip
    assert told(find, text) >= {
        ("medical_record", "P0092211"), ("passport", "E12345678"), ("person_name", "王^小芳"),
        ("birth_date", "19880317"), ("gender", "F"), ("phone", "13806012345"), ("person_name", "陈大明"),
        ("person_name", "刘^海燕"), ("person_name", "Smith^John"), ("health", "2型糖尿病"), ("health", "糖尿病肾病"),
    }  # fmt: skip


def test_a_name_is_one_value_however_a_message_divides_it(find: Find) -> None:
    divided, whole, repeated = (
        {one.digest for one in find(f"{HEAD}\nPID|1||||{name}||19700101\n") if one.type == "person_name"}
        for name in ("欧阳^文静", "欧阳文静", "欧阳^欧阳文静")
    )
    assert len(divided) == 1
    assert divided == whole == repeated


def test_segments_outside_of_messages_are_none(find: Find) -> None:
    row = "PID|1||4471||王^小芳||19880317|F"
    assert not {"person_name", "birth_date", "medical_record"} & {type for type, _ in told(find, f"note\n{row}\n")}
    in_head = f"{HEAD}\nOBX|1|TX|||{row}\nZPID|1||4471||||19880317\n"
    assert not {"birth_date", "medical_record"} & {type for type, _ in told(find, in_head)}


def test_codes_of_diagnoses_say_nothing_by_themselves(find: Find) -> None:
    assert "health" not in {type for type, _ in told(find, f"{HEAD}\nDG1|1||E11.9|||A\n")}


def test_columns_of_copy(find: Find) -> None:
    text = (
        'SET x;\nCOPY app."Member" (id, "full_name", gender, birth_date, note) FROM stdin;\n'
        "1\tAlice Wood\tF\t1990-02-11\t1971-05-06\n2\t\\N\tM\t\\N\t\\N\n3\t赵启明\t\\N\t1969-12-30\t\n\\.\n"
        "4\tCarol Stone\tx\t1981-01-01\n"
    )
    assert told(find, text) == {
        ("person_name", "Alice Wood"), ("person_name", "赵启明"), ("gender", "F"), ("gender", "M"),
        ("birth_date", "1990-02-11"), ("birth_date", "1969-12-30"),
    }  # fmt: skip


def test_copy_without_columns_or_rows(find: Find) -> None:
    assert told(find, "COPY app.member FROM stdin;\n1\tx\t1990-02-11\n\\.\n") == set()
    assert told(find, "COPY app.member (id, birth_date) FROM stdin;") == set()


def test_codes_of_social_insurance(find: Find) -> None:
    text = (
        "<in><aac003>邹敏艳</aac003><aac001>1000234567</aac001><aac006>19850607</aac006>"
        '<aae006>长沙市岳麓区麓山南路9号</aae006></in>\n{"AAC003":"陆一","AAC006":"1990-01-02"}'
    )
    assert told(find, text) == {
        ("person_name", "邹敏艳"), ("social_security", "1000234567"), ("birth_date", "19850607"),
        ("address", "长沙市岳麓区麓山南路9号"), ("person_name", "陆一"), ("birth_date", "1990-01-02"),
    }  # fmt: skip
