"""The console's pages of ended cases' records: what may be erased, legal holds, erasure with the id typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.doors.node.test_api import NOON, Both, _receiving, both  # noqa: F401 (a fixture)
from tests.rails.node.conftest import another_database, migrated  # noqa: F401 (fixtures)

from open401k.doors.node import pages
from open401k.doors.node.for_pages import NodePages
from open401k.doors.node.records import NodeRecords
from open401k.kernel import FixedClock, SeededRandom
from open401k.rails.node import erasing
from open401k.rails.node.codec import told
from open401k.rails.node.staff import DAY, Role

LATER = NOON + 7 * 366 * DAY


@dataclass
class Console:
    """A browser at a node's console."""

    client: TestClient
    origin: str

    def get(self, path: str) -> str:
        return str(self.client.get(path).text)

    def send(self, on: str, path: str, **typed: str) -> Any:
        """The form on a page; after what it did, the page that follows."""
        page = self.get(on)
        form = page[page.index(f'action="{path}"') :] if typed else page
        hidden = {name: re.search(rf'name="{name}" value="([^"]*)"', form) for name in ("csrf", "key", "ends")}
        typed |= {name: found[1] for name, found in hidden.items() if found is not None and name not in typed}
        return self.client.post(path, data=typed, headers={"origin": self.origin})


def console(both: Both, role: Role) -> Console:  # noqa: F811
    doors = both.receiver.doors
    given, origin = NodePages(doors), doors.process.config.shown_at
    routes = pages.routes(given, SeededRandom(3), records=NodeRecords(given))
    client = TestClient(Starlette(routes=routes), base_url=origin)
    token = doors.entrances.add(f"a {role}", role, days=1, at=given.now()).secret
    client.post("/sign-in", data={"token": token}, headers={"origin": origin})
    return Console(client, origin)


def test_an_operator_holds_lets_go_and_erases_what_has_come_to_its_time(both: Both) -> None:  # noqa: F811
    side = both.receiver
    body = {"source": both.nodes[0].identity.member.hex(), "receiving": told(_receiving(both))}
    case = side("POST", "/v1/rollovers", body).json()["case"]
    side("POST", f"/v1/rollovers/{case}/stop", {"code": 501})
    at = console(both, Role.OPERATOR)
    assert "Nothing has come to its time." in at.get("/records")
    early = at.get(f"/records/{case}")
    assert "29 USC 1113" in early
    assert f'action="/records/{case}/erase"' not in early  # nobody is offered what would be refused
    assert at.send(f"/records/{case}", f"/records/{case}/hold", why="").status_code == 422
    held = at.send(f"/records/{case}", f"/records/{case}/hold", why="docket 24-cv-1").text
    assert "It is held" in held
    assert "docket 24-cv-1" in at.get("/records")

    process = side.doors.process
    process.around = replace(process.around, clock=FixedClock(datetime.fromtimestamp(LATER, UTC)))
    at, looks = console(both, Role.OPERATOR), console(both, Role.AUDITOR)
    assert "Nothing has come to its time." in at.get("/records")
    assert "The hold is lifted" in at.send(f"/records/{case}", f"/records/{case}/hold", why="dismissed").text
    assert f'href="/records/{case}"' in at.get("/records")
    assert "every case is under a legal hold" in at.send("/records", "/records", why="order 7").text
    assert f'href="/records/{case}"' in at.send("/records", "/records", why="over").text

    assert "<form" not in looks.get(f"/records/{case}").replace('<form method="post" action="/sign-out"', "")
    assert looks.client.post(f"/records/{case}/erase", headers={"origin": looks.origin}).status_code == 403
    slip = at.send(f"/records/{case}", f"/records/{case}/erase", confirm="rlv_other")
    assert (slip.status_code, "This is not the id of the case." in slip.text) == (422, True)
    with pytest.MonkeyPatch.context() as patch:  # a page that looked at all it looks at once, and found nothing
        patch.setattr(erasing, "_AT_ONCE", 1)
        patch.setattr(erasing, "_MOST_LOOKED", 0)
        assert "Nothing has come to its time." not in (page := at.get("/records?after=a"))
        assert 'href="/records?after=a"' in page
        patch.setattr(erasing, "_MOST_LOOKED", 1)
        assert f'href="/records?after={case}"' in at.get("/records")
    assert "Nothing has come to its time." in at.get(f"/records?after={case}")
    done = at.send(f"/records/{case}", f"/records/{case}/erase", confirm=case)
    assert "What was of a person is erased." in done.text
    assert "Nothing has come to its time." in at.get("/records")
    assert at.client.get("/records/none").status_code == 404
