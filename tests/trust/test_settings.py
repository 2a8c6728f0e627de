from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
import yaml

from tongguan.errors import BadSettings
from tongguan.trust.settings import Settings, load_settings, secret_of


def written(folder: Path, text: str) -> Path:
    (folder / "settings.yaml").write_text(text, encoding="utf-8")
    return folder


def test_no_file_means_defaults(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == Settings()


def test_every_kind_of_key_is_read(tmp_path: Path) -> None:
    text = """
suite: guomi
database: postgresql+psycopg://tongguan@db/tongguan
master: {kind: pkcs11, module: /usr/lib/softhsm/libsofthsm2.so, token: t}
evidence: {kind: s3, endpoint: https://s3.example, bucket: b, retention_days: 2000}
anchor: {rpc: "http://127.0.0.1:8545", timeout_s: 5, gas_price: 0}
witnesses: [{name: w, verifier: w+00000000+AA, url: https://w.example}]
identity:
  second_factor: administrators
  providers: [{id: kc, name: Keycloak, issuer: https://id.example, client_id: tg, scopes: [openid]}]
service: {hosts: [console.example], tls_certificate: a.pem, tls_key: b.pem}
"""
    found = load_settings(written(tmp_path, text))
    assert (found.suite, found.master.kind, found.evidence.retention_days) == ("guomi", "pkcs11", 2000)
    assert found.anchor is not None and found.anchor.timeout_s == 5.0 and found.anchor.gas_price == 0
    assert found.witnesses[0].name == "w" and found.identity.providers[0].scopes == ("openid",)
    assert found.service.hosts == ("console.example",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("siute: guomi", "siute is not known"),
        ("suite: chacha", "suite is none of international, guomi"),
        ("identity: {lock_after: five}", "lock_after: expected a whole number"),
        ("identity: {lock_after: true}", "lock_after: expected a whole number"),
        ("identity: {lock_after: -1}", "lock_after must not be below 0"),
        ("witnesses: {name: w}", "witnesses: expected a list"),
        ("witnesses: [{name: w}]", "verifier"),
        ("anchor: {}", "rpc"),
        ("service: 8600", "service: expected keys and values"),
        ("- a", "expected keys and values"),
        ("a: [", "settings.yaml:"),
        ("database: 5", "database: expected text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadSettings) as refused:
        load_settings(written(tmp_path, text))
    assert told in str(refused.value)


def test_a_file_that_is_no_text_and_one_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="UTF-8"):
        load_settings(tmp_path)
    monkeypatch.setenv("TONGGUAN_SETTINGS", str(tmp_path / "nowhere.yaml"))
    with pytest.raises(BadSettings, match="TONGGUAN_SETTINGS"):
        load_settings(tmp_path)


def test_secrets_come_from_the_variable_first_then_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pin"
    file.write_text("from the file\n", encoding="utf-8")
    assert secret_of("TONGGUAN_TEST_PIN", str(file)) == "from the file"
    monkeypatch.setenv("TONGGUAN_TEST_PIN", "from the variable")
    assert secret_of("TONGGUAN_TEST_PIN", str(file)) == "from the variable"
    assert secret_of("TONGGUAN_TEST_NONE") is None
    with pytest.raises(BadSettings) as refused:
        secret_of(None, str(tmp_path / "gone"))
    assert "gone" in str(refused.value)


def test_the_documented_settings_are_all_of_them_and_are_read(tmp_path: Path) -> None:
    text = Path("docs/settings.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    documented = yaml.safe_load(text)
    found = load_settings(written(tmp_path, text))

    def hold(documented: dict[str, object], settings: object, place: str) -> None:
        assert set(documented) == {f.name for f in fields(settings)}, place
        for name, value in documented.items():
            part = getattr(settings, name)
            if isinstance(part, tuple) and part and is_dataclass(part[0]):
                hold(value[0], part[0], name)
            elif is_dataclass(part):
                hold(value, part, name)

    hold(documented, found, "settings")
    plain = {name: getattr(found, name) for name in ("suite", "database", "master", "evidence", "service")}
    assert plain == {name: getattr(Settings(), name) for name in plain}  # what is documented as default is it
