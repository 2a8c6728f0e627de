"""Names of users behind words for them, in columns and in logs; entries of browsing records."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from marked_text import marked

from tongguan.model import Finding

TYPES = ("username", "browsing_record")
FOUND = [
    "宽带账号：⟦username|lin_0755⟧，密码见附件",
    "会员⟦username|moon-42⟧投诉卖家",
    "昵称：⟦username|晚风吹过⟧ 性别：女",
    "内网（账号⟦username|gzhu88⟧，密码另发）",
    "    username: ⟦username|deploy_sz7⟧",
    '"nick":"⟦username|leaf_2020⟧","level":3',
    '198.51.100.7 - ⟦username|hzhang⟧ [12/Oct/2026:09:11:02 +0800] "GET / HTTP/1.1" 200',
    "2026-10-12 21:50:02 搜索“⟦browsing_record|失业金怎么领⟧”",
    "近7日上网记录：\n张 访问 ⟦browsing_record|bbs.example.cn/thread-9⟧\n又看了《⟦browsing_record|备孕入门⟧》",
    "[21:03] 用户浏览了 ⟦browsing_record|https://loan.example.com/apply⟧",
]
NOTHING = [
    "user = request.user; username = self.username; login(user1)",
    "账号：admin，用户：root，username: ${DB_USER}",
    "用户协议 user-agent: okhttp/4.12.0 user=postgres",
    "访问 https://docs.example.com/guide 了解更多；搜索“数据出境”即可找到条文",
    "会员2026年费，用户v2.3.1升级",
    "用户可在设置中修改昵称：最长12个字",
]


@pytest.mark.parametrize("source", FOUND)
def test_exactly_these(source: str, find: Callable[[str], list[Finding]]) -> None:
    case = marked(source)
    assert [(f.type, f.start, f.end) for f in find(case.text) if f.type in TYPES] == list(case.spans)


@pytest.mark.parametrize("text", NOTHING)
def test_nothing(text: str, find: Callable[[str], list[Finding]]) -> None:
    assert [(f.type, text[f.start : f.end]) for f in find(text) if f.type in TYPES] == []
