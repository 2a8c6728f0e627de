"""Addresses that programs, manuals and plans of networks hold are doubtful; those of logs, records and letters are found."""

from __future__ import annotations

import itertools
from datetime import date
from pathlib import Path

import pytest

from tongguan.identify import COUNTED, Detector, Piece, identify_lines

KEY = b"a key"
AS_OF = date(2026, 11, 21)

PROGRAM = """
import unittest


class TestLookup(unittest.TestCase):
    def setUp(self):
        self.table = Table()

    def test_known(self):
        self.assertEqual(self.table.find("{}"), "north")
        with self.subTest("other"):
            assert self.table.find("2001:470:1f0b:9::7") is None
        return None
"""
GO = """
package edge

import "net/http"

func TestForwarded(t *testing.T) {
	req := http.NewRequest("GET", "/", nil)
	req.Header.Set("X-Forwarded-For", "{}, 81.2.69.142")
	if got := clientOf(req); got != "{}" {
		t.Fatal(got)
	}
}
"""
MANUAL = """
.TH LOOKUP 8
.SH EXAMPLES
.PP
Ask for one address:
.nf
lookup {}
.fi
.SH SEE ALSO
.BR dig (1)
"""
GUIDE = """
Two masters
===========

Each minion is told of both:

.. code-block:: yaml

    masters:
        - {}
        - 81.2.69.160

and is started anew::

    $ service minion restart
"""
PLANS = (
    "The console is at https://81.2.69.144:8443/login and moves next week.",
    "ssh 81.2.69.144",
    "fixed_ip=81.2.69.144",
    "the interface got 81.2.69.144/24 from the provider",
    'upstream = "81.2.69.144"',
    "ping 81.2.69.144",
    "node 81.2.69.144 - up",
    'connect(host="81.2.69.144", port=3306)',
    "<VirtualIp>81.2.69.144</VirtualIp>",
    '{"id": "i-7", "hypervisor": "kvm", "vcpu": 4, "subnet": "a", "ip": "81.2.69.144", "zone": "b"}',
)
PERSONS = (
    "2026-03-05 10:22:31 WARN refused 81.2.69.144 at host front-2",
    '81.2.69.144 - - [05/Mar/2026:10:22:31 +0800] "GET /orders HTTP/1.1" 200 512',
    "Mar  5 10:22:31 front sshd[881]: Failed password for root from host 81.2.69.144 port 22",
    "sshd[881]: Failed password for root from host 81.2.69.144 port 22",
    '{"timestamp": 1772677351, "client": "81.2.69.144", "node": "n1", "zone": "b", "pool": 3, "vcpu": 1}',
    "他一直从 81.2.69.144 登录，已经封了。",
    "登录IP：81.2.69.144",
    "Client IP: 81.2.69.144",
    "remote_host=81.2.69.144 status=200",
    "user: zhaoxm88\nserver: 81.2.69.144",
    "DB_URL=mysql://81.2.69.144:3306/shop?user=report&password=0vdhs3Ts9kXv8q",
    "host 81.2.69.144 belongs to +86 13912345678",
    "time,ip,page\n2026-03-05,81.2.69.144,/a\n",
    "INSERT INTO visits (ip, page) VALUES\n('81.2.69.144', '/a'),\n('81.2.69.145', '/b');\n",
)
DUMP = "".join(f"INSERT INTO visits VALUES ({i}, '81.2.69.{i}', 'page {i}');\n" for i in range(1, 80))
RECORDS = "[\n" + ",\n".join(
    f'  {{\n    "id": {i},\n    "ip": "81.2.69.{i}",\n    "place": {{\n      "city": "Reading"\n    }}\n  }}'
    for i in range(1, 80)
) + "\n]\n"  # fmt: skip


def found(text: str, *, doubtful: bool = False) -> list[tuple[str, float, str]]:
    detector = Detector(KEY, as_of=AS_OF, doubtful=doubtful)
    return [
        (text[one.start : one.end], one.score, one.validator)
        for one in detector.scan([Piece(text)])[0]
        if one.type == "ip"
    ]


@pytest.mark.parametrize("text", [PROGRAM, GO, MANUAL, GUIDE])
@pytest.mark.parametrize("address", ["81.2.69.143", "10.20.3.57", "172.18.4.9", "2a02:6b8:7c:40c::3"])
def test_addresses_in_programs_and_manuals_are_doubtful(text: str, address: str) -> None:
    text = text.replace("{}", address)
    assert found(text) == []
    told = {value: (score, why) for value, score, why in found(text, doubtful=True)}
    assert told[address][0] < COUNTED
    assert {why for _, why in told.values()} == {"program"}


@pytest.mark.parametrize("text", PLANS)
def test_words_of_networks_and_forms_of_urls_make_an_address_a_machines(text: str) -> None:
    assert found(text) == []
    assert [(value, why) for value, _, why in found(text, doubtful=True)] == [("81.2.69.144", "machine")]


@pytest.mark.parametrize("text", PERSONS)
def test_addresses_of_those_who_did_something_are_counted(text: str) -> None:
    assert "81.2.69.144" in [value for value, score, _ in found(text) if score >= COUNTED]


@pytest.mark.parametrize("text", [DUMP, RECORDS])
def test_dumps_and_laid_out_records_are_no_programs(text: str) -> None:
    assert len(found(text)) == 79


def test_a_log_within_a_program_keeps_its_addresses() -> None:
    lines = "".join(f"2026-03-05 10:22:{i:02d} INFO 81.2.69.{i} GET /a\n" for i in range(1, 60))
    assert len(found(PROGRAM.replace("{}", "x") + lines + PROGRAM.replace("{}", "x"))) == 59


def test_the_verdict_does_not_depend_on_what_is_read_with_it() -> None:
    """Pieces are read in batches: what stands in one says nothing of another."""
    texts = [PROGRAM.replace("{}", "81.2.69.143"), "81.2.69.144 asked again, see page 7\n", RECORDS, GO, DUMP]
    alone = [found(text) for text in texts]
    for order in itertools.permutations(range(len(texts)), 3):
        together = Detector(KEY, as_of=AS_OF).scan([Piece(texts[i]) for i in order])
        for i, findings in zip(order, together, strict=True):
            assert [(texts[i][f.start : f.end], f.score, f.validator) for f in findings if f.type == "ip"] == alone[i]


def test_in_a_long_text_each_part_is_judged_by_the_lines_around_it() -> None:
    """Blocks of lines are judged together, so that an address or two at the border of a program may stand out."""
    filler = "one more line of plain words without anything\n" * 700
    text = (filler + PROGRAM.replace("{}", "81.2.69.143") * 15 + filler + DUMP) * 40
    assert len(text) > 2 << 20
    values = [value for value, _, _ in found(text)]
    within = [value for value in values if value in ("81.2.69.143", "2001:470:1f0b:9::7")]
    assert len(values) - len(within) == 79 * 40
    assert len(within) <= 0.01 * 40 * 15 * 2


def test_identify_shows_them_and_says_that_they_are_not_counted(tmp_path: Path) -> None:
    file = tmp_path / "lookup.py"
    file.write_text(PROGRAM.replace("{}", "81.2.69.143"))
    lines = [line for line in identify_lines([file], KEY, reveal=True, explain=True) if line["type"] == "ip"]
    assert [(line["text"], line["counted"]) for line in lines] == [
        ("81.2.69.143", False), ("2001:470:1f0b:9::7", False),
    ]  # fmt: skip
    assert "program" in lines[0]["why"][0]["en"]
    log = tmp_path / "visits.log"
    log.write_text(PERSONS[0])
    assert all("counted" not in line for line in identify_lines([log], KEY))


@pytest.mark.parametrize(
    "text",
    [
        "::ffff:127.0.0.1", "[2001:db8:dead:beef::3]:443 2001:db8:dead:beef::3/64", "join ff02::1:3", "ff05::2", "fe00::0",
        "2021-09-21-09-21-51-42",
    ],
)  # fmt: skip
def test_nobodys_addresses_and_parts_of_others_are_none(text: str) -> None:
    found = Detector(KEY, as_of=AS_OF).scan([Piece("seen: " + text + " there")])[0]
    assert [one.type for one in found if one.end - one.start < 20] == []
