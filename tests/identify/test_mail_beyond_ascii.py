"""Addresses of mail in other scripts (RFC 6531), quoted ones (RFC 5321), and what only looks like one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.identify import Detector, Piece
from tongguan.model import Finding

FOUND = [
    "邮箱：⟦email|张三@例子.公司⟧",
    "请发邮件给⟦email|张三@example.com⟧，谢谢",
    "来自⟦email|user@例子.公司⟧的信",
    "⟦email|客户服务中心@例子.中国⟧",
    "⟦email|lina@mail.例子.网络⟧。",
    "＜⟦email|李娜＠例子．香港⟧＞",
    "联系⟦email|josé.garcía@example.com⟧ ok",
    "email: ⟦email|иван.петров@пример.рф⟧, и другие",
    "⟦email|test@例え.jp⟧ です",
    "⟦email|müller@exämple.de⟧;⟦email|홍길동@예시.한국⟧",
    'an ⟦email|"li na"@example.com⟧ in quotes',
    "王芳的邮箱是⟦email|王芳@腾讯.com⟧，电话另询",
]
NOTHING = [
    "转发微博@张三：今天天气好 @李四@王五",
    "回复@小明.小红: 哈哈哈",
    "关注@人民日报.中国青年报道",
    "@张三",
    "张三@",
    "张三@李四.王五",
    '"label"@en . "标签"@zh',
    'assert "foo"@pytest.mark',
    '"%s %s"@example.com',
    "图片@两倍.png",
    "见文件张三@备份.docx",
    "单价5@例子",
    "价格＠面议",
    '@张三 "你好"@',
]


@pytest.mark.parametrize("source", FOUND)
def test_found(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    found = [(f.type, f.start, f.end) for f in find(case.text) if f.type == "email"]
    assert found == list(case.spans)


@pytest.mark.parametrize("text", NOTHING)
def test_handles_and_code_are_none(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [text[f.start : f.end] for f in find(text) if f.type == "email"] == []


def test_one_address_in_two_writings_is_one_value() -> None:
    texts = ["lina@例子.公司", "LINA＠例子．公司", "lina@xn--fsqu00a.xn--55qx5d"]
    found = Detector(b"mail").scan([Piece(text) for text in texts])
    assert len({findings[0].digest for findings in found}) == 1


def test_signs_without_end_cost_little() -> None:
    text = "例@" * 100_000 + '"@' * 50_000 + "a.例@b.例." * 20_000
    assert isinstance(Detector(b"mail").scan([Piece(text)])[0], list)
