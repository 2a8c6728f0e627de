"""Fingerprints and policies of a made-up home."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa

from tongguan.identify import Piece
from tongguan.identify.fingerprints import Stores
from tongguan.identify.fingerprints.policy import Policies
from tongguan.trust import workspace_key

CONTRACT = "".join(
    random.Random(5).choices("甲乙双方就货物交付付款期限验收标准违约责任争议解决保密义务约定如下第条款", k=1500)
)
POLICY = """policy: 客户资料出境
rules:
  - id: customers
    severity: high
    when: {table: {index: 客户表, columns: [姓名, 手机], least: 2, within: 60}}
    except: {keyword: {any: [已脱敏]}}
  - id: secret
    when: {any: [{keyword: {any: [绝密]}}, {identifier: {type: [id_card, phone], count: 50}}]}
  - id: gone
    severity: low
    when: {documents: {store: absent, share: 50 %}}
"""


def build(home: Path) -> None:
    """A table of an entity, documents of everybody, a policy in its second version."""
    key = workspace_key(home)
    stores = Stores(home / "fingerprints", key)
    first = pa.RecordBatch.from_pydict({"姓名": ["王小明", "李雷"], "手机": ["13800138000", "13900139000"]})
    second = pa.RecordBatch.from_pydict({"姓名": ["韩梅梅"], "手机": ["13700137001"]})
    entity = "星野零售（成都）有限公司"
    stores.make_table("客户表", [first], by="officer", source="customers.csv", entity=entity)
    stores.extend_table("客户表", [second], by="officer", source="customers-more.csv")
    stores.make_documents("contracts", [("contract-1.txt", [Piece(CONTRACT)])], by="officer", source="contracts")
    policies = Policies(home / "policies", key)
    policies.register("customers", POLICY.replace("within: 60", "within: 30"), "officer")
    policies.register("customers", POLICY, "officer")
