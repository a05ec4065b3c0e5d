"""Vendored files are those of the registry, and pages name every file by its content."""

import base64
import hashlib
import tomllib

import pytest
from starlette.testclient import TestClient

from open401k.doors.assets import Assets
from open401k.doors.web.render import STATIC

VENDOR = STATIC / "vendor"
LISTED = tomllib.loads((VENDOR / "VENDOR.toml").read_text(encoding="utf-8"))["package"]
FILES = [(package["name"], file) for package in LISTED for file in package["file"]]


def sha512(data: bytes) -> str:
    """As npm writes it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


@pytest.mark.parametrize(("name", "file"), FILES, ids=[file["path"] for _, file in FILES])
def test_a_vendored_file_is_the_one_that_was_listed(name: str, file: dict[str, str]) -> None:
    assert sha512((VENDOR / file["path"]).read_bytes()) == file["sha512"]


def test_nothing_is_vendored_that_is_not_listed() -> None:
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert found == {file["path"] for _, file in FILES} | {"VENDOR.toml"}


@pytest.mark.parametrize("package", LISTED, ids=[package["name"] for package in LISTED])
def test_every_package_names_version_tarball_hash_and_licence(package: dict[str, str]) -> None:
    assert package["version"] in package["tarball"]
    assert package["sha512"].startswith("sha512-")
    assert (VENDOR / package["licence_file"]).read_text(encoding="utf-8").strip()


def test_the_sse_extension_follows_htmx_in_one_file() -> None:
    # As two scripts the extension can start after htmx has looked at the page, and live updates never begin.
    text = (VENDOR / "htmx/htmx-with-sse.js").read_text(encoding="utf-8")
    assert 0 < text.index('version="4.0.1"' if 'version="4.0.1"' in text else "4.0.1") < text.index("hx-sse:connect")


def test_assets_are_immutable_hashed_and_packed(browser_of_sponsor: TestClient) -> None:
    assets = Assets(STATIC)
    answer = browser_of_sponsor.get(assets.url("app.css"), headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    assert answer.headers["content-encoding"] == "gzip"
    digest = base64.b64encode(hashlib.sha384(answer.content).digest()).decode()
    assert assets.integrity("app.css") == f"sha384-{digest}"


@pytest.mark.parametrize(
    "path", ["/static/0000000000000000/app.css", "/static/../guard.py", "/static/x/%2e%2e/app.css"]
)
def test_any_other_asset_is_not_found(browser_of_sponsor: TestClient, path: str) -> None:
    assert browser_of_sponsor.get(path).status_code == 404
