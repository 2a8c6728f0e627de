"""Policies under names: versions, on and off, and what was altered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from known_tables import KEY

from tongguan.errors import BadInput, Broken, Conflict, NotFound
from tongguan.identify.fingerprints.policy import Policies


def text(*words: str) -> str:
    rules = [{"id": f"r{i}", "when": {"keyword": {"any": [word]}}} for i, word in enumerate(words)]
    return json.dumps({"policy": "测试策略", "rules": rules}, ensure_ascii=False)


@pytest.fixture
def policies(tmp_path: Path) -> Policies:
    return Policies(tmp_path / "policies", KEY)


def test_versions_follow_each_other(policies: Policies) -> None:
    assert policies.names() == [] and policies.enabled() == []
    first = policies.register("客户资料", text("机密"), "one")
    assert (first.enabled, first.latest.number, first.latest.rules, first.latest.title) == (True, 1, 1, "测试策略")
    with pytest.raises(Conflict, match="in force already") as raised:
        policies.register("客户资料", text("机密"), "two")
    assert raised.value.text and "正在生效的版本 1 相同" in raised.value.text["zh"]
    policies.enable("客户资料", False)
    second = policies.register("客户资料", text("机密", "绝密"), "two")
    assert (second.enabled, second.latest.number, second.latest.by) == (False, 2, "two")
    assert policies.text("客户资料", 1) == text("机密") and policies.text("客户资料") == text("机密", "绝密")
    assert len(policies.policy("客户资料").rules) == 2 and policies.enabled() == []
    back = policies.register("客户资料", text("机密"), "three")
    assert back.latest.number == 3 and len(back.versions) == 3
    policies.enable("客户资料", True)
    assert [(found.name, len(policy.rules)) for found, policy in policies.enabled()] == [("客户资料", 1)]
    with pytest.raises(NotFound):
        policies.text("客户资料", 9)
    gone = policies.remove("客户资料")
    assert gone is not None and gone.latest.number == 3
    assert list(policies.folder.iterdir()) == []
    with pytest.raises(NotFound):
        policies.get("客户资料")


@pytest.mark.parametrize(
    "bad", ["", "policy: x", "policy: x\nrules: [{id: a, when: {keyword: {any: [x]}}}]", "\0", "[" * 99]
)
def test_a_malformed_policy_is_not_taken(policies: Policies, bad: str) -> None:
    with pytest.raises(BadInput):
        policies.register("p", bad, "one")
    assert policies.names() == []
    policies.register("p", text("机密"), "one")
    with pytest.raises(BadInput):
        policies.register("p", bad, "one")
    assert policies.get("p").latest.number == 1 and len(policies.policy("p").rules) == 1


@pytest.mark.parametrize("name", ["", "..", "a/b", ".x", "x" * 61, "a b"])
def test_names_that_are_none(policies: Policies, name: str) -> None:
    for act in (policies.get, policies.remove, lambda n: policies.register(n, text("机密"), "one")):
        with pytest.raises(BadInput):
            act(name)


@pytest.mark.parametrize("what", ["text", "record", "gone", "swapped", "key"])
def test_what_was_altered_is_refused(policies: Policies, what: str) -> None:
    policies.register("p", text("机密"), "one")
    policies.register("q", text("绝密"), "one")
    folder, key = policies.folder / "p", KEY
    if what == "text":
        (folder / "0001.yaml").write_text(text("公开"), encoding="utf-8")
    elif what == "record":
        record = (folder / "policy.json").read_text(encoding="utf-8")
        (folder / "policy.json").write_text(record.replace("true", "false"), encoding="utf-8")
    elif what == "gone":
        (folder / "0001.yaml").unlink()
    elif what == "swapped":
        (policies.folder / "q" / "policy.json").replace(folder / "policy.json")
    else:
        key = b"another key"
    reader = Policies(policies.folder, key)
    with pytest.raises(Broken):
        reader.enabled()
    with pytest.raises(Broken):
        reader.policy("p")
    reader.remove("p")
    assert "p" not in reader.names()
