from __future__ import annotations

import typing

from tongguan.identify import CATEGORIES, TYPES
from tongguan.identify.types import Strength

PROMISED = set(
    """
    person_name id_card passport hk_macao_permit taiwan_permit foreign_permit military_id birth_date phone landline
    email qq wechat address organisation uscc bank_card plate driving_licence vin ip mac imei imsi social_security
    medical_record biometric religion health location_track criminal_record credential
    """.split()  # noqa: SIM905
)


def test_every_promised_type_is_there() -> None:
    assert set(TYPES) >= PROMISED


def test_every_type_is_complete() -> None:
    for id, type in TYPES.items():
        assert type.id == id
        assert type.zh and type.en
        assert type.category in CATEGORIES
        assert type.level in {"general-1", "general-2", "general-3", "general-4"}
        assert type.strength in typing.get_args(Strength)
        assert not type.sensitive or type.level == "general-4"
    assert all({"zh", "en"} == set(names) for names in CATEGORIES.values())


def test_sensitive_classes_of_the_law() -> None:
    sensitive = {id for id, type in TYPES.items() if type.sensitive}
    assert {"biometric", "religion", "health", "bank_card", "location_track", "minor", "criminal_record"} <= sensitive
    assert not {"phone", "email", "person_name", "address", "id_card", "uscc"} & sensitive
