"""Protocol layers of other packages: read like ours, asked after ours, and bounded where they fail."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from dialogues import MEMBERS, request, response
from speaking import CLIENT, DATAGRAMS, ENDS, SERVER, speak, whole

from tongguan import capture
from tongguan.errors import BadPlugin
from tongguan.model import BlindKind

HEAD = """
    from dataclasses import replace

    from tongguan.capture.protocols import Expectation, Layer as Base, LogRow
    from tongguan.model import Content, Endpoint

    transport = "{transport}"


    def shows(client, server, final):
        {shows}


    class Layer(Base):
        protocol = service = "{name}"

        def __init__(self, ends, store):
            super().__init__(ends, store)
            self.count, self.held = 0, []

        def one(self, direction, ts, text):
            self.count += 1
            content = Content("line", "text/plain", len(text), text, "utf-8")
            self.exchange(f"{{self.count}}-{{direction}}", direction, ts, "LINE", len(text), contents=(content,))

        def data(self, direction, payload, ts):
            {data}

        def gap(self, direction, size, ts):
            pass

        def close(self, ts):
            {close}


    layer = Layer
"""
READS = "self.one(direction, ts, bytes(payload))"
POINT = "[tongguan.protocols]\n{0} = {0}\n"


@pytest.fixture
def guest(install):
    """Installs a layer for connections whose client begins with ACME."""

    def put(name="acme", data=READS, close="pass", shows="return client[:4] == b'ACME'", transport="tcp"):
        code = HEAD.format(name=name, data=data, close=close, shows=shows, transport=transport)
        install(name, code, POINT.format(name))

    return put


def test_a_module_is_a_protocol(guest):
    guest()
    heard = whole([(CLIENT, b"ACME one"), (SERVER, MEMBERS), (CLIENT, b"two")])
    assert heard.bodies() == [b"ACME one", MEMBERS, b"two"] and heard.service == "acme" and not heard.spots
    assert {one.protocol for one in heard.said} == {"acme"}


def test_its_rows_go_into_a_log_of_its_own(guest):
    guest(data=f"self.log('acme', ts, {{'n': 1, 'other': object}}); {READS}".replace("{{", "{").replace("}}", "}"))
    heard = whole([(CLIENT, b"ACME one")])
    assert [(log, fields["n"]) for log, fields in heard.rows] == [("acme", 1)] and not heard.spots


def test_datagrams(guest):
    guest(transport="udp")
    heard = whole([(CLIENT, b"ACME one"), (CLIENT, b"two")], DATAGRAMS)
    assert heard.bodies() == [b"ACME one", b"two"] and not heard.spots
    assert whole([(CLIENT, b"ACME one")]).spots  # not over TCP


def test_ours_are_asked_first(guest):
    guest(shows="return True")
    heard = whole([(CLIENT, request("POST", "/v1", MEMBERS)), (SERVER, response(b"ok"))])
    assert {one.protocol for one in heard.said} == {"http"}
    assert whole([(CLIENT, b"\x01\x02 what nobody knows")]).service == "acme"


def test_one_that_fails_while_it_is_asked(guest):
    guest(shows="raise KeyError(client)")
    web = [(CLIENT, request("POST", "/v1", MEMBERS)), (SERVER, response(b"ok"))]
    for seed in range(5):  # in pieces: it is asked before enough came for ours
        heard = speak(web, chance=random.Random(seed))
        assert {one.protocol for one in heard.said} == {"http"} and not heard.spots
    [spot] = whole([(CLIENT, b"ACME 13800138000")]).spots
    assert spot == (BlindKind.UNSUPPORTED, "the plug-in acme (acme 0.1) failed: KeyError", 16)


@pytest.mark.parametrize(
    "data",
    [
        "raise OSError(5)",
        "raise SystemExit(0)",
        "self.take = lambda: None",
        "self.out.append(None)",
        "self.out.append('13800138000')",
        "self.out.append(LogRow('../../conn', ts, self.ends, {}))",
        "self.out.append(LogRow('conn', ts, self.ends, {}))",
        "self.out.append(LogRow('acme', ts, self.ends, {('a', 'b'): 1}))",
        "self.out.append(LogRow('acme', float('nan'), self.ends, {}))",
        "self.out.append(Expectation(['nobody'], Layer))",
        "self.out.append(Expectation((1,), Layer))",
        f"{READS}; self.out[-1] = replace(self.out[-1], conn='C2')",
        f"{READS}; self.out[-1] = replace(self.out[-1], capture='b.pcap')",
        f"{READS}; self.out[-1] = replace(self.out[-1], uid='C2-1')",
        f"{READS}; self.out[-1] = replace(self.out[-1], uid=None)",
        f"{READS}; self.out[-1] = replace(self.out[-1], ts='now')",
        f"{READS}; self.out[-1] = replace(self.out[-1], ts=float('inf'))",
        f"{READS}; self.out[-1] = replace(self.out[-1], size=-1)",
        f"{READS}; self.out[-1] = replace(self.out[-1], size='8')",
        f"{READS}; self.out[-1] = replace(self.out[-1], source=Endpoint('192.0.2.1', 1))",
        f"{READS}; self.out[-1] = replace(self.out[-1], role='request')",
        f"{READS}; self.out[-1] = replace(self.out[-1], operation='x' * 5000)",
        f"{READS}; self.out[-1] = replace(self.out[-1], server_names=(b'a',))",
        f"{READS}; self.out[-1] = replace(self.out[-1], account=7)",
        f"{READS}; self.out[-1] = replace(self.out[-1], blind_spots=('no',))",
        f"{READS}; self.out[-1] = replace(self.out[-1], contents=(b'no',))",
        f"{READS}; self.out[-1] = replace(self.out[-1], contents=(Content('a', '', 1, open),))",
        f"{READS}; self.out[-1] = replace(self.out[-1], contents=(Content(1, '', 1, b'1'),))",
    ],
)
def test_one_that_fails_while_it_reads(guest, data):
    guest(
        data=f"""if payload[:4] == b'FAIL':
                {data}
            else:
                {READS}"""
    )
    heard = whole([(CLIENT, b"ACME one"), (SERVER, b"FAIL 13800138000"), (CLIENT, b"13900139000")])
    assert heard.bodies()[0] == b"ACME one"
    assert heard.bodies()[1:] == [b"13900139000", b"FAIL 13800138000"]  # kept as those of unknown protocols
    kinds = [(kind, size) for kind, _, size in heard.spots]
    assert kinds == [(BlindKind.UNREADABLE, 0), (BlindKind.UNSUPPORTED, 11), (BlindKind.UNSUPPORTED, 16)]
    assert "the plug-in acme (acme 0.1) failed: " in heard.spots[0][1]
    assert not any("1380" in detail for _, detail, _ in heard.spots)
    assert len({one.uid for one in heard.said}) == len(heard.said)


def test_what_it_held_is_told_when_it_fails(guest):
    guest(data="self.held.append(bytes(payload))", close="raise RuntimeError")
    heard = whole([(CLIENT, b"ACME one"), (CLIENT, b"two")])
    assert heard.spots == [(BlindKind.UNREADABLE, "the plug-in acme (acme 0.1) failed: RuntimeError", 11)]


def test_what_it_never_told_is_told(guest):
    guest(data="pass")
    heard = whole([(CLIENT, b"ACME one"), (SERVER, b"two")])
    assert heard.spots == [(BlindKind.UNREADABLE, "the plug-in acme (acme 0.1) told nothing of what it read", 11)]


@pytest.mark.parametrize("made", ["layer = 5", "layer = print", "def layer(ends, store): raise ImportError('x')"])
def test_what_is_no_layer(install, made):
    install(
        "acme",
        HEAD.format(name="acme", data="pass", close="pass", shows="return True", transport="tcp") + f"\n    {made}",
        POINT.format("acme"),
    )
    heard = whole([(CLIENT, b"ACME one")])
    assert heard.bodies() == [b"ACME one"] and heard.spots[0][0] is BlindKind.UNREADABLE


def test_what_it_announces_is_read_by_it_and_bounded(guest):
    guest(
        data="self.one(direction, ts, bytes(payload)); self.out.append(Expectation((self.ends.server,), lambda ends: Layer(ends, None)))"
    )
    heard = whole([(CLIENT, b"ACME one")])
    layer = heard.expected[0].layer(ENDS)
    assert whole([(SERVER, b"later")], layer=layer).bodies() == [b"later"]
    guest(
        name="other",
        shows="return client[:5] == b'OTHER'",
        data="self.one(direction, ts, b''); self.out.append(Expectation((self.ends.server,), 5))",
    )
    layer = whole([(CLIENT, b"OTHER one")]).expected[0].layer(ENDS)
    assert whole([(SERVER, b"later")], layer=layer).bodies() == [b"later"]


def test_one_that_cannot_be_used_is_told_before_anything_is_read(install, tmp_path):
    install("acme", "def shows(client, server, final): return True", POINT.format("acme"))
    (tmp_path / "a.pcap").write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    with pytest.raises(BadPlugin, match="acme is no ProtocolLayer"):
        capture.read([tmp_path / "a.pcap"])
    with pytest.raises(BadPlugin, match="acme is no ProtocolLayer"):
        capture.restore([tmp_path / "a.pcap"], tmp_path / "out")
    assert not Path(tmp_path / "out").exists()
