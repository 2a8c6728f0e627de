"""Names and diagnoses in resources of FHIR: made-up persons."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tongguan.model import Finding

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "name": [{"use": "official", "text": "贺云帆", "family": "贺", "given": ["云帆"]}],
    "contact": [{"relationship": [{"text": "配偶"}], "name": {"text": "石晓岚"}}],
}
CONDITION: dict[str, Any] = {
    "resourceType": "Condition",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "F31.9"}], "text": "双相情感障碍"},
}
DOCTOR: dict[str, Any] = {"resourceType": "Practitioner", "name": [{"family": "Lindqvist", "given": ["Annika"]}]}
HOSPITAL: dict[str, Any] = {"resourceType": "Organization", "name": "云泽市第二人民医院", "alias": ["二院"]}
SURVEY: dict[str, Any] = {"resourceType": "Questionnaire", "name": "intake", "item": [{"text": "您是否抽烟"}]}


def found_in(
    find: Callable[[str], list[Finding]], *resources: dict[str, Any], indent: int | None
) -> set[tuple[str, str]]:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
    text = json.dumps(bundle, ensure_ascii=False, indent=indent)
    return {(f.type, text[f.start : f.end]) for f in find(text) if f.type in ("person_name", "health")}


@pytest.mark.parametrize("indent", [None, 2])
def test_names_and_diagnoses_of_resources(find: Callable[[str], list[Finding]], indent: int | None) -> None:
    told = found_in(find, PATIENT, CONDITION, DOCTOR, indent=indent)
    assert {("person_name", "贺云帆"), ("person_name", "石晓岚"), ("health", "双相情感障碍")} <= told
    assert ("person_name", "Lindqvist") in told


@pytest.mark.parametrize("indent", [None, 2])
def test_keys_in_any_order(find: Callable[[str], list[Finding]], indent: int | None) -> None:
    status = {"coding": [{"code": "active", "display": "现症"}]}
    known = {**CONDITION, "clinicalStatus": status, "category": [status], "subject": {"reference": "Patient/1"}}
    known |= {"encounter": {"display": "门诊" * 400}, "onsetAge": {"unit": "年", "code": "a"}}
    late = {**PATIENT, "link": [{"type": "seealso"}] * 60, "photo": [{"title": "正面"}] * 60}
    observation = {"resourceType": "Observation", "code": {"text": "总胆固醇"}}
    bundle = {"entry": [{"resource": one} for one in (late, observation, known, observation)], "resourceType": "Bundle"}
    for order in (sorted, lambda keys: sorted(keys, reverse=True)):

        def ordered(value: Any, order: Callable[[Any], list[str]] = order) -> Any:
            if isinstance(value, dict):
                return {key: ordered(value[key]) for key in order(value)}
            return [ordered(one) for one in value] if isinstance(value, list) else value

        text = json.dumps(ordered(bundle), ensure_ascii=False, indent=indent)
        told = [(f.type, text[f.start : f.end]) for f in find(text) if f.detector == "fhir"]
        assert told.count(("health", "双相情感障碍")) == 1
        assert ("health", "总胆固醇") not in told and ("health", "现症") not in told
        names = {text[f.start : f.end] for f in find(text) if f.type == "person_name"}
        assert names == {"贺云帆", "石晓岚"}


def test_firms_and_questions_are_nobody(find: Callable[[str], list[Finding]]) -> None:
    assert found_in(find, HOSPITAL, SURVEY, indent=None) == set()


def test_the_same_keys_elsewhere_say_nothing(find: Callable[[str], list[Finding]]) -> None:
    text = '{"name": [{"text": "高明白", "family": "serif"}], "code": {"text": "not found"}}'
    assert [f for f in find(text) if f.detector == "fhir"] == []


def test_hostile_resources_end_soon(find: Callable[[str], list[Finding]]) -> None:
    text = '"resourceType": "Condition" "code": {' * 5_000 + '"name": [{' * 20_000
    assert all(f.type != "health" for f in find(text))
