"""Takes away the servers that the autoscaler has ordered. Runs on its own, with the standard library alone.

Reads: HCLOUD_TOKEN; NODE_GROUP, whose servers shall go; and, only if they are set, HCLOUD_ENDPOINT (another
API than Hetzner's), WAIT_SECONDS (how long servers may take to go) and POLL_SECONDS (between two looks). Ends
with status 0 when no server of the group is left, else with 1 and what is left on standard error.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any, Final

API: Final = "https://api.hetzner.cloud/v1"
LABEL: Final = "hcloud/node-group"
PAGE: Final = 50
TIMEOUT: Final = 30
"""Seconds for one answer."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_RIGHT: Final = frozenset({401, 403})


class RefusedError(Exception):
    """What trying again does not mend."""


class SilentError(Exception):
    """The API did not do what it was asked now; it may later."""


class StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token goes to the named host and to no other."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        """Leave the redirect as the error that it is here."""


class Api:
    """Hetzner's API, as far as servers go."""

    def __init__(self, endpoint: str, token: str) -> None:
        parts = urllib.parse.urlsplit(endpoint)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            message = f"HCLOUD_ENDPOINT: found {endpoint!r}, allowed: https, so that nobody reads the token"
            raise RefusedError(message)
        self._endpoint, self._token = endpoint.rstrip("/"), token
        self._opener = urllib.request.build_opener(StayHere)

    def servers(self, group: str) -> Iterator[tuple[int, str]]:
        """Number and name of each server of the group, page by page."""
        page: int | None = 1
        while page is not None:
            query = urllib.parse.urlencode(
                {"label_selector": f"{LABEL}=={group}", "page": page, "per_page": PAGE}
            )
            answer = self._ask("GET", f"/servers?{query}")
            for server in answer["servers"]:
                # Whatever the API made of the selector: a server that does not say so is not ours to take.
                if server["labels"].get(LABEL) == group:
                    yield server["id"], server["name"]
            page = answer["meta"]["pagination"]["next_page"]

    def delete(self, server: int) -> None:
        """Have a server deleted; one that is gone already is no error."""
        self._ask("DELETE", f"/servers/{server}", gone={})

    def _ask(self, method: str, path: str, gone: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        request = urllib.request.Request(  # noqa: S310  # the scheme was checked
            f"{self._endpoint}{path}", method=method, headers={"Authorization": f"Bearer {self._token}"}
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 404 and gone is not None:
                return gone
            said = f"{method} {path.partition('?')[0]}: HTTP {error.code} {_reason(error)}"
            if error.code in _NO_RIGHT:
                message = (
                    f"{said}. The token is the sovereign:hcloudToken of the last update: set one that can "
                    "read and write, update, then try again"
                )
                raise RefusedError(message) from error
            raise SilentError(said) from error
        except (OSError, ValueError) as error:
            message = f"{method} {path.partition('?')[0]}: {error}"
            raise SilentError(message) from error


def _reason(error: urllib.error.HTTPError) -> str:
    """The API's own code and words."""
    try:
        told = json.load(error)["error"]
    except (OSError, ValueError, KeyError, TypeError):
        return error.reason
    return f"{told.get('code')}: {told.get('message')}"


def take_away(api: Api, group: str, wait: float, poll: float) -> None:
    """Delete the servers of the group until none is left.

    Raises:
        RefusedError: the token may not, or something was left when the time was over.
    """
    deadline = time.monotonic() + wait
    left: dict[int, str] = {}
    ordered: set[int] = set()
    looked = False
    while True:
        trouble = ""
        try:
            left = dict(api.servers(group))
            looked = True
            if not left:
                return
        except SilentError as error:
            trouble = f" Last answer: {error}."
        for number, name in left.items():
            if number in ordered:
                continue
            try:
                api.delete(number)
            except SilentError as error:
                trouble = f" Last answer: {error}."
            else:
                ordered.add(number)
                print(f"deleting server {name} ({number})", flush=True)
        if time.monotonic() >= deadline:
            names = ", ".join(f"{name} ({number})" for number, name in left.items())
            found = f"still there: {names}" if looked else "nobody knows which are there"
            message = (
                f"after {wait:.0f} seconds {found}.{trouble} Allowed: none. Try again, or delete the servers "
                f"with the label {LABEL}={group} in Hetzner's console first"
            )
            raise RefusedError(message)
        time.sleep(poll)


def main(environment: Mapping[str, str]) -> int:
    """Take them away; returns the exit status."""
    group = environment["NODE_GROUP"]
    try:
        api = Api(environment.get("HCLOUD_ENDPOINT") or API, environment["HCLOUD_TOKEN"])
        wait, poll = environment.get("WAIT_SECONDS") or "600", environment.get("POLL_SECONDS") or "5"
        take_away(api, group, float(wait), float(poll))
    except RefusedError as error:
        print(f"servers of the autoscaler, group {group}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
