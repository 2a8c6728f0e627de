"""The kernels, compiled once more with checked indices, over texts made to trip them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import random
from datetime import date
from tongguan.identify.detect import Detector
from tongguan.identify.pieces import Piece

chance = random.Random(20261121)
alphabet = list("0123456789" * 3 + "aAfFxXzE:@-. \\n\\t+/\\\\\\\\u%_·京粤零一二三" + "手机号姓名\\u200b０９＠．Ａ")
alphabet += ["13800138000", "::", "1.2.3.4", "A123456(3)", "536-90-4399", "S2740116C", "DE89", "960121-"]
detector = Detector(b"k", as_of=date(2026, 11, 21))
texts = ["".join(chance.choices(alphabet, k=chance.randrange(60))) for _ in range(4000)]
texts += ["@" * 500, ":" * 500, "1" * 5000, "1 " * 3000, "一" * 400, "1.1." * 500, "京" * 99, "a:" * 300]
texts += ["\\\\u1" * 200, "%1" * 300]
found = sum(map(len, detector.scan([Piece(text) for text in texts])))
found += sum(len(detector.scan([Piece(text)])[0]) for text in texts[:500] + texts[-10:])
print(found)
"""


@pytest.mark.timeout(900)  # every kernel is compiled anew
def test_no_index_is_out_of_bounds(tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, timeout=800)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 500
