"""Whatever the description allows and what it does not, sent by each role: no fault of ours, no undescribed answer."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from api_house import House, folder_in_memory, served
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

SECONDS = float(os.environ.get("TONGGUAN_FUZZ_SECONDS", "4"))  # for each role
EXAMPLES = 6  # of each call
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
ROLES = ["system_administrator", "security_administrator", "auditor", "compliance_officer", "business_owner",
         "data_provider", "data_requester", "modeller", "viewer"]  # fmt: skip


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        yield House(folder)


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


@pytest.fixture(scope="module")
def schema(house: House, address: str) -> Any:
    with house.caller(address, house.people["auditor"]) as client:
        document = client.get("/api/v1/openapi.json").json()
    found = schemathesis.openapi.from_dict(document)
    found.config.update(base_url=f"{address}/api/v1")
    return found


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
def test_no_role_finds_a_fault(house: House, address: str, schema: Any, role: str) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    random.Random(role).shuffle(operations)
    mine = house.trust.policy.roles[role].grants if role in house.people else frozenset()
    operations.sort(key=lambda one: one.definition.raw.get("x-operation") not in mine)  # what one may do goes deeper
    ends, tried = time.monotonic() + SECONDS, 0
    with httpx.Client(base_url=address, timeout=60, verify=False) as client:
        if role in house.people:
            house.enter(client, house.people[role])
        for operation in operations:
            if time.monotonic() > ends:
                break
            tried += _try(house, client, role, operation)
    assert tried >= 5


def _try(house: House, client: httpx.Client, role: str, operation: Any) -> int:
    sent = 0
    either = st.sampled_from(list(GenerationMode)).flatmap(lambda mode: operation.as_strategy(generation_mode=mode))

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=either)
    def run(case: Any) -> None:
        nonlocal sent
        sent += 1
        headers = {"x-csrf-token": client.headers.get("x-csrf-token", "")}
        response = case.call(headers=headers, cookies=dict(client.cookies))
        case.validate_response(response, checks=CHECKS)
        if response.status_code == 401 and role in house.people:
            house.enter(client, house.people[role])

    run()
    return sent
