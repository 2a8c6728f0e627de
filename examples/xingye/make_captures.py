"""Makes the sample captures from real clients and servers.

Two network namespaces of our own stand for the company and for the world outside; nothing leaves them. Each case runs a
real client against a real server while tcpdump listens, and its frames are then moved to the case's day. The addresses
are assigned inside the namespaces, so that each end lies in a country that the address table knows.

Needs root, tcpdump, ethtool, curl, openssl, MariaDB and the packages of the tests. Takes about a minute.
"""

from __future__ import annotations

import csv
import email.policy
import io
import json
import os
import random
import shutil
import smtplib
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from pathlib import Path

from docx import Document
from openpyxl import Workbook
from people import SEED, Person, people

HERE = Path(__file__).parent
CAPTURES = HERE / "captures"
INSIDE, OUTSIDE = "tg-sample-in", "tg-sample-out"
BEIJING = timezone(timedelta(hours=8))

CRM, CRM_BATCH, OMS, DATA, SERVICE, HR, OFFICE, RESOLVER = (
    "10.21.4.10", "10.21.4.18", "10.21.5.11", "10.21.6.5", "10.21.7.21", "10.21.8.9", "10.21.20.33", "10.21.0.53",
)  # fmt: skip
WAREHOUSE = "10.22.3.9"
PARENT, PARENT_ANALYST, LUMORA, QUILLMARK = "165.21.83.12", "165.21.83.40", "12.131.44.18", "91.12.130.40"
PAGEWELL, KITEFIN, PORTLINE = "87.32.10.44", "202.156.8.21", "203.80.64.25"
INSIDE_ADDRESSES = (CRM, CRM_BATCH, OMS, DATA, SERVICE, HR, OFFICE)
OUTSIDE_ADDRESSES = (
    WAREHOUSE, RESOLVER, PARENT, PARENT_ANALYST, LUMORA, QUILLMARK, PAGEWELL, KITEFIN, PORTLINE,
)  # fmt: skip
HOSTS = {
    "members.xingye-retail.example": CRM,
    "portal.xingye-intl.example": PARENT,
    "collect.lumora.example": LUMORA,
    "mx.quillmark.example": QUILLMARK,
    "intake.pagewell.example": PAGEWELL,
    "pay.kitefin.example": KITEFIN,
    "api.portline.example": PORTLINE,
    "wms.xingye-retail.example": WAREHOUSE,
}
PEOPLE = people()


def run(*command: str, inside: str | None = None, check: bool = True, **options: object) -> subprocess.CompletedProcess:
    prefix = ("ip", "netns", "exec", inside) if inside else ()
    done = subprocess.run([*prefix, *command], timeout=60, capture_output=True, **options)  # type: ignore[call-overload]
    if check and done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr!r}")
    return done


def curl(*arguments: str, inside: str, source: str, host: str) -> None:
    """A real curl, bound to one address; names are resolved from the sample's own table."""
    port = "443" if any(a.startswith("https") for a in arguments) else "80"
    run(
        "curl", "-sS", "--max-time", "20", "--interface", source,
        "--resolve", f"{host}:{port}:{HOSTS[host]}", *arguments, inside=inside,
    )  # fmt: skip


@contextmanager
def network() -> Iterator[None]:
    """Two namespaces and the wire between them, with offloads off so that frames have their size on the wire."""
    remove_network()
    try:
        for name in (INSIDE, OUTSIDE):
            run("ip", "netns", "add", name)
        run("ip", "-n", INSIDE, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", OUTSIDE)
        for name, addresses in ((INSIDE, INSIDE_ADDRESSES), (OUTSIDE, OUTSIDE_ADDRESSES)):
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "-n", name, "link", "set", "wire", "up")
            for address in addresses:
                run("ip", "-n", name, "address", "add", f"{address}/32", "dev", "wire")
            run("ip", "-n", name, "route", "add", "default", "dev", "wire")
            run("ethtool", "-K", "wire", "tso", "off", "gso", "off", "gro", "off", "tx", "off", inside=name)
        run("ip", "-n", OUTSIDE, "route", "add", f"{DATA}/32", "dev", "wire", "src", PARENT_ANALYST)
        yield
    finally:
        remove_network()


def remove_network() -> None:
    for name in (INSIDE, OUTSIDE):
        run("ip", "netns", "delete", name, check=False)


@contextmanager
def server(role: str, inside: str, address: str, port: int, folder: Path) -> Iterator[None]:
    process = subprocess.Popen(
        ["ip", "netns", "exec", inside, sys.executable, str(HERE / "servers.py"), role, address, str(port), str(folder)]
    )
    try:
        wait_for(inside, address, port, "u" if role == "dns" else "t")
        yield
    finally:
        process.terminate()
        process.wait(10)


def wait_for(inside: str, address: str, port: int, kind: str) -> None:
    for _ in range(200):
        if f"{address}:{port} " in run("ss", f"-{kind}lnH", inside=inside, text=True).stdout:
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on {address}:{port}")


@contextmanager
def listening(path: Path) -> Iterator[None]:
    """tcpdump on the company's end of the wire."""
    process = subprocess.Popen(
        [
            "ip",
            "netns",
            "exec",
            INSIDE,
            "tcpdump",
            "-i",
            "wire",
            "-w",
            str(path),
            "-U",
            "-s",
            "0",
            "-B",
            "8192",
            "--immediate-mode",
            "-q",
            "ip",
        ],
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    process.stderr.readline()
    time.sleep(0.3)
    try:
        yield
    finally:
        time.sleep(1.5)
        process.terminate()
        process.wait(10)


# ---- the cases ---------------------------------------------------------------------------------------------------


def rows_csv(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def group_members(work: Path) -> None:
    """Within its filing: the parent queries the member interface from Singapore; it also offers a price list."""
    with server("http", INSIDE, CRM, 80, work), server("http", OUTSIDE, PARENT, 80, work):
        for page in (1, 2, 3):
            curl(f"http://members.xingye-retail.example/v1/members?page={page}", inside=OUTSIDE, source=PARENT,
                 host="members.xingye-retail.example")  # fmt: skip
        curl("-o", os.devnull, "http://portal.xingye-intl.example/catalogue.csv", inside=INSIDE, source=OFFICE,
             host="portal.xingye-intl.example")  # fmt: skip


def marketing(work: Path) -> None:
    """Exceeds its filing: the nightly file for marketing analysis carries ID numbers, which were not filed."""
    rows = [[f"XY{p.number:06d}", p.phone, p.email, p.id_card, "vip,east"] for p in PEOPLE[30:80]]
    path = work / "members_1118.csv"
    path.write_text(rows_csv(["member_no", "mobile", "email", "cert_no", "tags"], rows), encoding="utf-8")
    events = rows_csv(
        ["event", "sku", "page", "ms"], [["view", f"SKU-{n % 9000:05d}", f"/p/{n}", str(n % 977)] for n in range(40000)]
    )
    (work / "events.csv").write_text(events, encoding="utf-8")
    host = "collect.lumora.example"
    with server("http", OUTSIDE, LUMORA, 80, work):
        curl("-F", f"file=@{path};type=text/csv", f"http://{host}/v2/batch", inside=INSIDE, source=CRM_BATCH, host=host)
        curl("-T", str(work / "events.csv"), "-H", "Content-Type: text/csv", "-H", "Expect:", f"http://{host}/v2/events",
             inside=INSIDE, source=CRM_BATCH, host=host)  # fmt: skip


def undeclared(work: Path) -> None:
    """To a recipient that nobody declared: support mails with documents go to an outside desk."""

    def letter(subject: str, text: str, name: str, data: bytes, media: tuple[str, str]) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = "support@xingye-retail.example", "desk@quillmark.example"
        message["Subject"] = subject
        message.set_content(text)
        message.add_attachment(data, maintype=media[0], subtype=media[1], filename=name)
        return message

    office = "vnd.openxmlformats-officedocument"
    letters = [
        letter("工单汇总", "附件是本周工单，请处理。", "工单汇总.xlsx", ticket_sheet(PEOPLE[70:85]), ("application", f"{office}.spreadsheetml.sheet")),
        letter("投诉说明", "三位顾客的投诉说明见附件。", "投诉说明.docx", complaint(PEOPLE[85:88]), ("application", f"{office}.wordprocessingml.document")),
        letter("回访名单", "回访名单已压缩。", "回访名单.zip", callback_list(PEOPLE[88:98]), ("application", "zip")),
    ]  # fmt: skip
    with server("smtp", OUTSIDE, QUILLMARK, 25, work):
        for message in letters:
            path = work / "message.eml"
            path.write_bytes(message.as_bytes(policy=email.policy.SMTP))
            run(sys.executable, str(Path(__file__)), "send", str(path), inside=INSIDE)


def send(path: Path) -> None:
    """Runs inside the company's namespace: hands one message over by SMTP."""
    with smtplib.SMTP(QUILLMARK, 25, source_address=(SERVICE, 0), local_hostname="mail.xingye-retail.example") as smtp:
        smtp.sendmail("support@xingye-retail.example", ["desk@quillmark.example"], path.read_bytes())


def ticket_sheet(persons: list[Person]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["工单号", "姓名", "手机号", "事由"])
    for p in persons:
        sheet.append([f"T-{p.number:05d}", p.name, p.phone, "退货"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def complaint(persons: list[Person]) -> bytes:
    document = Document()
    document.add_heading("投诉说明", 1)
    for p in persons:
        document.add_paragraph(
            f"顾客姓名：{p.name}，联系电话 {p.phone[:3]}-{p.phone[3:7]}-{p.phone[7:]}，反映收到的商品与页面不符。"
        )
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def callback_list(persons: list[Person]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("回访名单.csv", rows_csv(["姓名", "手机号"], [[p.name, p.phone] for p in persons]))
    return out.getvalue()


def payroll(work: Path) -> None:
    """Exempt: employees' records go to the group's HR service under labour rules and a collective contract."""
    rows = [[f"E{p.number:04d}", p.name, p.phone, p.bank_card] for p in PEOPLE[200:225]]
    path = work / "employees.csv"
    path.write_text(rows_csv(["工号", "姓名", "手机号", "工资卡号"], rows), encoding="utf-8")
    (work / "ftp").mkdir(exist_ok=True)
    with server("ftp", OUTSIDE, PAGEWELL, 21, work / "ftp"):
        run("curl", "-sS", "--max-time", "20", "--interface", HR, "--user", "xingye-hr:sample-only", "-T", str(path),
            f"ftp://{PAGEWELL}/employees.csv", inside=INSIDE)  # fmt: skip


def refunds(work: Path) -> None:
    """Within its filing: an analyst in Singapore reads refunds out of the data warehouse."""
    data, socket = work / "mysql", work / "mysql.sock"
    shutil.chown(work, "mysql")
    run(
        "mariadb-install-db",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--user=mysql",
        "--skip-test-db",
    )
    daemon = subprocess.Popen(
        ["ip", "netns", "exec", INSIDE, "mariadbd", "--no-defaults", "--user=mysql", f"--datadir={data}", f"--socket={socket}",
         f"--bind-address={DATA}", "--port=3306", f"--pid-file={work}/mysql.pid", "--skip-name-resolve"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(INSIDE, DATA, 3306, "t")
        values = ",".join(
            f"('R{p.number:05d}','{p.name}','{p.phone}','{p.bank_card}',{p.number % 70 + 9}.5)" for p in PEOPLE[10:28]
        )
        setup = (
            "CREATE DATABASE service CHARACTER SET utf8mb4; USE service;"
            "CREATE TABLE refunds (refund_no VARCHAR(12), name VARCHAR(40), mobile VARCHAR(20), bank_card VARCHAR(24), amount DECIMAL(8,2));"
            f"INSERT INTO refunds VALUES {values};"
            "CREATE USER 'analyst'@'%' IDENTIFIED BY 'sample-only'; GRANT SELECT ON service.* TO 'analyst'@'%';"
        )
        run(
            "mariadb",
            "--no-defaults",
            f"--socket={socket}",
            "-uroot",
            "--default-character-set=utf8mb4",
            input=setup.encode(),
        )
        run("mariadb", "--no-defaults", "--skip-ssl", "-h", DATA, "-P", "3306", "-uanalyst",
            "-psample-only", "--default-character-set=utf8mb4", "service", "-e",
            "SELECT refund_no, name, mobile, bank_card, amount FROM refunds", inside=OUTSIDE)  # fmt: skip
    finally:
        daemon.terminate()
        daemon.wait(30)


def warehouse(work: Path) -> None:
    """Stays inside: the order platform hands parcels to the warehouse in Shanghai."""
    body = [
        {"order": f"OD{p.number:08d}", "name": p.name, "mobile": p.phone, "address": p.address} for p in PEOPLE[80:110]
    ]
    post_json(work, "wms.xingye-retail.example", "/orders", {"orders": body}, WAREHOUSE)


def shipping(work: Path) -> None:
    """Exempt, and to Hong Kong: parcels that buyers ordered for delivery there."""
    body = [
        {"waybill": f"WB{p.number:08d}", "name": p.name, "mobile": p.phone, "address": p.address} for p in PEOPLE[40:70]
    ]
    post_json(work, "api.portline.example", "/waybills", {"waybills": body}, PORTLINE)


def post_json(work: Path, host: str, path: str, body: object, address: str) -> None:
    document = work / "body.json"
    document.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
    with server("http", OUTSIDE, address, 80, work):
        curl("-H", "Content-Type: application/json", "--data-binary", f"@{document}", f"http://{host}{path}",
             inside=INSIDE, source=OMS, host=host)  # fmt: skip


def payments(work: Path) -> None:
    """Encrypted: card payments go to the acquirer over TLS 1.2, whose certificate can be seen and whose content cannot."""
    host = "pay.kitefin.example"
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650",
        "-subj", f"/O=Kitefin Payments Pte. Ltd./CN={host}", "-addext", f"subjectAltName=DNS:{host}",
        "-keyout", str(work / "key.pem"), "-out", str(work / "cert.pem"))  # fmt: skip
    body = work / "payments.json"
    body.write_text(
        json.dumps([{"order": f"OD{p.number:08d}", "name": p.name} for p in PEOPLE[60:120]]), encoding="utf-8"
    )
    with server("https", OUTSIDE, KITEFIN, 443, work):
        curl("--cacert", str(work / "cert.pem"), "--tls-max", "1.2", "--data-binary", f"@{body}", f"https://{host}/v1/charges",
             inside=INSIDE, source=OMS, host=host)  # fmt: skip


def names(work: Path) -> None:
    """Name look-ups that stay inside."""
    (work / "hosts.json").write_text(json.dumps(HOSTS), encoding="utf-8")
    with server("dns", OUTSIDE, RESOLVER, 53, work):
        for host in HOSTS:
            run(sys.executable, str(Path(__file__)), "ask", host, inside=INSIDE)


def ask(host: str) -> None:
    """Runs inside the company's namespace: one look-up."""
    import dns.message
    import dns.query

    dns.query.udp(dns.message.make_query(host, "A"), RESOLVER, timeout=5, source=OFFICE)


CASES: list[tuple[str, Callable[[Path], None], str]] = [
    ("01-group-members.pcap", group_members, "2026-11-16 10:02:11"),
    ("02-marketing-batch.pcap", marketing, "2026-11-18 01:00:05"),
    ("03-support-mail.pcap", undeclared, "2026-11-18 15:04:40"),
    ("04-payroll-ftp.pcap", payroll, "2026-11-19 09:00:00"),
    ("05-refunds-mysql.pcap", refunds, "2026-11-19 16:21:30"),
    ("06-warehouse.pcap", warehouse, "2026-11-19 18:10:00"),
    ("07-shipping-hk.pcap", shipping, "2026-11-20 08:45:12"),
    ("08-payments-tls.pcapng", payments, "2026-11-20 11:30:00"),
    ("09-names.pcap", names, "2026-11-20 11:31:00"),
]


# ---- frames ------------------------------------------------------------------------------------------------------

Record = tuple[float, bytes]


def read_pcap(path: Path) -> tuple[bytes, list[Record]]:
    data = path.read_bytes()
    records, at = [], 24
    while at + 16 <= len(data):
        seconds, micros, size, _ = struct.unpack_from("<IIII", data, at)
        records.append((seconds + micros / 1e6, data[at + 16 : at + 16 + size]))
        at += 16 + size
    return data[:24], records


def write_pcap(path: Path, header: bytes, records: list[Record]) -> None:
    with path.open("wb") as out:
        out.write(header)
        for when, frame in records:
            out.write(struct.pack("<IIII", int(when), int(when % 1 * 1e6), len(frame), len(frame)) + frame)


def moved(records: list[Record], day: str) -> list[Record]:
    """The same frames on another day."""
    start = datetime.strptime(day, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp()
    return [(start + when - records[0][0], frame) for when, frame in records]


def disturbed(records: list[Record]) -> list[Record]:
    """Some full-size segments arrive late or twice, as on a busy line."""
    rng = random.Random(SEED)
    out = list(records)
    full = [i for i, (_, frame) in enumerate(out) if len(frame) > 1400]
    for i in rng.sample(full, len(full) // 12):
        j = min(i + rng.randint(1, 3), len(out) - 1)
        (ti, fi), (tj, fj) = out[i], out[j]
        out[i], out[j] = (ti, fj), (tj, fi)
    for i in rng.sample(full, len(full) // 15):
        out[i + 1 : i + 1] = [(out[i][0], out[i][1])]
    return out


def make(name: str, case: Callable[[Path], None], day: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work, raw = Path(folder) / "work", Path(folder) / "raw.pcap"
        work.mkdir(mode=0o755)
        Path(folder).chmod(0o755)
        with listening(raw):
            case(work)
        header, records = read_pcap(raw)
        records = moved([r for r in records if r[1][12:14] == b"\x08\x00"], day)
        if case is marketing:
            records = disturbed(records)
        if name.endswith("pcapng"):
            write_pcap(raw, header, records)
            run("editcap", "-F", "pcapng", str(raw), str(CAPTURES / name))
        else:
            write_pcap(CAPTURES / name, header, records)
        print(f"{name}: {len(records)} frames, {(CAPTURES / name).stat().st_size:,} bytes", flush=True)


def main() -> None:
    if sys.argv[1:2] == ["send"]:
        send(Path(sys.argv[2]))
        return
    if sys.argv[1:2] == ["ask"]:
        ask(sys.argv[2])
        return
    if os.geteuid() != 0:
        raise SystemExit("needs root: it makes network namespaces of its own")
    CAPTURES.mkdir(exist_ok=True)
    chosen = sys.argv[1:]
    with network():
        for name, case, day in CASES:
            if not chosen or case.__name__ in chosen:
                make(name, case, day)


if __name__ == "__main__":
    main()
