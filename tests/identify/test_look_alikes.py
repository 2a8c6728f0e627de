"""What must not be found: numbers and words that look like personal data and are none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongguan.model import Finding

NOTHING = [
    "订单号：13800138000",
    "order_id=13800138000",
    "快递单号 13800138000",
    "时间戳 1700000000000 1763711502123",
    '{"ts": 1763711502123, "price": 13800138000.50}',
    "0.13800138000",
    "3.13912345678",
    "ABC13800138000XYZ",
    "138001380001",
    "12345678901234567890",
    "110101199003074515",  # check digit wrong
    "990101199003074514",  # no such region
    "110101199013074514",  # no such month
    "110101209903074514",  # not born yet
    "订单 6222021234567890128",
    "6222021234567890129",  # Luhn wrong
    "see 4532015112830366",  # Luhn right, but no label and no groups
    "9787111407010 6901234567892",  # ISBN, bar code
    "7426 742A 7482 74A3 8154 8221 8591 8663",  # code points
    "255A 2554 2569 2566 2560 2564 2565 2559 2558 256A",
    " 84 84 10 10 81 81 81 01 01 01 01 01 01 81 81",
    "741a1c16-0574-2090-0153-99df06f333aa",
    "ref YT344764112476851, part no JD78726078",
    "c82vxAbc_12345",
    "git grep -vx WORKING_DIRECTORY",
    "hScBMoLvhFrykvQxgc8hU82vx+D2cR2H05rXBt6WMYr76d",
    '<input type="password" name="password" placeholder="x">',
    'publicKeyToken="1fc8b3b9a1e18e3b"',
    "if token == kind: pass",
    "state = request_token['oauth_token']",
    'x.indexOf("-----BEGIN PRIVATE KEY-----")',
    "ISBN 978-7-111-40701-0",
    "550e8400-e29b-41d4-a716-446655440000",
    "d41d8cd98f00b204e9800998ecf8427e",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "版本 10.0.19.1，v1.2.3.4",
    "127.0.0.1 0.0.0.0 255.255.255.0",
    "10:22:31 12:30:45:99",
    "1.2.3",
    "d0:50:99:84:a2:a0:ff",
    "123:23:45:67:89:00",
    "2026-11-21 10:22:31.138001",
    "91440300MA5EXAMPLB",  # check character wrong
    "std::string a::b",
    "logo@2x.png",
    "@someone 你好@李",
    "user@localhost",
    "¥13,800,138.00",
    "356938035643809",  # an IMEI's form without its label
    "113.941234,22.543123",  # a place, but whose?
    "名称：白衬衫",
    '{"name": "高级会员"}',
    "姓名：未知",
    "密码：******",
    "password: null",
    "token = parser.next_token()",
    "密码学是一门学科",
    "他研究佛教史",
    "糖尿病是一种慢性病。",
    "法院判决书的写法",
    "诊断：无",
    "QQ群里有人",
    "微信支付",
    "市政道路改造",
    "云A股大涨",
    "军字开头的成语",
    "人口普查 12345678",
    "营业收入18115965587元，同比增长",
    "合计 18115965587.00 美元",
    "final long TIMEOUT = 15000000000;",
    "客服热线 400-820-8820，工作时间",
    '浏览器 Chrome/41.101.32.241，固件 {"fw": "25.17.124.24"}',
    "阀体 412-555-1234 库存 8",
]


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text)] == []


@pytest.mark.parametrize(
    "text", ["m62 188 0 0-188 62 0 0 188 0 62-62z", "60 50-32 109-55 174-68-42-25-95", "${wxWidgets_USE_FILE}"]
)
def test_points_of_curves_are_no_cards_and_names_no_accounts(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text) if f.type in ("bank_card", "wechat")] == []
