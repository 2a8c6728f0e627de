"""Made-up persons for the sample workspace. Nobody in it exists.

ID numbers carry a valid checksum over a county code that was never assigned (…99), bank cards a valid Luhn digit over an
issuer prefix that nobody holds, mail addresses a domain reserved for examples (RFC 2606).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from faker import Faker

SEED = 20261120
LETTERS = "10X98765432"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Person:
    """One made-up person, with every identifier that an exchange may show."""

    number: int
    name: str
    phone: str
    email: str
    id_card: str
    bank_card: str
    address: str


def people(count: int = 260) -> list[Person]:
    """The same persons every time: the seed is fixed."""
    rng = random.Random(SEED)
    faker = Faker("zh_CN")
    faker.seed_instance(SEED)
    return [_person(number, rng, faker) for number in range(count)]


def _person(number: int, rng: random.Random, faker: Faker) -> Person:
    return Person(
        number=number,
        name=faker.name(),
        phone=f"{rng.choice(('137', '139', '150', '158', '186'))}0000{number:04d}",
        email=f"xy{number:04d}.{rng.choice(('chen', 'lin', 'wang', 'zhao'))}@example.com",
        id_card=_id_card(number, rng),
        bank_card=_bank_card(number),
        address=f"四川省成都市{rng.choice(('锦江', '青羊', '武侯', '成华'))}区星野路{rng.randint(1, 400)}号{rng.randint(1, 30)}栋",
    )


def _id_card(number: int, rng: random.Random) -> str:
    born = f"{rng.randint(1962, 2003)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    digits = f"510199{born}{number:03d}"
    return digits + LETTERS[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


def _bank_card(number: int) -> str:
    digits = f"622599000000{number:06d}"
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)
