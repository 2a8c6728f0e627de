"""What manuals and programs write where a secret or an address would stand, and real-looking ones beside it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongguan.identify import Detector, Piece
from tongguan.identify.explaining import explain
from tongguan.model import Finding

EXAMPLES = [
    '[/[{}]/,{token:"string",next:"@pop"}],["@x",{token:"meta.tag-end",open:"a"}],{token:"keyword.$0"}',
    '{token:"delimiter.curly",switchTo:"@body"},{token: "@brackets"}',
    'END_PRIVATE_KEY = "\\n-----END PRIVATE KEY-----\\n"',
    '"pbkdf2-password": "1.2.1",',
    "'access_token': oauth2_token, 'client_secret': oauth2_client_secret",
    'key:"Parameter_0_of_type_1_is_private_in_2_4105"',
    '"Sec-WebSocket-Key": "x3JJHMbDL1EzLkh9GBhXDw=="',
    'create_engine("postgresql+psycopg2://scott:tiger@192.168.0.134/test")',
    "postgresql://user:password@db.internal.corp.net/app",
    "amqp://guest:guest@rabbitmq.prod.corp.net:5672//",
    "mysql://root:masterkey@localhost/app",
    "http://nobody:secret@example.com/",
    "https://alice:sunshine@shop.example.org/x",
    "pgmq://USERNAME:PASSWORD@HOST:PORT/DATABASE",
    "redis://:${REDIS_PASS}@cache:6379",
    "ftp://user:%s@ftp.corp.net",
    "postgresql://***:***@host:5432/db",
    "http://[user[:pass]]@host.domain[:port]/path",
    '{"input_token": "NextToken", "output_token": "nextToken"}',
    '{"login": "Anmelden", "password": "Passwort", "generateToken": "Generate Token"}',
    '"ARN": "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyDatabaseSecret-a1b2c3"',
    '"ClientToken": "cachedvol112233"',
    "password = '' .join(random.choice(char) for _ in range(9))",
    'raise SyntaxError("Invalid token ".concat(name))',
    "@type password: L{bytes} or L{None}",
    "    :vartype auth_token: ~vendor.cloud.models.SecretReference\n    :ivar sas_uri: the address",
    "'price_key': 'store_text_each_5m_mtok',",
    'secret_key: "Optional[str]" = None',
    "argument_spec['url_password']['aliases'] = ['password']",
    'password="changeme"',
    "password='hunter2'",
    'RESET_TOKEN = "_password_reset_token"',
    "SQL_COPT_SS_ACCESS_TOKEN = 1256",
    "POLICY_CREATE_SECRET = 0x00000020",
    "Ed25519PrivateKey = ed25519.Ed25519PrivateKey",
    "aws_key = 'AKIAIOSFODNN7EXAMPLE'",
    "this.end = t.token+n.tokenPostfix",
    'data.startswith(b"sk-ssh-ed25519-cert-v01")',
]
SECRETS = [
    ('"token": "qWeRtYzUiOpAsDfG"', "qWeRtYzUiOpAsDfG"),
    ("token: '9f31c07be2d84a65'", "9f31c07be2d84a65"),
    ("password='wexk\"b#4Kdx'", 'wexk"b#4Kdx'),
    ("postgresql://app:Xk9pQz2a@192.168.0.134/test", "Xk9pQz2a"),
    ("mongodb://admin:sunshine@db.prod.corp.net:27017", "sunshine"),
    ("mysql://root:hunter@10.1.2.3/app", "hunter"),
    ("redis://default:8fK2mLq0@localhost:6379", "8fK2mLq0"),
    ("amqp://svc:tiger^5HHH@mq", "tiger^5HHH"),
    ('{"username": "li", "password": "sunshine"}', "sunshine"),
    ("user=li&password=sunshine&next=1", "sunshine"),
    ("密码：sunshine", "sunshine"),
    ('password: "correct-horse-battery"', "correct-horse-battery"),
    ('password="P@ssw0rd2024"', "P@ssw0rd2024"),
    ('{"token": "9f8e7d6c5b4a39281706f5e4d3c2b1a0"}', "9f8e7d6c5b4a39281706f5e4d3c2b1a0"),
    ("curl --user kevin:'pRf7vG2h1L8n' -X GET", "pRf7vG2h1L8n"),
    ("Authorization: Basic djJlNEpYa0NJUHZ5a2FWT0VRXzRqZmZU", "djJlNEpYa0NJUHZ5a2FWT0VRXzRqZmZU"),
]
NO_ADDRESS = [
    "M8 8.75a.75.75 0 1 0 0-1.5.75.75 0 0 0 0 1.5",
    "h=5*h+3864292196);",
    "262144+65536 0 0 0 0 17 0 264",
    "call free of charge: +1 877 555 2368",
    'IPv4Address("TCP", "10.0.0.1", 12345)',
    "hosts = ['192.168.3.4', '10.2.3.4']",
    'Record_A(b"192.0.2.44")',
    'self.assertTrue(isIPv6Address("fe80::1%eth0"))',
    'expected = "1:2::3:4"',
    "the size defaults\nto 1000::\n\n    x = 1",
    "16:5d:\n\t1c:eb:83:4c:78:3d:79:54:ce",
    "http://169.254.169.254/latest/meta-data",
    "c*+1.709716796875*l, h*+2.6097574011*g, x = +2147483647",
    "SESSION_COOKIE_AGE = 60 * 60",
    "_map = {'2.5.29.14': 'key_identifier', \"1.3.101.112\": 0}",
    "binutils (2.10.0.27-0.cvs20001011) unstable; at-spi2-core (2.39.90.1-1)",
]
ADDRESSES = [
    ("postgres://app:Xk9pQz2a@10.0.3.9:5432/app", "10.0.3.9"),
    ("DHCPACK on 192.168.3.4 to 3C:22:FB:10:20:30", "192.168.3.4"),
    ("login from 172.16.9.8 failed", "172.16.9.8"),
    ('{"clientIp": "10.2.3.4"}', "10.2.3.4"),
    ('("120.36.71.9", 53)', "120.36.71.9"),
    ("2408:8000:1010::5 connected", "2408:8000:1010::5"),
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_no_secret(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type in ("credential", "ip")] == []


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_a_secret(text: str, secret: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "credential"] == [secret]


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_nobodys_address(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type in ("ip", "phone", "age")] == []


@pytest.mark.parametrize(("text", "address"), ADDRESSES)
def test_an_address(text: str, address: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "ip"] == [address]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MAC: D0-50-99-84-A2-A0", ["D0-50-99-84-A2-A0"]),
        ("device mac:  0a:23:f5:67:89:ac", ["0a:23:f5:67:89:ac"]),
        ("pub:\n  00:86:a5:cc:\n  82:ff:25:59:5c:2b\n", []),
    ],
)
def test_a_mac_and_the_last_line_of_a_key(text: str, found: list[str], find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "mac"] == found


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::9"])
def test_an_address_for_manuals_says_so(address: str) -> None:
    piece = Piece(f"login from {address} failed")
    (finding,) = Detector(b"placeholders").scan([piece])[0]
    assert (finding.validator, finding.score) == ("documentation", 0.6)
    assert "RFC 5737" in explain(piece, finding)[0]["en"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("登录 IP：１９2.168.3.4/32 已封禁", "１９2.168.3.4"),
        ("来源 10.20.３0.40/28", "10.20.３0.40"),
        ("路由 10.20.３0.0/24 指向", None),
        ("网段 １０.0.0.0/8 不在其中", None),
    ],
)
def test_digits_of_two_widths_before_a_prefix_length(
    text: str, address: str | None, find: Callable[[str], list[Finding]]
) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "ip"] == ([address] if address else [])


def test_long_lines_of_half_logins_cost_little() -> None:
    text = "://a:" * 40_000 + 'password="' * 20_000 + "@10.0.0.1" * 20_000
    assert isinstance(Detector(b"placeholders").scan([Piece(text)])[0], list)
