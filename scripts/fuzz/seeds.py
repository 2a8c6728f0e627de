"""Small inputs for each target, made by code: by the tests' makers of files, and from what this package ships."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import io
import json
import lzma
import sqlite3
import struct
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from targets import CHARSETS, PARTS, SHEET_PARTS, STREAMS

ROOT = Path(__file__).resolve().parents[2]
TEXT = "姓名：张三，手机 13800138000，身份证 11010519491231002X\nemail: a@example.com\n"
Seeds = dict[str, bytes]


def seeds() -> dict[str, Seeds]:
    """By target, then by a name of no meaning to it."""
    sys.path[:0] = [str(ROOT / "tests/identify" / folder) for folder in ("extract", "kinds", "fingerprints")]
    documents, texts, mail = office(), plain(), mails()
    archives = {"zip": zipped({"a.txt": TEXT.encode(), "b/c.csv": texts["csv"]}), "tar": tarred("w")}
    old = {name: data for name, data in documents.items() if data.startswith(b"\xd0\xcf\x11\xe0")}
    found: dict[str, Seeds] = {
        "extract": {**documents, **texts, **mail, **archives, "sqlite": database()},
        "mail": mail,
        "mailbox": mailboxes(mail),
        "html": {"page": texts["html"], "xml": texts["xml"]},
        "encoding": encodings(),
        "tables": {"csv": b"\1" + texts["csv"], "json": b"\0" + texts["json"], "lines": b"\0" + texts["jsonl"]},
        "detect": {"text": TEXT.encode(), **texts},
        "archive": {"gz": gzip.compress(TEXT.encode()), "bz2": bz2.compress(b"a" * 99), "xz": lzma.compress(b"a" * 99)},
        "zip": {"zip": archives["zip"], **{name: documents[name] for name in ("docx", "xlsx")}},
        "tar": {"tar": archives["tar"]},
        "sheet": {"xlsx": documents["xlsx"]},
        "old_sheet": {name: data for name, data in old.items() if name == "xls"} or old,
        "database": {"sqlite": database()},
        "parquet": {"parquet": parquet()},
        "compound": old,
        "pdf": {"pdf": documents["pdf"]},
        "rtf": {"rtf": texts["rtf"]},
        "ofd": {"ofd": papers()[0]},
        "ofd_page": {"page": paper_page()},
        "dbase": {"dbf": papers()[1]},
        "contacts": contacts(),
        "outlook": {"head": b"!BDN" + bytes(8) + b"SM\x17\0\x13\0\1\1" + bytes(560)},
        "parts": chosen(PARTS, documents),
        "sheet_parts": chosen(SHEET_PARTS, documents),
        "streams": old_streams(old),
    }
    return found | ours()


def office() -> Seeds:
    """Documents; those of other programs too where LibreOffice is installed."""
    from compound_files import outlook_message, packaged
    from office_files import office_files
    from test_documents_read import document, pdf, workbook

    made = {"docx": document(), "xlsx": workbook(), "pdf": pdf(), "msg": outlook_message("正文", ("a.txt", b"text"))}
    return {**office_files(), **made, "ole": packaged("a.txt", b"text")}


def plain() -> Seeds:
    from test_html_pages import PAGE

    return {
        "html": PAGE.encode(),
        "csv": "姓名,手机,地址\n张三,13800138000,\"北京市, 海淀区\"\n李四,13900139000,\n".encode(),
        "json": b'[{"a": "\\u5f20", "b": [1, {"c": null}]}, {"a": 1.5e3}]',
        "jsonl": b'{"a": 1}\n{"a": 2, "b": "x"}\n',
        "xml": b"<?xml version='1.0' encoding='gbk'?><r><a>&#24352;</a><a b='c'>d</a><![CDATA[e]]></r>",
        "sql": b"INSERT INTO a (b, c) VALUES ('b', 1), ('c', 2);",
        "form": b"a=%E5%BC%A0&b=c",
        "code": b"def f(a):\n    return 'x'  # y\n",
        "rtf": rb"{\rtf1\ansi\ansicpg936{\fonttbl{\f0\fcharset134 a;}}{\info{\author a}}\'d5\'c5\u24352?"
        rb"{\*\objdata 0105000002000000}{\field{\fldinst HYPERLINK}{\fldrslt x}}\bin3 abc\par}",
    }  # fmt: skip


def mails() -> Seeds:
    from test_documents_read import message

    inner = "From: a@example.com\nTo: =?gb2312?B?1cXI/Q==?= <b@example.com>\nSubject: =?utf-8?Q?=E5=BC=A0?=\n"
    return {
        "eml": message().as_bytes(),
        "nested": (inner + "Content-Type: message/rfc822\n\n" + inner + "\nbody\n").encode(),
        "packed": (inner + "Content-Transfer-Encoding: quoted-printable\n\n=E5=BC=A0=\nx\n").encode(),
        "parts": (
            inner + 'Content-Type: multipart/mixed; boundary="b"\n\n--b\n'
            "Content-Type: text/csv; name*=utf-8''%E5.csv\nContent-Transfer-Encoding: base64\n\n"
            + base64.b64encode(b"a,b\n1,2\n").decode() + "\n--b--\n"
        ).encode(),
    }  # fmt: skip


def mailboxes(mail: Seeds) -> Seeds:
    line = b"From a@example.com Mon Nov  9 10:00:00 2026\n"
    return {"one": line + mail["parts"], "two": (line + mail["packed"]) * 2}


def encodings() -> Seeds:
    """The first byte is the charset's place in the list that the target declares it from."""
    made = {}
    for place, name in enumerate(CHARSETS):
        try:
            made[str(place)] = bytes([place]) + TEXT.encode(name or "utf-8", "replace")
        except (LookupError, UnicodeError):
            made[str(place)] = bytes([place]) + TEXT.encode("gb18030")
    return made


def zipped(members: Seeds) -> bytes:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return buffer.getvalue()


def tarred(mode: str) -> bytes:
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
            info = tarfile.TarInfo("目录/a.txt")
            info.size = 4
            archive.addfile(info, io.BytesIO(b"text"))
        return buffer.getvalue()


def database() -> bytes:
    store = sqlite3.connect(":memory:")
    store.execute("PRAGMA page_size = 512")
    store.execute("CREATE TABLE a (b TEXT, c BLOB)")
    store.execute("INSERT INTO a VALUES ('张三', ?)", (bytes(100),))
    store.commit()
    return store.serialize()


def papers() -> tuple[bytes, bytes]:
    """An OFD document with a template, and a dBase table."""
    from test_ofd_and_dbase import dbase, ofd, page, run

    return ofd(page(run(9, 9, "13800138000"), template=True), tpl=page(run(1, 9, "手机："))), dbase()


def paper_page() -> bytes:
    from test_ofd_and_dbase import page, run

    glyphs = '<ofd:CGTransform CodePosition="0" CodeCount="7" GlyphCount="7"/>'
    return page(run(1, 9, "手机&#58;"), run(9, 9.2, "138", glyphs), template=True).encode()


def contacts() -> Seeds:
    from test_contacts_and_calendars import CARD

    directory = b"version: 1\ndn: uid=s,dc=example\ncn:: 5a2Z5bCP5Zyj\nmobile: 138\n 00138000\n"
    return {"card": CARD.encode(), "crlf": CARD.replace("\n", "\r\n").encode(), "ldif": directory}


def parquet() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with io.BytesIO() as sink:
        pq.write_table(pa.table({"姓名": ["张三", None], "n": [1, 2]}), sink)
        return sink.getvalue()


def chosen(names: tuple[str, ...], documents: Seeds) -> Seeds:
    """Parts as they stand in documents, each behind the byte that chooses it."""
    made = {}
    for document, data in documents.items():
        if not data.startswith(b"PK"):
            continue
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in set(names) & set(archive.namelist()):
                made[f"{document}-{name}"] = bytes([names.index(name)]) + archive.read(name)
    return made


def old_streams(documents: Seeds) -> Seeds:
    """Streams as they stand in old documents, each behind the byte that chooses it."""
    import olefile

    made = {name: bytes([place]) + bytes(64) for place, name in enumerate(STREAMS)}
    for document, data in documents.items():
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            for path in file.listdir():
                if path[-1] in STREAMS:
                    body = file.openstream(path).read()[: 1 << 15]
                    made[f"{document}-{'/'.join(path)}"] = bytes([STREAMS.index(path[-1])]) + body
    return made


def ours() -> dict[str, Seeds]:
    """Files that people write for this program, and those it writes itself."""
    from test_policy_files import GOOD

    packs = ROOT / "src/tongguan/identify/templates/packs"
    return {
        "template": {path.name: path.read_bytes() for path in packs.glob("*.yaml")},
        "template_policy": {"policy": TEMPLATE_POLICY.encode()},
        "exceptions": {"exceptions": exceptions()},
        "type_pack": {"types": TYPE_PACK.encode()},
        "zone_list": {path.name: path.read_bytes() for path in (ROOT / "examples/law/packs").glob("*.yaml")},
        "policy": {"policy": GOOD.encode()},
        "fingerprints": fingerprints(),
        "record": record(),
        "kinds": {"small": model()},
    }


TEMPLATE_POLICY = """
enabled: [finance]
disabled: [general/contact]
changes: {general/identity: {level: general-4, class: basic, sensitive: true}}
filters: [{table: 'tmp_*', column: '*', why: 临时表}]
levels: {general-4: {zh: 机密, en: Secret}}
tables: columns
columns: table
"""
TYPE_PACK = """
format: 1
types:
  staff_number:
    zh: 工号
    en: Staff number
    category: education_work
    level: general-2
    sensitive: false
    strength: personal
    patterns: ['E[0-9]{6}', '[ES](?:[0-9]{2}-)?[0-9]+']
    words: [龙门计划]
    labels: [工号]
    needs_label: true
    check: luhn
    score: 0.7
    examples: ['工号：E123456']
"""


def exceptions() -> bytes:
    """One correction of one column."""
    from tongguan.identify.tables import Column, Judge, Table
    from tongguan.identify.templates import Ruling, classify, correct, load_templates, save_exceptions

    table = Table("t", None, [Column("mobile", None, ["13800138000", "13900139000"])])
    result = classify(Judge(bytes(32)).judge(table), load_templates())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "e.yaml")
        save_exceptions(path, [correct(result.columns[0], Ruling(type=None), "测试号", by="li")])
        return path.read_bytes()


def fingerprints() -> Seeds:
    import pyarrow as pa

    from tongguan.identify.fingerprints import build_documents, build_table
    from tongguan.identify.pieces import Piece

    key = bytes(32)
    with tempfile.TemporaryDirectory() as folder:
        table, documents = Path(folder, "t"), Path(folder, "d")
        build_table([pa.RecordBatch.from_pydict({"a": ["13800138000"] * 3, "b": ["x", "y", "z"]})], table, key)
        build_documents([("a", [Piece(TEXT * 20)])], documents, key)
        return {"table": table.read_bytes(), "documents": documents.read_bytes()}


def record() -> Seeds:
    from tongguan.identify.fingerprints.records import write_record

    with tempfile.TemporaryDirectory() as folder:
        write_record(Path(folder, "r"), bytes(32), {"name": "a", "versions": [1]})
        return {"record": Path(folder, "r").read_bytes()}


def model() -> bytes:
    """The smallest model: two kinds, a few n-grams, weights of nothing."""
    from tongguan.identify.kinds.model import MAGIC, VERSION
    from tongguan.identify.kinds.vocabulary import LAYOUT_COLUMNS

    named = {"zh": "一", "en": "one"}
    manifest = json.dumps({
        "kinds": {"one": named, "none": named}, "ngrams": 4, "temperature": 1.0, "threshold": 0.5, "coverage": 0.0,
    }).encode()  # fmt: skip
    head = struct.calcsize("<8sII32s")
    body = manifest + bytes(-(head + len(manifest)) % 64)
    body += bytes.fromhex("01000000 02000000 03000000 04000000") + b"\1" * 4 + bytes((4 + LAYOUT_COLUMNS) * 2)
    body += struct.pack("<4f", 1, 1, 0, 0)
    return struct.pack("<8sII32s", MAGIC, VERSION, len(manifest), hashlib.sha256(body).digest()) + body
