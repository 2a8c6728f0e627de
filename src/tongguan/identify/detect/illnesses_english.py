"""What English mails and records say of somebody's health: allergic to shellfish, diagnosed with asthma.

A sentence counts only where it speaks of one person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tongguan.identify.detect.view import Candidate, View

__all__ = ["find"]

_DETECTOR: Final = "illnesses"
_END: Final = r"(?=[.,;:)(\n\x00!?]| and | but | so | since | who | which | after | in \d|\Z)"
_ILL: Final = (
    r"fractur\w*|injur\w*|cancer\w*|carcinoma|tumou?rs?|lymphoma|leuk\w*|\w*depressi\w*|anxiety|diabet\w*|asthma\w*"
    r"|hypertens\w*|stroke|infarct\w*|heart \w+|hepatitis(?: [A-E])?|HIV|AIDS|TB|tubercul\w*|malaria|dengue|covid\w*"
    r"|flu|pneumonia|epilep\w*|seizures?|migraines?|arthritis|gout|disease|disorder|syndrome|infection|concussion|burns?"
    r"|miscarriage|insomnia|allerg\w*|ulcers?|anaemia|anemia|schizo\w*|bipolar|autis\w*|dementia|alzheimer\w*"
    r"|parkinson\w*|(?:kidney|renal|liver|heart) failure|[a-z]{4,}(?:itis|osis|emia|pathy)"
)
_FOUND_WITH: Final = re.compile(
    rf"(?:diagnosed (?:with|as having)|suffer(?:s|ed|ing)?(?: from)?|treated for|recover(?:ed|ing) from|history of"
    rf"|tested positive for|hospitali[sz]ed (?:for|with)|died of)"
    rf" ((?:[\w'-]+ ){{0,4}}?(?:{_ILL})(?: [a-z]+){{0,2}}?){_END}",
    re.IGNORECASE,
)
_ALLERGIC: Final = re.compile(rf"(allergic to [a-z][a-z ,/-]{{2,40}}?){_END}", re.IGNORECASE)
_PREGNANT: Final = re.compile(
    r"(pregnant(?: (?:for )?\d{1,2} (?:months?|weeks?))?)(?![A-Za-z0-9]| wom[ae]n| or )",
    re.IGNORECASE,
)
_IS_ILL: Final = re.compile(
    r"(?:(?:is|was|am|he's|she's|I'm|[:=]) ?(?:an? )?)((?:diabet|asthmat|epilept)ic|HIV[- ]positive)"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IS_DISABLED: Final = re.compile(
    r"(?<![A-Za-z])(?:(?:he|she|who) (?:is|was)|i am|i'm|he's|she's|(?:patient|employee|applicant|claimant|insured|son"
    r"|daughter|child|wife|husband|mother|father|brother|sister|student|passenger|guest) (?:is|was))"
    r" (?:[a-z]+ly )?(disabled)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
"""A person, not a button or a flag."""
_CARRIER: Final = re.compile(
    r"((?:an? )?(?:hepatitis [A-E]|HIV|HBV|HCV|thalass[a-z]+|BRCA\d?|gene|sickle[- ]cell) carrier)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_DRUG: Final = re.compile(
    r"(?:takes|taking|prescribed) ([a-z]{4,24}(?: [a-z]{3,12})? \d{1,4}(?:\.\d{1,2})? ?(?:mg|mcg|µg|g|ml|iu|units))"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BLOOD: Final = re.compile(
    r"blood (?:type|group)\W{1,3}(?:is )?"
    r"((?:AB|A|B|O)(?: ?[+-]|\s(?:pos|neg)\w*| ?Rh\W?[A-Za-z]*)?)(?![A-Za-z0-9_-])",
    re.IGNORECASE,
)
_MARKER: Final = re.compile(r"((?:HER2|HIV|HBsAg|HCV|EGFR)[ -](?:test )?positive)(?![A-Za-z0-9])", re.IGNORECASE)
_EVENT: Final = re.compile(
    rf"[a-z]+: ((?:[\w'-]+ ){{0,4}}?(?:{_ILL}|[a-z]{{3,}}(?:scopy|ectomy|plasty|otomy|ostomy)))(?= on |{_END[3:]}",
    re.IGNORECASE,
)
_BY_WORD: Final = {
    "allergic to": _ALLERGIC, "pregnant": _PREGNANT, "diabetic": _IS_ILL, "asthmatic": _IS_ILL, "epileptic": _IS_ILL,
    "disabled": _IS_DISABLED, "carrier": _CARRIER, "takes": _DRUG, "taking": _DRUG, "prescribed": _DRUG,
    "blood type": _BLOOD,
    "blood group": _BLOOD, "her2": _MARKER, "hbsag": _MARKER, "egfr": _MARKER, "hiv positive": _MARKER,
}  # fmt: skip
"""By the word that is found; by others an illness follows."""
_BACK: Final = 24  # characters before a word at which its form may begin
_ONE: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:he|she|his|him|her|mr|mrs|ms|miss|patient|employee|passenger|guest|claimant|insured|applicant|child|son"
    r"|daughter|wife|husband|student|i|my|i'm|passport|dob|born)(?![A-Za-z0-9])"
    r"|[他她我]|本人|患者|员工|同事|客户|旅客|客人|学生|孩子",
    re.IGNORECASE,
)
_OF_MANY: Final = re.compile(
    r"\b(?:people|patients|persons|adults|children|women|men|those|anyone|users) (?:who|with|are|may|should|can)\b"
    r"|\bif you\b|\bmay be\b|\b(?:guidelines?|study|studies|trial enrolled|vaccine|prevalence|research)\b",
    re.IGNORECASE,
)
_AROUND: Final = 160  # characters


def find(view: View) -> Iterator[Candidate]:
    """Findings of health in English."""
    text, words = view.text, view.words
    chosen = words.of("marks/health_in_english")
    for start in words.start[words.of("marks/event_in_english")].tolist():
        if event := _EVENT.match(text, start, start + 90):
            yield Candidate(*event.span(1), "health", 0.72, "context", _DETECTOR, event[1].lower())
    for start, end in zip(words.start[chosen].tolist(), words.end[chosen].tolist(), strict=True):
        form = _BY_WORD.get(text[start:end].lower(), _FOUND_WITH)
        if form in (_IS_ILL, _IS_DISABLED, _CARRIER):
            found = form.search(text, max(0, start - _BACK), end + 12)
        else:
            found = form.match(text, start, end + 90)
        if found and _is_of_one(text, *found.span()):
            yield Candidate(*found.span(1), "health", 0.72, "context", _DETECTOR, found[1].lower())


def _is_of_one(text: str, start: int, end: int) -> bool:
    """Whether one person is spoken of: in the sentence, or in the line where a mail writes in short."""
    line = max(
        text.rfind("\n", max(0, start - _AROUND), start),
        text.rfind("\x00", max(0, start - _AROUND), start),
        start - _AROUND - 1,
    )
    stop = text.find("\n", end, end + _AROUND)
    around = text[line + 1 : stop if stop >= 0 else end + _AROUND]
    return _ONE.search(around) is not None and _OF_MANY.search(around) is None
