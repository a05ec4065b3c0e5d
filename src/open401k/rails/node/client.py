"""A custodian's system as a client of its own node's API: JSON in, JSON out. Not here: the API (doors/node)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from ssl import create_default_context
from typing import Any
from urllib.parse import quote

import httpx2

from open401k.kernel import Open401kError

from .papers import Paper


class NodeAnswerError(Open401kError):
    """It did not answer, or refused; the same again is harmless, and goes on where it was."""


class NodeSilenceError(NodeAnswerError):
    """It did not answer, or said that what it stands on does not (5xx): about no request in particular."""


class NodeClient:
    """The node at ``url``, asked with a token of a system."""

    def __init__(self, url: str, *, token: str, seconds: int | float = 15) -> None:
        headers = {"authorization": f"Bearer {token}"}
        self._http = httpx2.Client(
            base_url=url, headers=headers, timeout=seconds, trust_env=False, verify=create_default_context()
        )

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def member(self) -> dict[str, Any]:
        """Who we are in the network."""
        return self._ask("GET", "/v1/member")

    def ask(self, *, key: str, source: str, receiving: object) -> dict[str, Any]:
        """A rollover to us; the same key is the same case."""
        return self._ask("POST", "/v1/rollovers", {"source": source, "receiving": receiving}, key=key)

    def put_facts(self, case: str, half: object) -> dict[str, Any]:
        """Our half of the facts, whole."""
        return self._ask("PUT", f"/v1/rollovers/{quote(case, safe='')}/facts", half)

    def case(self, case: str) -> dict[str, Any]:
        """Where a case stands."""
        return self._ask("GET", f"/v1/rollovers/{quote(case, safe='')}")

    def facts(self, case: str) -> dict[str, Any]:
        """Both halves, as far as they are known."""
        return self._ask("GET", f"/v1/rollovers/{quote(case, safe='')}/facts")

    def codes(self, case: str) -> dict[str, Any]:
        """By which code each other receiver joins."""
        return self._ask("GET", f"/v1/rollovers/{quote(case, safe='')}/codes")

    def paid(self, case: str) -> dict[str, Any]:
        """What the network paid when it was committed."""
        return self._ask("GET", f"/v1/rollovers/{quote(case, safe='')}/paid")

    def put_explanation(self, case: str, paper: Paper) -> dict[str, Any]:
        """The document whose hash our half of the facts names."""
        content = base64.b64encode(paper.content).decode()
        body = {"title": paper.title, "version": paper.version, "media": paper.media.value, "content": content}
        return self._ask("PUT", f"/v1/rollovers/{quote(case, safe='')}/explanation", body)

    def link(self, case: str, *, key: str, days: int) -> dict[str, Any]:
        """A participant's link to a case; the same key is the same link."""
        return self._ask("POST", f"/v1/rollovers/{quote(case, safe='')}/links", {"days": days}, key=key)

    def _ask(self, method: str, path: str, body: object = None, *, key: str = "") -> dict[str, Any]:
        headers = {"idempotency-key": key} if key else {}
        try:
            answer = self._http.request(method, path, json=body, headers=headers)
            told: dict[str, Any] = answer.json()
        except (httpx2.HTTPError, ValueError) as why:
            raise NodeSilenceError(
                f"Our node at {self._http.base_url} did not answer ({type(why).__name__}).",
                fix="Look whether it runs (open401k node status), and send the same again.",
            ) from why
        if answer.status_code in (200, 201):
            return told
        kind = NodeSilenceError if answer.status_code >= 500 else NodeAnswerError
        raise kind(_said(told), fix=str(told.get("fix") or "Send the same again when that is mended."))


def _said(told: Mapping[str, Any]) -> str:
    """A problem document in one line, with each place that is wrong."""
    places = [f"{each.get('pointer', '')}: {each.get('reason', '')}" for each in told.get("errors", [])]
    words = [str(told.get("title") or "It refused."), str(told.get("detail") or ""), *places]
    return " ".join(each for each in words if each)
