"""Kept as long as it must be, longer at will, shorter only as others approve, and under hold for as long as that lasts."""

from __future__ import annotations

import threading

import pytest
from evidence_room import AUDITOR, FAR, NEAR, OFFICER, OTHER, OWNER, Room

from tongguan.errors import BadInput, Conflict, Denied
from tongguan.trust.evidence import shortening

DAY = 86_400.0
YEARS = 1097 * DAY


def test_nothing_goes_before_its_time(either: Room) -> None:
    made = either.add(b"x")
    either.clock.ahead = 1095 * DAY
    assert either.evidence.expire(OFFICER).expired == 0
    assert either.read(made.id) == b"x"
    for as_of in (made.until + 1e9, -1.0, float("nan")):
        with pytest.raises(BadInput):
            either.evidence.expire(OFFICER, as_of)


def test_past_its_time_only_a_tombstone_is_left(either: Room) -> None:
    one, two = either.add(b"same", name="张三.pdf", masked="*三", origin={"run": 1}), either.add(b"same")
    young = either.add(b"young", until=one.until + 2 * YEARS)
    either.clock.ahead = YEARS
    report = either.evidence.expire(OFFICER)
    assert (report.expired, report.blobs, report.bytes, report.held, report.problems) == (2, 1, 4, 0, ())
    assert len(either.files()) == 1 and either.read(young.id) == b"young"
    tomb = either.evidence.manifest(one.id, OFFICER)
    assert (tomb.state, tomb.expired_by, tomb.digest, tomb.size, tomb.added_by) == (
        "expired",
        "officer",
        one.digest,
        4,
        "officer",
    )
    assert (tomb.name, tomb.has_masked, tomb.expired) == ("", False, pytest.approx(either.clock(), abs=60))
    assert {m.id for m in either.evidence.list(OFFICER, state="expired")} == {one.id, two.id}
    assert either.evidence.list(OFFICER, state="expired", origin={"run": 1}) == []
    for act in (
        lambda: either.evidence.reveal(one.id, "why", OFFICER),
        lambda: either.evidence.hold(one.id, "why", OFFICER),
        lambda: either.evidence.retain(one.id, either.clock() + 9e6, "why", OFFICER),
    ):
        with pytest.raises(Conflict):
            act()
    assert {body["id"] for body in either.log.of("evidence.expired")} == {one.id, two.id}
    assert either.evidence.sweep(AUDITOR).ok and either.evidence.expire(OFFICER).expired == 0
    again = either.add(b"same")  # the same content may come back
    assert again.digest == one.digest and again.blob != one.blob and either.read(again.id) == b"same"


def test_a_blob_lives_as_long_as_its_longest(either: Room) -> None:
    short, long = either.add(b"same"), either.add(b"same", until=either.clock() + 2 * YEARS)
    either.clock.ahead = YEARS
    assert (either.evidence.expire(OFFICER).expired, len(either.files())) == (1, 1)
    assert either.read(long.id) == b"same" and either.evidence.manifest(short.id, OFFICER).state == "expired"
    either.clock.ahead = 3 * YEARS
    assert (either.evidence.expire(OFFICER).blobs, either.files()) == (1, [])


def test_until_never_undercuts_the_settings(room: Room) -> None:
    assert room.add(b"x", until=room.clock() + 10 * DAY).until == pytest.approx(room.clock() + 1096 * DAY, abs=60)
    assert room.add(b"y", until=room.clock() + 2000 * DAY).until == pytest.approx(room.clock() + 2000 * DAY, abs=60)


def test_lengthened_at_will_shortened_with_an_approval(either: Room) -> None:
    made = either.add(b"x")
    longer = either.evidence.retain(made.id, made.until + 100 * DAY, "lawsuit", OFFICER)
    assert longer.until == made.until + 100 * DAY
    soon = either.clock() + 10 * DAY
    with pytest.raises(Denied):
        either.evidence.retain(made.id, soon, "mistake", OFFICER)
    either.approved("evidence.retain", shortening(made.id, soon + 5 * DAY))  # another day
    either.approved("evidence.retain", shortening(made.id, soon), entity=None)  # asked under another entity
    with pytest.raises(Denied):
        either.evidence.retain(made.id, soon, "mistake", OFFICER)
    assert either.evidence.manifest(made.id, OFFICER).until == longer.until
    either.approved("evidence.retain", shortening(made.id, soon))
    assert either.evidence.retain(made.id, soon, "mistake", OFFICER).until == soon
    with pytest.raises(Denied):  # it is used up
        either.evidence.retain(made.id, soon - 60, "mistake", OFFICER)
    changes = either.log.of("evidence.retained")
    assert [(c["from"], c["until"]) for c in changes] == [(made.until, longer.until), (longer.until, soon)]
    assert [e.reason for e in either.evidence.history(made.id, OWNER)] == ["lawsuit", "mistake"]
    for wrong in (float("nan"), 1e300, "tomorrow"):
        with pytest.raises(BadInput):
            either.evidence.retain(made.id, wrong, "x", OFFICER)


def test_a_hold_beats_expiry(either: Room) -> None:
    made = either.add(b"x")
    assert either.evidence.hold(made.id, "case 1", OFFICER).held == 1
    assert either.evidence.hold(made.id, "case 2", OTHER).held == 2
    either.clock.ahead = YEARS
    report = either.evidence.expire(OFFICER)
    assert (report.expired, report.held) == (0, 1) and either.read(made.id) == b"x"
    assert [m.id for m in either.evidence.list(OFFICER, held=True)] == [made.id]
    for number in (1, 0):
        with pytest.raises(Denied):
            either.evidence.release(made.id, "over", OFFICER)
        id = either.approved("evidence.release", made.id)
        assert either.evidence.release(made.id, "over", OFFICER).held == number
        assert either.approvals.get(id, OFFICER).state == "used"
        assert either.log.of("evidence.released")[-1]["approval"] == id
    either.approved("evidence.release", made.id)
    with pytest.raises(Conflict, match="under no hold"):
        either.evidence.release(made.id, "over", OFFICER)
    assert either.evidence.expire(OFFICER).expired == 1


def test_an_approval_is_not_used_where_the_log_fails(either: Room) -> None:
    made = either.add(b"x")
    either.evidence.hold(made.id, "case", OFFICER)
    id = either.approved("evidence.release", made.id)
    either.log.broken = True
    with pytest.raises(OSError):
        either.evidence.release(made.id, "over", OFFICER)
    either.log.broken = False
    assert either.approvals.get(id, OFFICER).state == "approved"
    assert either.evidence.manifest(made.id, OFFICER).held == 1
    assert either.evidence.release(made.id, "over", OFFICER).held == 0


def test_expiry_keeps_to_the_entities_of_who_asks(room: Room) -> None:
    near, far = room.add(b"1", entity="甲"), room.add(b"2", entity="乙")
    room.clock.ahead = YEARS
    assert room.evidence.expire(NEAR).expired == 1
    assert [room.evidence.manifest(m.id, OFFICER).state for m in (near, far)] == ["expired", "kept"]
    assert room.evidence.expire(FAR).expired == 1


def test_expiry_that_is_interrupted_goes_on(room: Room) -> None:
    for n in range(5):
        room.add(b"%d" % n)
    room.clock.ahead = YEARS
    room.log.broken = True
    with pytest.raises(OSError):
        room.evidence.expire(OFFICER)
    room.log.broken = False
    assert len(room.files()) == 5
    assert room.evidence.expire(OFFICER).expired == 5 and room.files() == []


def test_adding_while_expiring(either: Room) -> None:
    """Whoever comes first: afterwards the content is there for the one who added it."""
    for n in range(6):
        old = either.add(b"content %d" % n)
        either.clock.ahead += YEARS
        made, barrier = [], threading.Barrier(2)

        def add(content: bytes = b"content %d" % n, made: list = made, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            made.append(either.add(content))

        thread = threading.Thread(target=add)
        thread.start()
        barrier.wait()
        either.evidence.expire(OFFICER)
        thread.join(30)
        assert either.read(made[0].id) == b"content %d" % n
        assert either.evidence.manifest(old.id, OFFICER).state == "expired"
    assert either.evidence.sweep(AUDITOR).ok
