"""Role × operation, made from the policy and the routes of the running service, and tried out: all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from api_house import House, folder_in_memory, send, served
from console_house import add_user
from requests_of_routes import REQUESTS, request_of

from tongguan.service.permission import Declared
from tongguan.trust.access import grounds

# There for everyone: the way in, and who one is.
PUBLIC = {"GET /api/v1/session", "POST /api/v1/session", "POST /api/v1/session/second-factor"}
# Done at the machine's terminal only: both take paths of that machine.
TERMINAL = {"inspections.run", "files.reveal"}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with folder_in_memory() as folder:
        made = House(folder)
        made.asker = made.trust.identity.principal(add_user(made.trust, "asker", "business_owner"))
        yield made


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    with served(house.app) as address:
        yield address


def key(route: Declared) -> str:
    return f"{route.method} {route.path}"


def way_in(route: Declared) -> bool:
    """The pages of signing in."""
    return route.path == "/sign-in" or route.path.startswith("/sign-in/")


def guarded(house: House) -> list[Declared]:
    return [route for route in house.declared if key(route) not in PUBLIC and not way_in(route)]


def why_not(answer: httpx.Response) -> str | None:
    """The explanation of a route's denial; None where the route was let through."""
    if answer.status_code != 403:
        return None
    error = answer.json()["error"]
    return error["text"]["zh"] if "text" in error else error["detail"]


def test_every_operation_has_a_route_and_every_route_an_operation(house: House) -> None:
    asked = {route.operation for route in house.declared}
    assert set(house.trust.policy.operations) - asked == TERMINAL
    assert {key(route) for route in house.declared if route.operation is None and not way_in(route)} == PUBLIC
    ours = {key(route) for route in house.declared if route.path.startswith("/api/")}
    assert ours - PUBLIC == {name for name in REQUESTS if "/api/" in name} - PUBLIC


def test_nobody_gets_in_without_a_session_or_a_token(house: House, address: str) -> None:
    with httpx.Client(base_url=address, headers={"accept": "application/json"}, timeout=60) as client:
        for route in guarded(house):
            answer = client.request(route.method, re.sub(r"\{\w+\}", "0", route.path), json={})
            assert answer.status_code == 401 and "error" in answer.json(), key(route)


@pytest.mark.parametrize("role", ["system_administrator", "security_administrator", "auditor", "compliance_officer",
                                  "business_owner", "data_provider", "data_requester", "modeller", "viewer"])  # fmt: skip
def test_a_role_may_do_what_the_policy_says_and_nothing_else(house: House, address: str, role: str) -> None:
    user_id = house.people[role]
    who = house.trust.identity.principal(user_id)
    wrong = []
    with house.caller(address, user_id) as client:
        answers = []
        for route in guarded(house):
            allowed = route.operation in house.trust.policy.roles[role].grants
            call = request_of(house, who, route) if allowed else house.sample(route, request_of)
            answers.append((route, allowed, send(client, route, call)))
            if allowed and route.operation == "profile.own" and route.method != "GET":
                house.enter(client, user_id)  # it may have ended the session
    for route, allowed, answer in answers:
        told = why_not(answer)
        if answer.status_code == 500 or (answer.status_code in (401, 422) and key(route) in REQUESTS):
            wrong.append((key(route), answer.status_code, answer.text[:300]))
        elif allowed and told == grounds(house.trust.policy, who, route.operation)["zh"]:
            wrong.append((key(route), "refused", told))
        elif not allowed and told != grounds(house.trust.policy, who, route.operation)["zh"]:
            wrong.append((key(route), "let through", answer.status_code))
    assert wrong == []


def test_the_roles_tried_are_all_there_are(house: House) -> None:
    assert set(house.roles) == set(house.people)
