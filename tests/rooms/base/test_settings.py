"""The test shows that settings are read once, refused when they cannot be meant, and that key files stay private."""

from pathlib import Path

import pytest

from open401k.app import Wiring
from open401k.base.settings import Settings
from open401k.kernel import Open401kError, SystemRandom

KEY = "A" * 43 + "="


def from_env(tmp_path: Path, **environment: str) -> Settings:
    return Settings.from_env({"OPEN401K_DATA_DIR": str(tmp_path / "data"), **environment})


def test_a_sandbox_makes_its_keys_once_and_for_itself(tmp_path: Path) -> None:
    settings = from_env(tmp_path)
    made = settings.master_keys(SystemRandom())
    assert settings.key_file.stat().st_mode & 0o777 == 0o600
    assert from_env(tmp_path).master_keys(SystemRandom()) == made
    assert list(settings.key_file.parent.iterdir()) == [settings.key_file]


def test_a_key_file_open_to_others_is_refused(tmp_path: Path) -> None:
    settings = from_env(tmp_path)
    settings.master_keys(SystemRandom())
    settings.key_file.chmod(0o644)
    with pytest.raises(Open401kError, match="chmod 600"):
        settings.master_keys(SystemRandom())


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"current": "AA", "index": "AA"}', "\0"])
def test_a_damaged_key_file_is_never_replaced(tmp_path: Path, content: str) -> None:
    settings = from_env(tmp_path)
    settings.master_keys(SystemRandom())
    settings.key_file.write_text(content)
    with pytest.raises(Open401kError):
        settings.master_keys(SystemRandom())
    assert settings.key_file.read_text() == content


def test_production_makes_no_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Open401kError, match="No master key"):
        from_env(tmp_path, OPEN401K_MODE="production").master_keys(SystemRandom())


def test_keys_come_from_the_environment(tmp_path: Path) -> None:
    more = {"OPEN401K_INDEX_KEY": KEY, "OPEN401K_PREVIOUS_MASTER_KEYS": f"{KEY},{KEY}"}
    keys = from_env(tmp_path, OPEN401K_MASTER_KEY=KEY, **more).master_keys(SystemRandom())
    assert keys.current == bytes(32)
    assert len(keys.previous) == 2


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"OPEN401K_MODE": "live"}, "sandbox or production"),
        ({"OPEN401K_ORIGIN": "plans.example.org"}, "scheme and host only"),
        ({"OPEN401K_ORIGIN": "https://plans.example.org/app"}, "scheme and host only"),
        ({"OPEN401K_OWNER_DATABASE_URL": "postgresql://x"}, "OPEN401K_DATABASE_URL is not"),
        ({"OPEN401K_MASTER_KEY": KEY}, "OPEN401K_INDEX_KEY"),
        ({"OPEN401K_MASTER_KEY": "short", "OPEN401K_INDEX_KEY": KEY}, "32 bytes in base64"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, environment: dict[str, str], told: str) -> None:
    with pytest.raises(Open401kError, match=told):
        from_env(tmp_path, **environment).master_keys(SystemRandom())


def test_a_checkout_keeps_its_data_to_itself_and_others_use_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_env({"XDG_DATA_HOME": "/data"}).data_dir == Path("/data/open401k")
    (tmp_path / ".open401k").mkdir()
    assert Settings.from_env({"XDG_DATA_HOME": "/data"}).data_dir == tmp_path / ".open401k"


def test_browsers_come_by_the_address_that_is_set(tmp_path: Path) -> None:
    """Behind TLS the program took itself for http://localhost:4010: no passkey worked, and cookies were not secure."""
    settings = from_env(tmp_path, OPEN401K_ORIGIN="https://plans.example.org")
    assert Wiring(settings).origin == "https://plans.example.org"
    assert Wiring(from_env(tmp_path)).origin == "http://localhost:4010"
