"""Make a large capture of made-up HTTP/1.1 traffic for the benchmark: servers inside (10.20.0.0/16), clients abroad
(52.0.0.0/10), keep-alive connections that interleave, answers in JSON, CSV, HTML, gzip and pictures, uploads in JSON
and forms. About one text line in a hundred holds personal data of people who do not exist; about half of the bytes are
pictures or compressed. Some segments are sent twice or out of order; none is lost.

    python bench/make_http_capture.py OUT.pcap --size 512 --connections 2000 --seed 7

The same arguments make the same file. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import gzip
import random
import struct
from pathlib import Path
from typing import BinaryIO

MSS = 1448
HEAD = 16 + 14 + 20 + 32  # record, Ethernet, IPv4, TCP with timestamps
PSH_ACK, ACK, SYN, SYN_ACK, FIN_ACK = 0x18, 0x10, 0x02, 0x12, 0x11
START = 1_795_222_800  # 2026-11-21 01:00 UTC
WIRE = 1e9 / 8  # bytes a second on the mirrored link

Frame = tuple[int, int, int, int, bytes]  # direction, sequence offset, acknowledged offset, flags, payload

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰涛明超秀兰霞平刚桂英华玉萍红鹏飞"
_AREAS = ("110105", "310104", "440106", "440305", "330106", "320102", "510104", "420106")
_CITIES = ("北京市朝阳区", "上海市徐汇区", "广州市天河区", "深圳市南山区", "杭州市西湖区", "成都市锦江区")
_TEXT = """
order status shipped warehouse pallet route carrier invoice amount currency total discount region branch product
category weight volume batch label queue retry metric latency cache session token page article review rating summary
title price stock update created closed pending approved customs tariff container vessel port
订单 状态 已发货 仓库 路线 承运 发票 金额 合计 折扣 门店 商品 类别 重量 批次 评论 评分 价格 库存 更新 报关 港口
"""
_WORDS = _TEXT.split()


class Texts:
    """Made-up bodies, made once and used by many exchanges."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.answers = [self._json() for _ in range(60)] + [self._csv() for _ in range(40)]
        self.answers += [self._html() for _ in range(30)]
        self.compressed = [
            (kind, gzip.compress(body, 5, mtime=0), "gzip") for kind, body, _ in (self._json() for _ in range(40))
        ]
        self.pictures = [self._picture() for _ in range(30)]
        self.uploads = [self._json() for _ in range(40)] + [self._form() for _ in range(60)]

    def person(self) -> dict[str, str]:
        """A person who does not exist; the check digits are right, as detectors look at them."""
        chance = self.chance
        birth = f"{chance.randint(1960, 2004)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
        body = chance.choice(_AREAS) + birth + f"{chance.randint(1, 999):03}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        check = "10X98765432"[sum(w * int(c) for w, c in zip(weights, body, strict=True)) % 11]
        name = chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2))))
        card = "622202" + "".join(chance.choices("0123456789", k=12))
        doubled = (int(c) * 2 if k % 2 == 0 else int(c) for k, c in enumerate(reversed(card)))
        luhn = -sum(d - 9 if d > 9 else d for d in doubled) % 10
        return {
            "name": name,
            "id_card": body + check,
            "phone": chance.choice(("138", "139", "150", "186", "177")) + f"{chance.randrange(10**8):08}",
            "email": f"u{chance.randrange(10**6)}@example.com",
            "bank_card": f"{card}{luhn}",
            "address": f"{chance.choice(_CITIES)}示例路{chance.randint(1, 300)}号{chance.randint(1, 20)}室",
        }

    def words(self, n: int) -> str:
        return " ".join(self.chance.choices(_WORDS, k=n))

    def _lines(self) -> int:
        return int(self.chance.choice((30, 120, 400, 1500)) * self.chance.uniform(0.5, 1.5))

    def _json(self) -> tuple[str, bytes, str]:
        rows = []
        for k in range(self._lines()):
            row = f'{{"id":{k},"code":"A{self.chance.randrange(10**9)}","note":"{self.words(9)}","n":{k * 7 % 997}'
            if self.chance.random() < 0.01:
                row += "," + ",".join(f'"{key}":"{value}"' for key, value in self.person().items())
            rows.append(row + "}")
        return "application/json", ('{"items":[\n' + ",\n".join(rows) + "\n]}").encode(), ""

    def _csv(self) -> tuple[str, bytes, str]:
        rows = ["id,姓名,身份证号,手机号,note,amount"]
        for k in range(self._lines()):
            person = self.person() if self.chance.random() < 0.01 else {}
            fields = (person.get("name", ""), person.get("id_card", ""), person.get("phone", ""))
            rows.append(f"{k},{','.join(fields)},{self.words(8)},{self.chance.uniform(1, 9999):.2f}")
        return "text/csv; charset=utf-8", "\r\n".join(rows).encode(), ""

    def _html(self) -> tuple[str, bytes, str]:
        rows = []
        for _ in range(self._lines()):
            text = self.words(14)
            if self.chance.random() < 0.01:
                person = self.person()
                text += f" 联系人：{person['name']} 电话：{person['phone']}"
            rows.append(f"<p class=row>{text}</p>")
        page = "<!doctype html><html><head><meta charset=utf-8><title>list</title></head><body>\n{}\n</body></html>"
        return "text/html; charset=utf-8", page.format("\n".join(rows)).encode(), ""

    def _form(self) -> tuple[str, bytes, str]:
        fields = [f"f{k}={self.chance.randrange(10**6)}" for k in range(self.chance.randint(10, 200))]
        if self.chance.random() < 0.3:
            person = self.person()
            fields += [f"phone={person['phone']}", f"id_card={person['id_card']}"]
        return "application/x-www-form-urlencoded", "&".join(fields).encode(), ""

    def _picture(self) -> tuple[str, bytes, str]:
        noise = self.chance.randbytes(int(self.chance.choice((8, 40, 120, 400)) * 1024 * self.chance.uniform(0.5, 1.5)))
        return "image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + noise + b"\xff\xd9", ""


class Conversation:
    """One keep-alive connection, made frame by frame."""

    def __init__(self, number: int, texts: Texts, chance: random.Random) -> None:
        self.texts, self.chance = texts, chance
        client = (52 << 24) | ((number * 2654435761) & 0x3FFFFF)
        server = (10 << 24) | (20 << 16) | (chance.randrange(4) << 8) | chance.randint(10, 60)
        self.ends = (client, server)
        self.ports = (32768 + number * 7 % 28000, chance.choice((80, 80, 8080)))
        self.isn = (chance.getrandbits(32), chance.getrandbits(32))
        self.at = [0, 0]

    def exchange(self) -> list[tuple[int, bytes]]:
        """A request and its answer: (direction, bytes)."""
        chance, texts = self.chance, self.texts
        host = f"api{self.ends[1] & 7}.example.cn"
        if chance.random() < 0.15:
            kind, body, _ = chance.choice(texts.uploads)
            path = f"/v1/records/{chance.randrange(10**5)}"
            request = (
                f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: client/2.1\r\nAccept: */*\r\n"
                f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            answer = (
                f"HTTP/1.1 201 Created\r\nServer: nginx\r\nContent-Type: application/json\r\nContent-Length: 15\r\n"
                f'Location: {path}\r\n\r\n{{"result":"ok"}}'
            )
            return [(0, request.encode() + body), (1, answer.encode())]
        which = chance.choices((texts.answers, texts.compressed, texts.pictures), (12, 4, 6))[0]
        kind, body, encoding = chance.choice(which)
        request = (
            f"GET /v1/list/{chance.randrange(10**5)}?page={chance.randint(1, 90)} HTTP/1.1\r\nHost: {host}\r\n"
            "User-Agent: client/2.1\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
        )
        coded = f"Content-Encoding: {encoding}\r\n" if encoding else ""
        answer = (
            f"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 01:00:00 GMT\r\nContent-Type: {kind}\r\n"
            f"{coded}Content-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
        )
        return [(0, request.encode()), (1, answer.encode() + body)]

    def opening(self) -> list[Frame]:
        return [(0, -1, -1, SYN, b""), (1, -1, 0, SYN_ACK, b""), (0, 0, 0, ACK, b"")]

    def closing(self) -> list[Frame]:
        up, down = self.at
        return [(0, up, down, FIN_ACK, b""), (1, down, up + 1, FIN_ACK, b""), (0, up + 1, down + 1, ACK, b"")]

    def frames(self, direction: int, data: bytes) -> list[Frame]:
        """Segments of one message, with acknowledgements for every other one and now and then a disturbance."""
        frames: list[Frame] = []
        there, back = direction, 1 - direction
        at = self.at[there]
        for k, begin in enumerate(range(0, len(data), MSS)):
            piece = data[begin : begin + MSS]
            flags = PSH_ACK if begin + MSS >= len(data) else ACK
            frames.append((there, at + begin, self.at[back], flags, piece))
            dice = self.chance.random()
            if dice < 0.002:
                frames.append(frames[-1])  # sent twice
            elif dice < 0.004 and len(frames) > 1 and frames[-2][0] == there:
                frames[-1], frames[-2] = frames[-2], frames[-1]
            elif k % 2:
                frames.append((back, self.at[back], at + begin + len(piece), ACK, b""))
        self.at[there] = at + len(data)
        return frames


class Writer:
    """A pcap file being written. IPv4 and TCP checksums are left to the network card, as a capture on the sending host
    shows them."""

    def __init__(self, out: BinaryIO) -> None:
        self.out = out
        self.written = 0
        self.clock = 0.0
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def write(self, conversation: Conversation, frames: list[Frame]) -> None:
        parts = []
        for direction, seq, ack, flags, payload in frames:
            size = len(payload)
            self.clock += (size + 90) / WIRE
            seconds = int(self.clock)
            parts.append(_header(conversation, direction, seq, ack, flags, size, seconds, self.clock - seconds))
            parts.append(payload)
            self.written += HEAD + size
        self.out.write(b"".join(parts))


_HEADER = struct.Struct("<IIII").pack
_REST = struct.Struct(">6s6sHBBHHHBBHIIHHIIBBHHHBBBBII").pack
_MACS = (b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2")


def _header(
    talk: Conversation, direction: int, seq: int, ack: int, flags: int, size: int, seconds: int, fraction: float
) -> bytes:
    back = 1 - direction
    captured = HEAD - 16 + size
    ticks = seconds * 1000 + int(fraction * 1000)
    seq_number = (talk.isn[direction] + 1 + seq) & 0xFFFFFFFF
    ack_number = (talk.isn[back] + 1 + ack) & 0xFFFFFFFF if flags != SYN else 0
    ip = (0x45, 0, 52 + size, 0, 0x4000, 64, 6, 0, talk.ends[direction], talk.ends[back])
    tcp = (talk.ports[direction], talk.ports[back], seq_number, ack_number, 0x80, flags, 65535, 0, 0)
    options = (1, 1, 8, 10, ticks, ticks)
    record = _HEADER(START + seconds, int(fraction * 1e6), captured, captured)
    return record + _REST(_MACS[back], _MACS[direction], 0x0800, *ip, *tcp, *options)


def make(path: Path, size: int, connections: int, seed: int, at_once: int) -> int:
    """Write about `size` bytes of capture with about `connections` connections, `at_once` of them interleaved; returns
    the bytes written."""
    chance = random.Random(seed)
    texts = Texts(chance)
    share = size / connections
    with path.open("wb", buffering=1 << 20) as out:
        writer = Writer(out)
        number = 0
        open_now: list[tuple[Conversation, int]] = []
        while writer.written < size or open_now:
            while len(open_now) < at_once and writer.written < size:
                talk = Conversation(number, texts, chance)
                number += 1
                writer.write(talk, talk.opening())
                open_now.append((talk, int(share * chance.uniform(0.3, 1.7))))
            which = chance.randrange(len(open_now))
            talk, left = open_now[which]
            before = writer.written
            for direction, data in talk.exchange():
                writer.write(talk, talk.frames(direction, data))
            left -= writer.written - before
            if left <= 0 or writer.written >= size:
                writer.write(talk, talk.closing())
                open_now[which] = open_now[-1]
                open_now.pop()
            else:
                open_now[which] = (talk, left)
    return writer.written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", type=int, default=512, help="MiB of capture")
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=200, help="connections that interleave")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    written = make(options.out, options.size << 20, options.connections, options.seed, options.at_once)
    print(f"{options.out}: {written / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
