"""Waits until the cluster's API answers. Runs on its own, with the standard library alone.

Reads: API_URL; AUTHORITY, the certificate (PEM) that an answer must be proved by; and, only if they are set,
WAIT_SECONDS (how long, else 1800), POLL_SECONDS (between two questions, else 5). Ends with status 0 when the
API has answered three times in a row, else with 1 and what to look at on standard error.
"""

from __future__ import annotations

import http.client
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final

TIMEOUT: Final = 10
"""Seconds for one answer."""

IN_A_ROW: Final = 3
"""Behind one address stand several servers, and a further one that joins answers 503 at first."""

READY: Final = frozenset({200, 401, 403})
"""Kubernetes refuses a stranger with 401, as k3s switches anonymous questions off; until it runs, k3s answers
503 in its place (k3s, pkg/server/handlers/router.go at 1be7bd2; issue 12277)."""

LOOK: Final = (
    "Look, in this order: does sovereign:apiAccess hold the address that you call from; what do "
    "/var/log/cloud-init-output.log and journalctl -u sovereign-install -u sovereign-k3s say on the first "
    "control plane (Hetzner's console), and on the gateway. Machines go on trying: mend it, then update again"
)


class StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: another address proves nothing."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        """Leave the redirect as the status that it is here."""


def opener_for(authority: str) -> urllib.request.OpenerDirector:
    """Asks by TLS, and trusts this authority and no other."""
    context = ssl.create_default_context(cadata=authority)
    # Python 3.13 asks more of certificates than Kubernetes' own clients do.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return urllib.request.build_opener(StayHere, urllib.request.HTTPSHandler(context=context))


def trouble(opener: urllib.request.OpenerDirector, url: str) -> str:
    """What is still wrong; empty if the API answers."""
    try:
        with opener.open(f"{url}/readyz", timeout=TIMEOUT) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            return f"who answers is not this cluster: {error.reason.verify_message}"
        return str(error.reason)
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    return "" if status in READY else f"HTTP {status}"


def waited(opener: urllib.request.OpenerDirector, url: str, wait: float, poll: float) -> str:
    """Ask until it has answered, or the time is over; returns what was wrong last, or nothing."""
    deadline = time.monotonic() + wait
    answers, told = 0, ""
    while True:
        found = trouble(opener, url)
        answers = 0 if found else answers + 1
        if answers == IN_A_ROW:
            return ""
        if found and found != told:
            print(f"waiting for {url}: {found}", flush=True)
            told = found
        if found and time.monotonic() >= deadline:
            return found
        time.sleep(poll)


def main(environment: Mapping[str, str]) -> int:
    """Wait for it; returns the exit status."""
    url = environment["API_URL"]
    wait, poll = float(environment.get("WAIT_SECONDS") or 1800), float(environment.get("POLL_SECONDS") or 5)
    if not url.startswith("https://"):
        print(f"API_URL: found {url!r}, allowed: https, as only TLS proves who answers", file=sys.stderr)
        return 1
    last = waited(opener_for(environment["AUTHORITY"]), url, wait, poll)
    if last:
        print(f"{url} has not answered after {wait:.0f} seconds; last: {last}. {LOOK}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
