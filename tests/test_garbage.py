"""Memory that was freed is kept for what is asked for next, where a process asks for that."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import resource, sys
import numpy as np
from tongguan.garbage import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory()

def faults():
    many = [np.ones(1 << 20, np.uint8) for _ in range(40)]
    del many
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

faults()
before = faults()
for _ in range(20):
    after = faults()
print((after - before) // 20)
"""


def pages_asked_for(how: str) -> int:
    """Of the system, by a round of allocations as they were made before."""
    ran = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    return int(ran.stdout)


def test_memory_that_was_freed_is_not_asked_of_the_system_again() -> None:
    assert pages_asked_for("keep") * 10 < pages_asked_for("leave")
