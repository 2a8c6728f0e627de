"""Addresses with thousands of parameters: every link of a page carries the address on, so that there must be an end."""

from __future__ import annotations

import time

import httpx
import pytest

THOUSANDS = "&".join(f"p{number}=1" for number in range(3000))


@pytest.mark.parametrize("path", ["/law", "/law/clocks", "/law/destinations", "/law/zones", "/decide", "/flows"])
def test_an_address_of_thousands_of_parameters_is_answered_at_once(client: httpx.Client, path: str) -> None:
    client.get(path)
    began = time.process_time()
    answer = client.get(f"{path}?{THOUSANDS}")
    assert answer.status_code == 200
    assert len(answer.content) < 3_000_000
    assert time.process_time() - began < 3


def test_links_keep_what_was_asked(client: httpx.Client) -> None:
    page = client.get("/law?day=2024-03-21&kind=rule&page=1").text
    assert "day=2024-03-21" in page and "kind=rule" in page
