"""However the bytes are cut and the buffers reused, a dialogue gives the same exchanges and rows."""

from __future__ import annotations

import random
import ssl

import dialogues
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from speaking import Turn, speak, whole

from tongguan.capture.limits import Limits

DIALOGUES: dict[str, list[Turn]] = {
    "http": dialogues.HTTP,
    "smtp": dialogues.SMTP,
    "ftp": dialogues.FTP,
    "mysql": dialogues.MYSQL,
    "dns": dialogues.dns_stream(),
    "tls12": dialogues.tls(ssl.TLSVersion.TLSv1_2),
    "tls13": dialogues.tls(ssl.TLSVersion.TLSv1_3),
}


@pytest.mark.parametrize("name", DIALOGUES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_pieces_do_not_matter(name: str, seed: int) -> None:
    turns = DIALOGUES[name]
    expected = whole(turns)
    heard = speak(turns, chance=random.Random(seed))
    assert expected.rows or expected.said
    assert heard.said == expected.said
    assert heard.rows == expected.rows


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_limits_of_memory_do_not_matter(seed: int) -> None:
    """With no memory at all, everything goes through temporary files."""
    heard = speak(DIALOGUES["http"], limits=Limits(memory=0), chance=random.Random(seed))
    assert heard.said == whole(DIALOGUES["http"]).said
