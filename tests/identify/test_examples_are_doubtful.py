"""Secrets, mail and accounts that tests and manuals hold are told with the reason; those of configurations count."""

from __future__ import annotations

import random
import string

import pytest

from tongguan.identify import COUNTED, Detector, Piece
from tongguan.identify.explaining import explain

DRAW = random.Random(7)
SIGNS = string.ascii_letters + string.digits


def drawn(size: int, signs: str = SIGNS) -> str:
    return "".join(DRAW.choice(signs) for _ in range(size))


KEY = drawn(40)
PRIVATE = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(drawn(64) for _ in range(4)) + "\n-----END PRIVATE KEY-----"
PYTEST = """
import pytest


def test_the_door_opens(client):
    answer = client.post("/door", data={"password": "@@"})
    assert answer.status == 200
    with pytest.raises(Refused):
        client.post("/door", data={})
"""
GO = """
func TestDoor(t *testing.T) {
	secret := "@@"
	if err := open(secret); err != nil {
		t.Fatal(err)
	}
}
"""
JUNIT = """
    @Test
    void opens() {
        String password = "@@";
        assertThat(door.open()).isTrue();
    }
"""
JEST = """
describe('door', () => {
  it('opens', async () => {
    const token = '@@'
    expect(await open(token)).toBe(true)
  })
})
"""
PHP = """
    public function testOpens()
    {
        $door = new Door(['password' => '@@']);
        $this->assertTrue($door->open());
    }
"""
MANUAL = """
## Opening the door

Ask for a token first:

```bash
curl -X POST https://door.example.com/token
```

The answer holds it:

```json
{"access_token": "@@", "expires_in": 3600}
```
"""
CONFIGURATIONS = (
    "[database]\nhost = db7.corp.net\nuser = app\npassword = @@\n",
    "spring:\n  datasource:\n    url: jdbc:mysql://10.2.3.4/shop\n    username: app\n    password: @@\n",
    "DB_HOST=db.example.com\nDB_PASSWORD=@@\nCACHE=redis\n",
    '{\n  "host": "db.example.com",\n  "password": "@@"\n}\n',
    "# 数据库\ndb:\n  # 主库\n  host: db.example.com\n  user: app\n  password: @@\n# 缓存\ncache:\n  ttl: 3\nmail:\n  a: 1\n",
    "CREATE TABLE t (\n  id int\n);\nINSERT INTO t (id, host, password) VALUES\n(1,'db.example.com','@@');\n",
    'provider "x" {\n  region     = "a"\n  secret_key = "@@"\n}\n',
    "import boto3\n\n\ndef upload(path):\n    client = boto3.client('s3', aws_secret_access_key='@@')\n    client.put(path)\n"
    "    return path\n",
    '<bean>\n  <property name="password" value="x"/>\n  <password>@@</password>\n</bean>\n',
)
PLACES = [
    'public static final String ACCESS_KEY = "{}";\n',
    "aws_access_key_id = {}\n",
    PYTEST.replace('"@@"', '"{}"').replace("data={}", "data=None").replace("{\"password\": \"{}\"}", "['{}']"),
]  # fmt: skip


def told(text: str, type: str = "credential") -> list[tuple[str, float, str]]:
    found = Detector(b"examples", doubtful=True).scan([Piece(text)])[0]
    return [(text[one.start : one.end], one.score, one.validator) for one in found if one.type == type]


def counted(text: str, type: str = "credential") -> list[str]:
    found = Detector(b"examples").scan([Piece(text)])[0]
    return [text[one.start : one.end] for one in found if one.type == type]


@pytest.mark.parametrize("test", [PYTEST, GO, JUNIT, JEST, PHP])
def test_secrets_of_tests_are_told_and_not_counted(test: str) -> None:
    text = test.replace("@@", KEY)
    ((value, score, why),) = told(text)
    assert (value, why) == (KEY, "test")
    assert score < COUNTED
    assert counted(text) == []


def test_a_private_key_in_a_test_is_told_and_by_itself_counted() -> None:
    assert [why for _, _, why in told(GO.replace('"@@"', f"`{PRIVATE}`"))] == ["test"]
    assert counted(PRIVATE + "\n") == [PRIVATE]
    assert counted(f"const key = `{PRIVATE}`;\nexport default key;\n") == [PRIVATE]


@pytest.mark.parametrize("text", CONFIGURATIONS)
@pytest.mark.parametrize("secret", ["Xk9pQz2aLw7", KEY, "hunter2020!"])
def test_secrets_of_configurations_and_programs_count(text: str, secret: str) -> None:
    assert counted(text.replace("@@", secret)) == [secret]


@pytest.mark.parametrize("place", PLACES)
def test_an_issuers_key_counts_wherever_it_stands(place: str) -> None:
    key = "AKIA" + drawn(16, string.ascii_uppercase + string.digits)
    assert counted(place.replace("{}", key)) == [key]


def test_a_link_with_a_password_in_a_test_is_told() -> None:
    text = PYTEST.replace("@@", "mailtos://user:pAss4123@hotmail.com/x")
    assert [why for _, _, why in told(text)] == ["test"]


def test_a_manual_that_speaks_to_a_host_which_is_not() -> None:
    text = MANUAL.replace("@@", KEY)
    assert counted(text.replace("example.com", "corp.net")) == [KEY]
    joined = text.replace("```\n\nThe answer holds it:\n\n```json\n", "")
    assert [why for _, _, why in told(joined)] == ["nowhere"]


@pytest.mark.parametrize("value", ["123456", "abcd1234", "1111-2222-3333", "111111aaaaaa"])
def test_simple_values_are_examples_in_manuals_and_weak_passwords_elsewhere(value: str) -> None:
    manual = f'## 配置\n\n执行下面的命令：\n\n```shell\ntool --user="u1" --password="{value}"\n```\n'
    assert [why for _, _, why in told(manual)] == ["simple"]
    assert counted(f"db.user=app\ndb.password={value}\n") == [value]


def test_beside_somebodys_number_nothing_is_an_example() -> None:
    call = '## 登录\n\n用 `curl` 调 `/login`：\n\n```\ncurl https://a.example.com -d \'{"phone":"13912345678",'
    call += '"email":"li.hua@example.com","passwd":"Qf9Xw#07"}\'\n```\n'
    assert counted(call) == ["Qf9Xw#07"]
    assert counted(call, "email") == ["li.hua@example.com"]


def test_what_standards_print_is_known_to_all() -> None:
    text = '{"access_token": "2YotnFZFEjr1zCsicMWpAA", "refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA"}'
    assert {why for _, _, why in told(text)} == {"published"}
    assert counted(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "password = conn->passwd;",
        'out(client, "Bearer "+opt.AccessToken)',
        'fmt.Printf("Failed to set the password: %v\\n", err)',
        "Authorization: Basic dGVzdHVzZXI6dGVzdHBhc3M=",
        'REPLY "LOGIN user.one secret" A002 OK',
        "see https://mp.corp.cn/s?biz=a1&token=710779655&lang=zh",
        '"API Key": "API-nøgle",',
        "INSERT INTO users (id, password) VALUES (1, '#{password}');",
        "tokenHead: 'Bearer '  #JWT负载中拿到开头",
        "'$userPassword' => '@user_password',",
        '{"token": "AUTH2"}',
        '"AWS::Location::APIKey": "4089715a7b0b3686"',
        'Client-Secret = "%{sql: SELECT secret FROM nas}"',
        "  ^Change Token:\\s+\\S.+\\S$",
        "INSERT INTO t (a, password) VALUES (1, sysdate());",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIB\n...\nahQkZ3+krc=\n"
        "-----END PRIVATE KEY-----",
    ],
)
def test_what_is_no_secret_at_all(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    "address", ["joe@example.com", "foo@somewhere.net", "user2@corp.cn", "me@aa.bb.example.org", "bug-door@corp.cn"]
)
def test_mail_of_nobody_in_programs_is_told(address: str) -> None:
    assert [why for _, _, why in told(PYTEST.replace("@@", address), "email")] == ["test"]
    program = (
        f'import smtplib\n\n\ndef warn(text):\n    send("{address}", text)\n    return 1\n\n\nclass Door:\n    pass\n'
    )
    assert [why for _, _, why in told(program, "email")] == ["program"]
    assert counted(f"联系人：{address}\n", "email") == [address]


@pytest.mark.parametrize("address", ["lihua.zhou@corp.cn", "zhou.lh@163.com", "pt@tchwork.io", "me@lepture.org"])
def test_mail_of_authors_counts_in_programs(address: str) -> None:
    text = f'"""A module.\n\n@author Li Hua <{address}>\n"""\n\nimport os\n\n\ndef run(a):\n    return os.fspath(a)\n'
    assert counted(text, "email") == [address]


def test_names_of_algorithms_and_addresses_of_repositories_are_no_mail() -> None:
    text = 'kex = "curve25519-sha256@libssh.org,hmac-sha2-256-etm@openssh.com"; git clone git@git.corp.cn:a/b.git'
    assert told(text, "email") == []


@pytest.mark.parametrize(
    "text",
    [
        "import os\n\n\ndef login(user):\n    assert user\n    assert os.name\n    assert user != 'x'\n    password = '@@'\n"
        "    return user, password\n",
        'fn open() {\n    assert!(ready());\n    assert_eq!(a, b);\n    let password = "@@";\n}\n',
    ],
)
def test_programs_that_assert_are_no_tests(text: str) -> None:
    assert counted(text.replace("@@", KEY)) == [KEY]


def test_what_tests_say_of_nobody_is_made_up() -> None:
    case = """
def test_profile(client):
    answer = client.post("/p", json={"username": "reallk520", "gender": "male", "birthday": "1999-09-09"@@})
    assert answer.json["age"] == 26
"""
    types = ("username", "gender", "birth_date")
    assert {why for type in types for _, _, why in told(case.replace("@@", ""), type)} == {"test"}
    beside = case.replace("@@", ', "phone": "13912345678"')
    assert [counted(beside, type) for type in types] == [["reallk520"], ["male"], ["1999-09-09"]]
    assert counted(beside, "phone") == ["13912345678"]


def test_the_rest_of_longer_names_and_of_patterns_is_nobodys() -> None:
    text = "FR*A23*E45456789*P1; see openid-connect-core-1; form +44 909 879 0### or +86 139 1234 ##; gender-male"
    text += "; sg-abcdef01234567890; get(openid, order_id); extension (2.5.29.15); 'AWS::App::User': 'f3b2a206ee753e86'"
    assert Detector(b"examples", doubtful=True).scan([Piece(text)])[0] == []


ACCOUNTS = (
    "DE89370400440532013000", "FR1420041010050500013M02606", "GB29NWBK60161331926819", "ES9121000418450200051332",
    "NL91ABNA0417164300", "BE68539007547034", "CH9300762011623852957", "AT611904300234573201",
)  # fmt: skip


def test_accounts_of_many_countries_in_a_program_are_examples() -> None:
    rows = "".join(f"            ['{account}'],\n" for account in ACCOUNTS)
    program = f"class IbanTest extends TestCase\n{{\n    public function valid()\n    {{\n        return [\n{rows}"
    program += "        ];\n    }\n\n    private $a;\n\n    public function b()\n    {\n        return 1;\n    }\n}\n"
    assert counted(program, "iban") == []
    assert {why for _, _, why in told(program, "iban")} == {"program"}
    assert len(counted("payee,iban\n" + "".join(f"p{i},{a}\n" for i, a in enumerate(ACCOUNTS)), "iban")) == len(
        ACCOUNTS
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (PYTEST.replace("@@", KEY), "the code of tests"),
        ('{"access_token": "2YotnFZFEjr1zCsicMWpAA"}', "public standard"),
        ('## Use\n\n`tool` and `other`\n\n```\ntool --password="123456"\n```\n', "follow one another"),
        ('## Use\n\n`tool` of example.com\n```\ntool --password="Xk9pQz2aLw7"\n```\n', "kept for documentation"),
    ],
)
def test_the_reason_is_told_in_words(text: str, why: str) -> None:
    piece = Piece(text)
    (finding,) = [f for f in Detector(b"examples", doubtful=True).scan([piece])[0] if f.type == "credential"]
    reasons = explain(piece, finding)[0]
    assert "不计数" in reasons["zh"]
    assert "not counted" in reasons["en"]
    assert why in reasons["en"]
