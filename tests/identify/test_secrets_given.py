"""Secrets that no sign stands before: given to commands, kept as name and value, beside accounts. None was ever used."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

import pytest

from tongguan.model import Finding

DRAW = random.Random(20261122)
SIGNS = string.ascii_letters + string.digits


def drawn(size: int) -> str:
    return "k7" + "".join(DRAW.choice(SIGNS if n % 4 else string.digits) for n in range(size - 3)) + "Q"


def chosen() -> str:
    return DRAW.choice(["Yushan", "Qiuyue", "Beihai"]) + DRAW.choice("!@#$%") + str(DRAW.randrange(1000, 9999))


@pytest.mark.parametrize(
    "text",
    [
        "sshpass -p '{chosen}' scp dump.sql ops@h1:/data\n",
        "sshpass -p {drawn} ssh ops@h1\n",
        "mysqldump -h db1 -uetl -p'{chosen}' crm > crm.sql\n",
        "mysql -uroot -p{drawn} -e 'show processlist'\n",
        "docker login -u ci -p {drawn} harbor.mail.lan\n",
        "helm registry login harbor.mail.lan --username ci --password {drawn}\n",
        "redis-cli -h cache -a {drawn} keys '*'\n",
        "10.9.0.3:6379> AUTH {drawn}\nOK\n",
        "requirepass {drawn}\n",
        "ldapsearch -x -D cn=admin,dc=mail,dc=lan -w {chosen} -b dc=lan\n",
        "smbclient //nas/share -U 'office%{chosen}'\n",
        "mongodump --host m1 -u backup -p {drawn} --out /b\n",
        "sqlplus erp/{drawn}@orcl\n",
        "openssl pkcs12 -in a.p12 -passin pass:{drawn}\n",
        "db3.mail.lan:5432:erp:erp_rw:{drawn}\n",
        'os.getenv("DB_PASSWORD", "{chosen}")\n',
        "conf.getOrElse(\"hive.pwd\", '{chosen}')\n",
        'props.setProperty("redis.password", "{drawn}");\n',
        '{{"key": "app_secret", "value": "{drawn}", "type": "text"}}\n',
        '<property name="password" value="{chosen}"/>\n',
        "<name>javax.jdo.option.ConnectionPassword</name>\n  <value>{drawn}</value>\n",
        "env:\n- name: MYSQL_PASSWORD\n  value: {drawn}\n",
        'secret_key             = "{drawn}"\n',
        "数据库口令 `{chosen}`，别外传\n",
        "联调 appKey：`{drawn}`\n",
        "账号 yushan_02 / {chosen}\n",
        "cy.login('yushan@mail.lan', '{chosen}')\n",
        "USERS = [\n    ('13900132741', '{chosen}'),\n]\n",
        "登录,13900132741/{chosen},成功\n",
        "MAIL_HOST=smtp.mail.lan\nMAIL_PASSWORD=kqzvhmdw{letters}\n",
        "WECHAT_V3_KEY={drawn}\nTZ=Asia/Shanghai\n",
        "web-01 ansible_host=h1 ansible_password={chosen}\n",
        "[db]\nd1 ansible_become_password='{drawn}'\n",
        'REDIS_PASSWORD="{chosen}"\n',
        "FROM debian\nARG NEXUS_PASS={chosen}\n",
        "userPassword: {{SSHA}}{drawn}{drawn}\n",
        'new Client("LTAI' + "5tQd8wErT2yUiOpAsDfG" + '", "{drawn}")\n',
    ],
)
@pytest.mark.parametrize("attempt", range(3))
def test_found_over_its_value(find: Callable[..., list[Finding]], text: str, attempt: int) -> None:
    secret, sign = drawn(30), chosen()
    letters = "".join(DRAW.choice("bcdfghjklm") for _ in range(8))
    filled = text.format(drawn=secret, chosen=sign, letters=letters)
    found = {filled[f.start : f.end].removeprefix("{SSHA}") for f in find(filled) if f.type == "credential"}
    assert found & {secret, sign, secret * 2, f"kqzvhmdw{letters}"}, filled


@pytest.mark.parametrize(
    "text",
    [
        "mysql -u root -p order_db < schema.sql\nmysql --password order_db\n",
        "sshpass -p $PASS ssh h1; sshpass -p '<password>' ssh h1\n",
        "docker login -u ci -p ${REGISTRY_TOKEN} harbor.mail.lan\n",
        "docker login -p {{ token }} -u x\n",
        "We AUTH against the server; the auth module 2 is new\n",
        "ports:\n  - 127.0.0.1:5432:5432:tcp\n",
        "hmac_sha1('secret', 'content-md5: 2')\n",
        'writeString("mysql_native_password", "latin1")\n',
        'self.setdefault("id_token_signed_response_alg", "RS256")\n',
        'getenv("API_KEY_ID", "72b0b0aa-ad82-4182-a631-ae4865e8ae0e")\n',
        'i18n.get("password", "password")\n',
        "original_token          = attributes[:reset_password_token]\n",
        '{"key": "password_policy", "value": "min8"}\n',
        "- name: DB_PASSWORD\n  valueFrom:\n    secretKeyRef: {name: db1, key: pw1}\n",
        '<a href="../user_config/k5login.html#k5login-5">user_config/k5login</a>\n',
        "mail user1@mail.lan, user2@mail.lan: user list/user3@mail.lan\n",
        "login('', '')\n",
        "the user, a1-b2/c3-d4-e5, and user_action_sets/add?version=v1.0\n",
        "requirepass ${REDIS_PASS}\n",
        "DB_PASSWORD=secret\nDB_PASS=your-password\nCACHE_KEY=f3a9c01be77d42a8b6e15d90\nSORT_PASSWORD=lowercase\n",
        "电话 13900132741, yushan@mail.lan；13900132741/139001\n",
    ],
)
def test_what_opens_nothing(find: Callable[..., list[Finding]], text: str) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "credential"] == []
