"""Kernels are compiled as they are loaded, and kept: what is compiled while text is read is compiled in each process
anew, which takes longer than to read most files."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from numba.core import event
from tongguan import identify
from tongguan.casework.assets import judging
from tongguan.model import Content
from pathlib import Path

identify.compile_kernels()
late = []

class Listener(event.Listener):
    def on_start(self, found):
        late.append(found.data["dispatcher"].py_func.__name__)
    def on_end(self, found):
        pass

event.register("numba:compile", Listener())
from tongguan.identify.kinds import shipped
from tongguan.identify.templates import Rulebook
judge = judging.Judge(b"k" * 32, judging.Knowledge(Rulebook(Path("none")).rules(None), shipped()))
rows = [f"{n},王小明,1391234{n:04},11010119900307451{n % 10},6222020200112233{n:03},u{n}@example.com" for n in range(1500)]
texts = {
    "a.csv": "编号,姓名,手机号,身份证号,银行卡号,邮箱\\n" + "\\n".join(rows),
    "b.jsonl": "".join('{"id": %d, "身份证号": "110101199003074510", "ip": "8.8.8.8"}\\n' % n for n in range(50)),
    "c.txt": "身份证号：110101199003074511，IMEI：490154203237510，车牌京A12345，住北京市朝阳区建国路88号2单元。" * 20,
    "d.html": "<table><tr><th>手机</th></tr><tr><td>13912345678</td></tr></table>&amp;<p title='x@y.cn'>王小明</p>",
    "e.xml": "<a><b id='1'>13912345678</b><b>&#29579;</b></a>",
    "f.sql": "insert into t(name, id_card) values ('王小明', '110101199003074511');",
}
for name, text in texts.items():
    data = text.encode()
    judge.file([Content(name, "", len(data), data)], name)
print(*late)
"""


def test_no_kernel_is_compiled_while_files_are_read() -> None:
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [], found.stderr
