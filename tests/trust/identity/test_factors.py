"""Second factors: authenticators (TOTP) and recovery codes."""

from __future__ import annotations

import re
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyotp
import pytest
from cryptography.exceptions import InvalidTag
from identity_house import HERE, PASSWORD, House

from tongguan.errors import BadInput, Conflict, Denied, NotFound
from tongguan.trust.access import Grant, Principal
from tongguan.trust.identity.tables import recovery_codes, sessions, totp_secrets


class Owner:
    """Somebody with an authenticator and recovery codes."""

    def __init__(self, house: House, name: str = "lin") -> None:
        self.house, self.identity = house, house.identity
        self.id = house.person(name, "viewer").id
        self.name = name
        self.me = house.identity.principal(self.id)
        self.offer = house.identity.totp_begin(self.id, self.me)
        self.totp = pyotp.TOTP(self.offer.secret)
        house.identity.totp_confirm(self.id, self.code(), self.me)
        self.codes = house.identity.recovery_codes(self.id, self.me)
        house.clock.now += 60

    def code(self, steps: int = 0) -> str:
        return self.totp.at(self.house.clock.now + 30 * steps)

    def answer(self, method: str, answer: object) -> str:
        came = self.identity.sign_in(self.name, PASSWORD, address=HERE)
        assert came.outcome == "second_factor", came
        return self.identity.second_factor(came.pending, method, answer, address=HERE).outcome


@pytest.fixture
def owner(house: House) -> Owner:
    return Owner(house)


def test_setting_up(house: House) -> None:
    user = house.person()
    me = house.identity.principal(user.id)
    mine, other = house.enter(), house.enter()
    offer = house.identity.totp_begin(user.id, me)
    assert re.fullmatch("[A-Z2-7]{32}", offer.secret)
    assert urllib.parse.unquote(offer.uri).startswith(
        f"otpauth://totp/Tongguan:lin?secret={offer.secret}&issuer=Tongguan"
    )
    assert offer.secret not in repr(offer)
    house.enter()  # not confirmed yet: nothing is asked
    with pytest.raises(Denied, match="wrong"):
        house.identity.totp_confirm(user.id, "000000", me, session=mine)
    token = house.identity.totp_confirm(user.id, pyotp.TOTP(offer.secret).at(house.clock.now), me, session=mine)
    assert [house.identity.session(t) is None for t in (mine, other, token)] == [True, True, False]
    assert house.identity.user(user.id, me).second_factors == ("totp",)
    with pytest.raises(Conflict):
        house.identity.totp_begin(user.id, me)
    with pytest.raises(NotFound):
        house.identity.totp_confirm(user.id, "000000", me)


def test_beginning_again_replaces_what_was_not_confirmed(house: House) -> None:
    user = house.person()
    me = house.identity.principal(user.id)
    first, second = (pyotp.TOTP(house.identity.totp_begin(user.id, me).secret) for _ in range(2))
    with pytest.raises(Denied):
        house.identity.totp_confirm(user.id, first.at(house.clock.now), me)
    house.identity.totp_confirm(user.id, second.at(house.clock.now), me)


def test_one_step_before_and_after(owner: Owner) -> None:
    for steps, outcome in ((-2, "no"), (2, "no"), (-1, "in"), (0, "in"), (1, "in")):
        owner.house.clock.now += 120
        assert owner.answer("totp", owner.code(steps)) == outcome, steps


def test_no_code_is_taken_twice_and_none_before_it(owner: Owner) -> None:
    code, earlier = owner.code(), owner.code(-1)
    assert owner.answer("totp", code) == "in"
    assert owner.answer("totp", code) == "no", "replay"
    assert owner.answer("totp", earlier) == "no", "an earlier one that was not used"
    owner.house.clock.now += 30
    assert owner.answer("totp", code) == "no", "replay within the next step"
    assert owner.answer("totp", owner.code()) == "in"


def test_the_code_of_the_set_up_is_used(house: House) -> None:
    user = house.person()
    me = house.identity.principal(user.id)
    totp = pyotp.TOTP(house.identity.totp_begin(user.id, me).secret)
    code = totp.at(house.clock.now)
    house.identity.totp_confirm(user.id, code, me)
    pending = house.identity.sign_in("lin", PASSWORD, address=HERE).pending
    assert house.identity.second_factor(pending, "totp", code, address=HERE).outcome == "no"


@pytest.mark.parametrize("answer", [None, 123456, "", "12345", "1234567", "１２３４５６", "١٢٣٤٥٦", "abcdef", "1" * 1_000_000, "\0" * 6, {"code": 1}, ["1"], "-12345", "1e5   "])  # fmt: skip
def test_other_answers_are_wrong(owner: Owner, answer: object) -> None:
    assert owner.answer("totp", answer) == "no"
    assert owner.answer("recovery", answer) == "no"


def test_spaces_do_not_matter(owner: Owner) -> None:
    code = owner.code()
    assert owner.answer("totp", f" {code[:3]} {code[3:]} ") == "in"
    assert owner.answer("recovery", owner.codes[0].upper().replace("-", " ")) == "in"


def test_a_method_that_does_not_exist(owner: Owner) -> None:
    came = owner.identity.sign_in("lin", PASSWORD, address=HERE)
    with pytest.raises(BadInput, match="totp"):
        owner.identity.second_factor(came.pending, "sms", "1", address=HERE)


def test_guessing_codes_makes_one_wait_across_pending_sign_ins(owner: Owner) -> None:
    for n in range(5):
        assert owner.answer("totp", f"00000{n}") == "no"
    assert owner.answer("totp", owner.code()) == "wait"
    assert owner.answer("recovery", owner.codes[0]) == "in", "what cannot be guessed never waits"
    for _ in range(30):
        owner.house.clock.now += 14_401
        assert owner.answer("totp", "000000") in ("no", "in")
    assert owner.answer("totp", "000000") == "wait"
    owner.house.clock.now += 14_400
    assert owner.answer("totp", owner.code()) == "in", "four hours at most"


def test_recovery_codes_work_once_each(any_house: House) -> None:
    owner = Owner(any_house)
    assert len(set(owner.codes)) == 10
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}", code) for code in owner.codes)
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda _: owner.answer("recovery", owner.codes[0]), range(4)))
    assert sorted(outcomes) == ["in", "no", "no", "no"]
    assert owner.identity.recovery_left(owner.id, owner.me) == 9
    assert any_house.log.of("recovery_code_used") == [{"user": "lin", "left": 9}]
    for code in owner.codes[1:]:
        assert owner.answer("recovery", code) == "in"
    assert owner.identity.sign_in("lin", PASSWORD, address=HERE).methods == ("totp",)
    fresh = owner.identity.recovery_codes(owner.id, owner.me)
    again = owner.identity.recovery_codes(owner.id, owner.me)
    assert owner.answer("recovery", fresh[0]) == "no", "new codes replace the old ones"
    assert owner.answer("recovery", again[0]) == "in"


def test_anothers_codes_do_not_help(house: House) -> None:
    lin, wei = Owner(house), Owner(house, "wei")
    assert lin.answer("recovery", wei.codes[0]) == "no"
    assert lin.answer("totp", wei.code()) == "no"
    assert wei.answer("recovery", wei.codes[0]) == "in"


def test_recovery_codes_alone_are_no_second_factor(house: House) -> None:
    user = house.person()
    house.identity.recovery_codes(user.id, house.identity.principal(user.id))
    house.enter()


def test_secrets_are_sealed_and_bound_to_their_owner(house: House, tmp_path: Path) -> None:
    lin, wei = Owner(house), Owner(house, "wei")
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("trust.db*"))
    assert lin.offer.secret.encode() not in stored
    assert not any(code.encode() in stored or code.replace("-", "").encode() in stored for code in lin.codes)
    with house.database.write() as connection:  # a row of one account put into another's place
        theirs = {row.user_id: row.sealed for row in connection.execute(totp_secrets.select())}[wei.id]
        connection.execute(totp_secrets.update().where(totp_secrets.c.user_id == lin.id).values(sealed=theirs))
    with pytest.raises(InvalidTag):
        lin.answer("totp", wei.code())


def test_only_the_owner_sets_up_and_no_token_does(owner: Owner) -> None:
    house, identity = owner.house, owner.identity
    token = Principal("lin", "user", (Grant("viewer"),), only=frozenset({"profile.own"}), id=owner.id)
    for by in (house.security, house.system, house.terminal, house.auditor, token):
        for attempt in (
            lambda by=by: identity.totp_begin(owner.id, by),
            lambda by=by: identity.totp_confirm(owner.id, "000000", by),
            lambda by=by: identity.recovery_codes(owner.id, by),
        ):
            with pytest.raises(Denied):
                attempt()
            assert house.log.kinds()[-1] == "denied"
    with pytest.raises(Denied):
        identity.totp_remove(owner.id, token)


def test_taking_away(owner: Owner) -> None:
    house, identity = owner.house, owner.identity
    for by in (house.system, house.auditor):
        with pytest.raises(Denied):
            identity.totp_remove(owner.id, by)
        with pytest.raises(Denied):
            identity.reset_factors(owner.id, by)
    with pytest.raises(Denied):
        identity.reset_factors(owner.id, owner.me)
    identity.totp_remove(owner.id, owner.me)
    house.enter()
    with pytest.raises(NotFound):
        identity.totp_remove(owner.id, owner.me)
    identity.totp_begin(owner.id, owner.me)
    token = house.enter()
    identity.reset_factors(owner.id, house.security)
    assert identity.session(token) is None
    assert not house.rows(totp_secrets) and not house.rows(recovery_codes)
    body = house.log.of("second_factors_reset")[0]
    assert body["user"] == "lin" and body["methods"]["totp"] == 1 and body["methods"]["recovery"] == 10


def test_where_the_seal_is_gone_the_password_does_not_suffice(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(sealed: bytes, context: bytes) -> bytes:
        raise BadInput("the master key is not there")

    monkeypatch.setattr(owner.house.vault, "unseal", gone)
    with pytest.raises(BadInput, match="master key"):
        owner.answer("totp", owner.code())
    assert owner.answer("recovery", owner.codes[0]) == "in", "recovery does not need the master key"


def test_one_pending_sign_in_and_two_right_answers_open_one_session(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer comes while the first is being looked at."""
    identity = owner.identity
    pending = identity.sign_in("lin", PASSWORD, address=HERE).pending
    recovery = identity.methods["recovery"]
    honest, inner = recovery.verify, []

    def verify(user_id: str, answer: object, *, attempt: str) -> bool:
        if not inner:
            inner.append("begun")
            inner.append(identity.second_factor(pending, "recovery", owner.codes[1], address=HERE).outcome)
        return honest(user_id, answer, attempt=attempt)

    monkeypatch.setattr(recovery, "verify", verify)
    assert identity.second_factor(pending, "recovery", owner.codes[0], address=HERE).outcome == "no"
    assert inner == ["begun", "in"] and len(owner.house.rows(sessions)) == 1
