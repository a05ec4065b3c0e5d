"""The set-up takes only what is pinned, recovers from being stopped, and says what to do when it cannot go on."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bootstrap import browser, install

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with a package index beside it that serves one wheel of uv."""
    (tmp_path / "bootstrap").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    index = tmp_path / "index" / "uv"
    index.mkdir(parents=True)
    wheel = index / "uv-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-9.9.9.data/scripts/uv", "#!/bin/sh\necho uv 9.9.9\n")
    (tmp_path / "uv.lock").write_text(f'source = {{ registry = "file://{tmp_path}/index" }}\n')
    pins = {
        "version": "9.9.9",
        "at_least": "9.0.0",
        "wheels": {
            install.platform_name(): {
                "file": wheel.name,
                "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            }
        },
    }
    (tmp_path / "bootstrap" / "uv.json").write_text(json.dumps(pins))
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "STAMP", tmp_path / ".venv" / "stamp")
    monkeypatch.setattr(install, "TOOLS", tmp_path / ".bootstrap")
    monkeypatch.setattr(install, "BEGUN", tmp_path / ".bootstrap" / "installing")
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    install.TOOLS.mkdir()
    return tmp_path


def serve(folder: Path, link: str) -> None:
    page = f'<html><body><a href="{link}">uv</a></body></html>'
    (folder / "index" / "uv" / "index.html").write_text(page)


@pytest.fixture
def pages(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder's address answers with its index page, as a web server's does."""
    real = install.download
    monkeypatch.setattr(install, "download", lambda url: real(url + "index.html" if url.endswith("/") else url))
    serve(folder, "uv-9.9.9-py3-none-any.whl#sha256=ignored")
    return folder


def test_the_pinned_installer_is_fetched_and_starts(pages: Path) -> None:
    found = install.find_uv()
    assert found == str(pages / ".bootstrap" / "uv")
    assert install.version_of(found) == (9, 9, 9)


def test_it_is_fetched_once(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install.find_uv()
    monkeypatch.setattr(install, "download", lambda _url: pytest.fail("asked the network again"))
    assert install.version_of(install.find_uv()) == (9, 9, 9)


def test_another_file_of_that_name_is_refused(pages: Path) -> None:
    with zipfile.ZipFile(pages / "index" / "uv" / "uv-9.9.9-py3-none-any.whl", "a") as archive:
        archive.writestr("more", "")
    with pytest.raises(install.SetupError, match="sha256 differs"):
        install.find_uv()
    assert not (pages / ".bootstrap" / "uv").exists()


def test_an_index_without_it_is_named_without_its_password(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    serve(pages, "other.whl")
    with pytest.raises(install.SetupError, match="does not list"):
        install.find_uv()
    assert install.safe_to_print("https://user:secret@host/simple/?token=t") == "https://host/simple/"


def test_a_network_that_does_not_answer_is_one_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:9/simple")
    with pytest.raises(install.SetupError, match=r"Cannot reach the package index 127\.0\.0\.1") as refused:
        install.find_uv()
    assert "secret" not in str(refused.value)


def test_a_stopped_set_up_is_never_taken_for_a_finished_one(folder: Path) -> None:
    install.VENV.mkdir()
    install.STAMP.write_text(install.lock_hash() + "\n")
    assert install.stamped()
    install.BEGUN.write_text("")
    assert not install.is_ready()


def test_a_changed_lock_file_means_installing_again(folder: Path) -> None:
    install.VENV.mkdir()
    install.STAMP.write_text(install.lock_hash() + "\n")
    (folder / "uv.lock").write_text("changed")
    assert not install.stamped()


def test_an_environment_that_does_not_start_is_not_ready(folder: Path) -> None:
    install.VENV.mkdir()
    install.STAMP.write_text(install.lock_hash() + "\n")
    assert not install.is_ready()


@pytest.mark.parametrize("gone", ["bin/open401k", "lib/python3.11/site-packages/fastapi"])
def test_an_environment_of_which_something_was_deleted_is_not_ready(
    folder: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    def sync(_uv: str, _python: str) -> None:
        package = install.VENV / "lib" / "python3.11" / "site-packages" / "fastapi"
        package.mkdir(parents=True)
        (install.VENV / "bin").mkdir()
        (install.VENV / "bin" / "open401k").touch()
        (install.VENV / "bin" / "python").symlink_to("/bin/true")

    monkeypatch.setattr(install, "find_uv", lambda: "uv")
    monkeypatch.setattr(install, "sync", sync)
    install.install()
    assert install.is_ready()
    (install.VENV / gone).rename(folder / "gone")
    assert not install.is_ready()


def test_a_half_made_environment_is_made_afresh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (install.VENV / "half").mkdir(parents=True)
    install.BEGUN.write_text("")
    seen: list[bool] = []

    def sync(_uv: str, _python: str) -> None:
        seen.append((install.VENV / "half").exists())
        install.VENV.mkdir(exist_ok=True)

    monkeypatch.setattr(install, "find_uv", lambda: "uv")
    monkeypatch.setattr(install, "sync", sync)
    monkeypatch.setattr(install, "is_ready", lambda: True)
    install.install()
    assert seen == [False]
    assert install.stamped()
    assert not install.BEGUN.exists()


def test_a_folder_that_cannot_be_written_is_named_with_the_fix(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(install.SetupError, match=r"Cannot write to .*sudo chown"):
        install.refuse_unwritable()


def test_the_real_pins_are_complete() -> None:
    pins = json.loads((REPOSITORY / "bootstrap" / "uv.json").read_text())
    assert set(pins["wheels"]) == {"linux-x86_64", "linux-aarch64", "darwin-x86_64", "darwin-arm64"}
    for wheel in pins["wheels"].values():
        assert f"-{pins['version']}-" in wheel["file"]
        assert len(bytes.fromhex(wheel["sha256"])) == 32


def test_set_up_needs_no_package_at_all() -> None:
    script = "import runpy; runpy.run_path('bootstrap/install.py'); runpy.run_path('bootstrap/browser.py')"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("system", ["debian", "ubuntu", "fedora"])
def test_a_missing_browser_without_root_is_one_line(
    system: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPEN401K_CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "find", lambda: None)
    monkeypatch.setattr(browser, "distribution", lambda: system)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert browser.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    assert "make test BROWSER=no" in said.err


def test_a_driver_that_does_not_start_gets_what_it_links_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    node = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "playwright" / "driver" / "node"
    node.parent.mkdir(parents=True)
    node.write_text("#!/bin/sh\necho 'libatomic.so.1: cannot open shared object file' >&2\nexit 127\n")
    node.chmod(0o755)
    monkeypatch.setattr(browser, "ROOT", tmp_path)
    monkeypatch.setattr(browser, "find", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(browser, "distribution", lambda: "debian")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert browser.main() == 1
    assert "libatomic1" in capsys.readouterr().err
    node.write_text("#!/bin/sh\nexit 0\n")
    assert browser.main() == 0
    assert capsys.readouterr().out == "/usr/bin/chromium\n"


def test_a_stub_that_does_not_start_is_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'requires the chromium snap to be installed'\nexit 1\n")
    stub.chmod(0o755)
    assert not browser.runs(str(stub))
    monkeypatch.setenv("OPEN401K_CHROMIUM", str(stub))
    assert browser.main() == 1
