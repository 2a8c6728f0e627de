"""A command that is stopped at the terminal says what is true of it: only some go on where they were."""

from __future__ import annotations

import pytest

from tongguan.cli import evidence, policy, scan


@pytest.mark.parametrize(
    ("module", "name", "words", "goes_on"),
    [
        (policy, "_check", ("policy", "check", "rules.yaml"), False),
        (scan, "_scan", ("scan", "somewhere"), True),
        (evidence, "_sweep", ("evidence", "sweep"), True),
    ],
)
def test_only_commands_that_go_on_say_so(tongguan, monkeypatch, module, name, words, goes_on):
    def stopped(given):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, stopped)
    for language, says, more in (("en", "stopped", "goes on from there"), ("zh", "已停止", "从此处继续")):
        code, out, err = tongguan(*words, lang=language)
        assert code == 130 and out == ""
        assert says in err and (more in err) is goes_on
