"""Shares of the master key: restore with m of n, fail with m - 1, and every slip has its own refusal."""

from __future__ import annotations

import itertools
import shutil

import pytest
from keys_house import KEEPER, House

from tongguan.errors import BadInput, Conflict
from tongguan.trust.keys.shares import join, split

HOLDERS = ["Aki", "Bo", "Chi", "Dan", "Eve"]
KEY = bytes(range(32))


def test_any_three_of_five_give_the_key_back():
    shares = split(KEY, 3, HOLDERS, "f")
    assert [share.number for share in shares] == [1, 2, 3, 4, 5] and [share.holder for share in shares] == HOLDERS
    for size in (3, 4, 5):
        for chosen in itertools.combinations(shares, size):
            assert join([share.words for share in chosen]).key == KEY
    for size in (1, 2):
        for chosen in itertools.combinations(shares, size):
            with pytest.raises(BadInput, match=f"3 shares of the set .* are needed, and {size}"):
                join([share.words for share in chosen])
    assert shares[0].words not in repr(shares) and KEY.hex() not in repr(join([share.words for share in shares]))
    assert shares[1].label == f"Tongguan f · {shares[0].set_id} · 2/5 (≥ 3) · Bo"


def test_each_slip_has_its_own_refusal():
    first, second = split(KEY, 2, HOLDERS[:3], "f"), split(KEY, 2, HOLDERS[:3], "f")
    while second[0].set_id == first[0].set_id:
        second = split(KEY, 2, HOLDERS[:3], "f")
    one, two, three = (share.words for share in first)
    words = one.split()
    for given, message in (
        ([], "no share"), ([one, one], r"shares 1 and 2 are the same one \(number 1"), ([one, second[1].words], "only shares of one set"),
        ([one, " ".join([*two.split()[:20], "tonguan", *two.split()[21:]])], "share 2: word 21 is not on the list"),
        ([one, " ".join(two.split()[:-1])], "share 2: its 32 words do not pass"),
        ([" ".join([*words[:9], "academic" if words[9] != "academic" else "acid", *words[10:]]), two], "share 1: its 33 words do not pass"),
        ([" ".join([*words[:9], words[10], words[9], *words[11:]]) if words[9] != words[10] else "", two], "share 1"),
        ([one, ""], "share 2"), ([one, 5], "share 2 is no list"), ([one, "x" * 3000], "share 2 is no list"), ([one] * 17, "at most 16"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=message) as error:
            join(given)
        assert not set(words[4:]) & set(str(error.value).split())
    assert join([one.upper(), f"\n  {three}\n"]).numbers == (1, 3)


def test_a_share_that_was_forged_well():
    """Right checksum, right set, other content."""
    from dataclasses import replace

    from shamir_mnemonic.share import Share

    texts = [share.words for share in split(KEY, 2, HOLDERS[:3], "f")]
    forged = Share.from_mnemonic(texts[1])
    forged = replace(forged, value=bytes([forged.value[0] ^ 1]) + forged.value[1:]).mnemonic()
    for given in ([texts[0], forged], [texts[0], texts[2], forged]):
        with pytest.raises(BadInput, match="one of them was altered"):
            join(given)


@pytest.mark.parametrize("threshold, holders", [(1, HOLDERS), (6, HOLDERS), (2, ["a"]), (2, ["a", "a"]), (2, ["a", ""]), (2, [str(n) for n in range(17)]), ("2", HOLDERS)])  # fmt: skip
def test_splits_that_are_refused(house, threshold, holders):
    with pytest.raises(BadInput):
        house.keys.split(threshold, holders, KEEPER)
    assert house.keys.splits(KEEPER) == [] and house.log.of("key.split") == []


def test_a_drill_changes_nothing(either):
    ids = [either.key(purpose).id for purpose in ("seal", "wrap", "sign")]
    either.keys.rotate(ids[0], KEEPER)
    shares = either.keys.split(3, HOLDERS, KEEPER)
    before = _content(either)
    drill = either.keys.drill([share.words for share in shares[2:]], KEEPER)
    assert (drill.keys, drill.versions, drill.shares, drill.set_id) == (3, 4, (3, 4, 5), shares[0].set_id)
    assert _content(either) == before
    (made,) = either.keys.splits(KEEPER)
    assert made.holders == tuple(HOLDERS) and made.valid and made.threshold == 3
    for share in shares:
        assert share.words not in either.log.text() and share.words.split()[8] not in str(before).split()
    with pytest.raises(BadInput, match="3 shares"):
        either.keys.drill([share.words for share in shares[:2]], KEEPER)
    assert [body["ok"] for body in either.log.of("key.drill")] == [True, False]
    either.keys.rotate_master(KEEPER)
    assert not either.keys.splits(KEEPER)[0].valid
    with pytest.raises(BadInput, match="an earlier master key of this store"):
        either.keys.drill([share.words for share in shares], KEEPER)


def test_restore_on_a_new_machine(house, tmp_path):
    id = house.key("seal").id
    sealed = house.keys.seal(id, b"value", b"c", KEEPER)
    words = [share.words for share in house.keys.split(2, HOLDERS[:3], KEEPER)]
    with pytest.raises(Conflict, match="nothing is lost"):
        house.keys.restore(words, KEEPER)
    house.database.close()
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(house.place, new / "trust.db")  # the backup of the database; master.json is lost
    machine = House(new, new / "trust.db", log=house.log)
    with pytest.raises(BadInput, match="restore it from"):
        machine.keys.unseal(id, sealed, b"c", KEEPER)
    with pytest.raises(BadInput, match="2 shares"):
        machine.keys.restore(words[:1], KEEPER)
    other = split(bytes(32), 2, HOLDERS[:2], "f")
    with pytest.raises(BadInput, match="another store's master key"):
        machine.keys.restore([share.words for share in other], KEEPER)
    assert not (new / "master.json").exists()
    assert machine.keys.restore(words[1:], KEEPER) == house.master.generations()[0]
    assert machine.keys.unseal(id, sealed, b"c", KEEPER) == b"value"
    assert machine.again().keys.unseal(id, sealed, b"c", KEEPER) == b"value"
    assert machine.keys.check_store(house.log.read(), KEEPER) == []
    assert [body["ok"] for body in house.log.of("key.restore")] == [False, False, False, True]
    machine.close()


def test_restore_before_the_database(house, tmp_path):
    words = [share.words for share in house.keys.split(2, HOLDERS[:3], KEEPER)]
    new = tmp_path / "new"
    new.mkdir()
    machine = House(new, new / "trust.db")
    with pytest.raises(BadInput, match="store is empty"):
        machine.keys.drill(words, KEEPER)
    assert machine.keys.restore(words, KEEPER) == house.master.generations()[0]
    assert machine.key("seal").version == 1
    machine.close()


def _content(house: House) -> list[object]:
    import sqlalchemy as sa

    names = ("keys", "key_versions", "key_masters", "key_splits", "key_outbox")
    with house.database.read() as connection:
        rows = [
            [tuple(row) for row in connection.execute(sa.text(f"select * from {name} order by 1, 2"))] for name in names
        ]
    files = {path.name: path.read_bytes() for path in house.home.glob("master.*")}
    return [rows, files]
