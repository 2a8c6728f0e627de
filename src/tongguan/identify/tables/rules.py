"""How values speak for each type: which checks they pass, how often that happens by chance, and how much it can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongguan.identify.type_packs import OwnType
from tongguan.identify.types import OWN

__all__ = ["ATTRIBUTES", "OWN_CHECK", "PERSON_COLUMNS", "RULES", "Rule"]

OWN_CHECK: Final = "own/"  # before the id of an own type: whether values are its values


@dataclass(frozen=True, slots=True)
class Rule:
    """`checks` are tried on every column; `named` too where the name or comment speaks for the type.

    `chance` is the share of values of other columns that pass. `most` bounds the points (see `verdict.Part`); with more
    than 4 the values can speak for the type alone. A rule without checks is of a type that has no form.
    """

    checks: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    chance: float = 0.05
    most: float = 3.0
    attribute: bool = False  # says something of a person who must be known otherwise
    numbers: bool = False  # fractions may be its values
    hashed: bool = True  # a hash or ciphertext of it points at the person still
    closed: bool = False  # a short list of values: repetition is no lack of evidence
    believed: tuple[str, ...] = ()  # tried too where name and comment leave no doubt
    damaged: tuple[str, ...] = ()  # what a spreadsheet leaves of the values; tried where the name speaks for the type
    masked: str = ""  # the form of values of which a part is hidden


def _own_rule(one: OwnType) -> Rule:
    check = (OWN_CHECK + one.id,)
    return Rule((), check, 0.05, 3) if one.needs_label else Rule(check, (), 0.005, 8)


RULES: Final[dict[str, Rule]] = {
    "id_card": Rule(
        ("id_card",),
        ("id_card_15", "id_card_shaped", "foreign_permit"),
        0.0005,
        9,
        damaged=("id_card_cut", "scientific"),
        masked="masked_id_card",
    ),
    "foreign_permit": Rule(("foreign_permit",), (), 0.0005, 8),
    "phone": Rule(
        ("phone",),
        ("phone_unusual", "landline", "local_phone"),
        0.01,
        7,
        damaged=("scientific",),
        masked="masked_phone",
    ),
    "landline": Rule(("landline",), ("phone", "local_phone"), 0.02, 5.5),
    "email": Rule(("email",), (), 0.0005, 9, masked="masked_email"),
    "bank_card": Rule(("card",), ("card_unchecked", "account"), 0.03, 7, damaged=("scientific",), masked="masked_card"),
    "uscc": Rule(("uscc",), (), 0.005, 8),
    "vin": Rule(("vin",), ("vin_unchecked",), 0.01, 8),
    "plate": Rule(("plate",), (), 0.001, 8),
    "ip": Rule(("ip",), (), 0.001, 8),
    "mac": Rule(("mac",), (), 0.0005, 9),
    "imei": Rule(("imei",), ("digest", "record"), 0.1, 5),
    "device_id": Rule((), ("device", "digest", "record"), 0.1, 3),
    "imsi": Rule(("imsi",), ("account",), 0.01, 6),
    "passport": Rule(("passport_china",), ("passport",), 0.05, 3.5),
    "hk_macao_permit": Rule(("hk_macao_permit",), (), 0.05, 3),
    "taiwan_permit": Rule((), ("taiwan_permit",), 0.1, 3),
    "military_id": Rule(("military_id",), ("record",), 0.001, 6),
    "driving_licence": Rule((), ("driving_licence",), 0.1, 3),
    "social_security": Rule((), ("id_card", "record"), 0.1, 3),
    "provident_fund": Rule((), ("account", "record"), 0.1, 3),
    "medical_record": Rule((), ("record", "account"), 0.2, 3),
    "financial_account": Rule((), ("account", "record", "email", "phone"), 0.2, 3),
    "qq": Rule((), ("qq",), 0.2, 3),
    "wechat": Rule((), ("wechat",), 0.2, 3, hashed=False),
    "username": Rule((), ("username", "email", "phone"), 0.3, 2.5),
    "person_name": Rule(("name",), ("name_loose",), 0.25, 5, believed=("han_short",), masked="masked_name"),
    "address": Rule(("address",), ("street", "street_number", "place_name"), 0.02, 7),
    "organisation": Rule(("organisation",), ("words",), 0.03, 5.5),
    "birth_date": Rule((), ("birth",), 0.1, 3, attribute=True, damaged=("spreadsheet_day",)),
    "gender": Rule(("gender",), ("gender_codes",), 0.01, 5.5, attribute=True, closed=True),
    "age": Rule((), ("age",), 0.2, 3, attribute=True, closed=True),
    "ethnicity": Rule(("ethnicity",), ("two_digits",), 0.005, 6, attribute=True, closed=True),
    "nationality": Rule((), ("nationality",), 0.02, 4, attribute=True, closed=True),
    "marital_status": Rule(("marital_status",), ("two_digits",), 0.005, 6, attribute=True, closed=True),
    "education": Rule(("education",), ("two_digits", "organisation", "words"), 0.01, 5.5, attribute=True, closed=True),
    "occupation": Rule((), ("occupation", "words"), 0.1, 3, attribute=True, closed=True),
    "religion": Rule(("religion",), ("two_digits",), 0.005, 5, attribute=True, closed=True),
    "postcode": Rule((), ("postcode",), 0.2, 3, attribute=True),
    "health": Rule(
        ("health", "icd_dotted"), ("icd", "blood", "words", "measure"), 0.02, 3.5, attribute=True, numbers=True
    ),
    "criminal_record": Rule(("criminal_record",), ("words",), 0.01, 4.5, attribute=True),
    "sexual_orientation": Rule(("sexual_orientation",), ("words", "two_digits"), 0.01, 4.5, attribute=True),
    "disability": Rule((), ("words", "record", "two_digits"), 0.3, 2, attribute=True),
    "income": Rule((), ("measure",), 0.3, 2, attribute=True, numbers=True),
    "credit": Rule((), ("measure", "words"), 0.3, 2, attribute=True, numbers=True),
    "location": Rule(("place",), ("degrees",), 0.05, 4.5, numbers=True),
    "credential": Rule(("secret",), ("opaque",), 0.001, 7, hashed=False),
    "biometric": Rule(hashed=False),
    "location_track": Rule(),
    "browsing_record": Rule(attribute=True),
    "communication_content": Rule(attribute=True),
    "contact_list": Rule(attribute=True),
}
RULES.update((id, _own_rule(one)) for id, one in OWN.items())

ATTRIBUTES: Final = frozenset({"gender", "birth_date", "age", "ethnicity", "marital_status", "nationality"})
"""Types that only persons have."""

PERSON_COLUMNS: Final = frozenset({
    "person_name", "id_card", "phone", "email", "passport", "hk_macao_permit", "taiwan_permit", "foreign_permit",
    "military_id", "driving_licence", "social_security", "medical_record", "bank_card", "wechat", "qq",
})  # fmt: skip
"""Types of columns beside which others are understood to speak of persons."""
