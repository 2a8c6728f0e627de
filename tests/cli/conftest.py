"""A home of its own for a command line, and the command run in it as somebody types it."""

from __future__ import annotations

import io
import sys

import pytest

from tongguan.cli.main import main
from tongguan.trust.audit import audit_log


@pytest.fixture
def home(tmp_path, monkeypatch):
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("TONGGUAN_HOME", str(place))
    for name in ("TONGGUAN_TOKEN", "TONGGUAN_SETTINGS", "TONGGUAN_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def tongguan(home, capsys, monkeypatch):
    """Runs a command: exit code, standard output, standard error. `typed`: what comes on standard input."""

    def run(*words, typed="", lang="en"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = main([*map(str, words), "--lang", lang])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def logged(home):
    """Gives the entries of the log, as (kind, body)."""

    def entries(kind=None):
        with audit_log() as log:
            return [(e.kind, dict(e.body)) for e in log.entries(0, log.size) if kind in (None, e.kind)]

    return entries
