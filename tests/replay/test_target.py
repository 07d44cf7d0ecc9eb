"""Where a replay goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.replay.target import TargetError, running_base_url, target_of


def test_an_address_without_a_business_gets_the_host_of_the_business() -> None:
    target = target_of("http://127.0.0.1:8123", business_host="acme.localhost")
    assert target.authority == "acme.localhost:8123"
    assert target.http == "http://127.0.0.1:8123"
    assert target.websocket("/ws/x") == "ws://acme.localhost:8123/ws/x"


def test_localhost_names_are_reached_without_a_resolver() -> None:
    target = target_of("http://globex.localhost:9000", business_host="acme.localhost")
    assert (target.host, target.connect_to) == ("globex.localhost", "127.0.0.1")


def test_a_public_address_stays_as_it_is() -> None:
    target = target_of("https://sales.example.com", business_host="acme.localhost")
    assert target.http == "https://sales.example.com"
    assert target.websocket("/ws/x") == "wss://sales.example.com/ws/x"
    assert not target.is_local


@pytest.mark.parametrize("address", ["acme.localhost:8000", "ftp://acme.localhost", "http://"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(TargetError, match="write an address"):
        target_of(address, business_host="acme.localhost")


def test_the_running_installation_is_found_by_what_it_left(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "quickstart.json").write_text('{"port": 8321}')
    assert running_base_url(tmp_path) == "http://127.0.0.1:8321"
    assert running_base_url(tmp_path, port="9999") == "http://127.0.0.1:9999"


def test_nothing_running_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="make run"):
        running_base_url(tmp_path)


def test_a_damaged_note_of_the_installation_is_told(tmp_path: Path) -> None:
    (tmp_path / "quickstart.json").write_text("{")
    with pytest.raises(TargetError, match="not readable"):
        running_base_url(tmp_path)
