"""The script that takes the autoscaler's servers away, run for real against an API on this machine."""

import json
import subprocess
import sys
import threading
from collections.abc import Generator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

SCRIPT = Path(__file__).parents[2] / "components/clouds/hetzner/growth/take_away.py"
TOKEN = "a-token-that-nobody-may-see"
GROUP = "eu-autoscaler-cpu"
LABEL = "hcloud/node-group"


@dataclass
class Project:
    """A Hetzner project: its servers, and how its API behaves."""

    servers: dict[int, dict[str, str]] = field(default_factory=dict[int, dict[str, str]])
    """Number to labels."""
    page_size: int = 50
    selects: bool = True
    """False: the API takes no notice of the selector."""
    slow: int = 0
    """Lists in which a deleted server still appears."""
    refusals: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    """Method to the statuses that come first, before it works."""
    url: str = ""
    asked: list[str] = field(default_factory=list[str])
    going: dict[int, int] = field(default_factory=dict[int, int])

    def group(self, count: int, of: str = GROUP) -> None:
        start = len(self.servers) + 1
        self.servers |= {start + index: {LABEL: of} for index in range(count)}

    def list_page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        page = int(query["page"][0])
        if page == 1:
            for number in [number for number, looks in self.going.items() if looks == 0]:
                del self.servers[number], self.going[number]
            self.going = {number: looks - 1 for number, looks in self.going.items()}
        key, _, value = query["label_selector"][0].partition("==")
        found = [
            number
            for number, labels in sorted(self.servers.items())
            if not self.selects or labels.get(key) == value
        ]
        start = (page - 1) * self.page_size
        shown = found[start : start + self.page_size]
        more = start + self.page_size < len(found)
        return {
            "servers": [{"id": n, "name": f"server-{n}", "labels": self.servers[n]} for n in shown],
            "meta": {"pagination": {"page": page, "next_page": page + 1 if more else None}},
        }


@pytest.fixture
def project() -> Generator[Project]:
    project = Project()

    class Api(BaseHTTPRequestHandler):
        def _answer(self, status: int, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            if status == 302:
                self.send_header("Location", f"{project.url}/elsewhere")
            self.end_headers()
            self.wfile.write(text)

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            project.asked.append(f"{self.command} {parts.path}")
            first = project.refusals.get(self.command, [])
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                self._answer(401, {"error": {"code": "unauthorized", "message": "token is invalid"}})
            elif first:
                self._answer(first.pop(0), {"error": {"code": "some_code", "message": "not now"}})
            elif self.command == "GET":
                self._answer(200, project.list_page(parse_qs(parts.query)))
            else:
                number = int(parts.path.rpartition("/")[2])
                if number not in project.servers:
                    self._answer(404, {"error": {"code": "not_found", "message": "server not found"}})
                    return
                project.going[number] = project.slow
                self._answer(200, {"action": {"id": 1, "status": "running"}})

        do_GET = do_DELETE = _handle  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    project.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield project
    server.shutdown()
    thread.join()
    server.server_close()


def take_away(project: Project, *, wait: float = 20, **environment: str) -> subprocess.CompletedProcess[str]:
    """As the command does it: the interpreter, ``-c``, the text of the file."""
    given = {
        "HCLOUD_TOKEN": TOKEN,
        "NODE_GROUP": GROUP,
        "HCLOUD_ENDPOINT": project.url,
        "WAIT_SECONDS": str(wait),
        "POLL_SECONDS": "0.02",
        **environment,
    }
    ran = subprocess.run(
        [sys.executable, "-I", "-c", SCRIPT.read_text()],
        env=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert TOKEN not in ran.stdout + ran.stderr
    return ran


def test_with_no_server_left_it_looks_once_and_ends_well(project: Project) -> None:
    ran = take_away(project)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert project.asked == ["GET /v1/servers"]


def test_every_page_of_servers_goes(project: Project) -> None:
    project.group(120)
    ran = take_away(project)
    assert ran.returncode == 0, ran.stderr
    assert project.servers == {}
    assert len([line for line in ran.stdout.splitlines() if line.startswith("deleting server ")]) == 120
    deleted = [each for each in project.asked if each.startswith("DELETE")]
    assert len(deleted) == len(set(deleted)) == 120, "each is asked to go once"


@pytest.mark.parametrize("selects", [True, False], ids=["selector works", "selector is ignored"])
def test_servers_of_nobody_and_of_another_group_stay(project: Project, selects: bool) -> None:
    project.selects = selects
    project.group(2)
    project.servers |= {90: {}, 91: {"sovereign.dev/jurisdiction": "eu"}, 92: {LABEL: "another-group"}}
    ran = take_away(project)
    assert ran.returncode == 0, ran.stderr
    assert set(project.servers) == {90, 91, 92}


def test_it_waits_until_a_slow_deletion_is_over(project: Project) -> None:
    project.group(2)
    project.slow = 5
    ran = take_away(project)
    assert ran.returncode == 0, ran.stderr
    assert project.servers == {}
    assert project.asked.count("GET /v1/servers") >= 6


def test_what_does_not_go_in_time_is_named_with_what_to_do(project: Project) -> None:
    project.group(2)
    project.slow = 10_000
    ran = take_away(project, wait=0.2)
    assert ran.returncode == 1
    assert "still there: server-1 (1), server-2 (2)." in ran.stderr
    assert f"delete the servers with the label {LABEL}={GROUP} in Hetzner's console first" in ran.stderr


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_error_of_the_api_that_passes_is_waited_out(project: Project, method: str) -> None:
    project.group(3)
    project.refusals = {method: [503, 429, 423]}
    ran = take_away(project)
    assert ran.returncode == 0, ran.stderr
    assert project.servers == {}


def test_a_server_that_cannot_be_deleted_does_not_keep_the_others(project: Project) -> None:
    project.group(3)
    project.refusals = {"DELETE": [423]}
    ran = take_away(project)
    first_round = project.asked[: project.asked.index("GET /v1/servers", 1)]
    assert first_round == ["GET /v1/servers", *(f"DELETE /v1/servers/{number}" for number in (1, 2, 3))]
    assert (ran.returncode, project.servers) == (0, {})


def test_an_error_that_stays_is_told_in_the_apis_words(project: Project) -> None:
    project.group(1)
    project.refusals = {"GET": [503] * 10_000}
    ran = take_away(project, wait=0.2)
    assert ran.returncode == 1
    assert (
        "nobody knows which are there. Last answer: GET /servers: HTTP 503 some_code: not now." in ran.stderr
    )
    project.refusals = {"DELETE": [423] * 10_000}
    ran = take_away(project, wait=0.2)
    assert ran.returncode == 1
    assert "still there: server-1 (1). Last answer: DELETE /servers/1: HTTP 423 some_code" in ran.stderr
    assert project.servers.keys() == {1}


def test_a_token_that_may_not_is_refused_at_once(project: Project) -> None:
    project.group(1)
    ran = take_away(project, HCLOUD_TOKEN="another-token")
    assert ran.returncode == 1
    assert "HTTP 401 unauthorized: token is invalid" in ran.stderr
    assert "set one that can read and write, update, then try again" in ran.stderr
    assert "another-token" not in ran.stderr
    assert project.asked == ["GET /v1/servers"]


def test_one_that_somebody_else_deleted_meanwhile_is_no_error(project: Project) -> None:
    project.group(2)
    project.slow = 1
    original = project.list_page

    def listed(query: dict[str, list[str]]) -> dict[str, Any]:
        page = original(query)
        project.servers.pop(2, None)
        return page

    project.list_page = listed
    ran = take_away(project)
    assert ran.returncode == 0, ran.stderr
    assert "DELETE /v1/servers/2" in project.asked


def test_the_token_follows_no_redirect(project: Project) -> None:
    project.group(1)
    project.refusals = {"GET": [302] * 10_000}
    ran = take_away(project, wait=0.1)
    assert ran.returncode == 1
    assert set(project.asked) == {"GET /v1/servers"}, "never /elsewhere"


@pytest.mark.parametrize("endpoint", ["http://api.hetzner.cloud/v1", "ftp://127.0.0.1/v1", "127.0.0.1"])
def test_the_token_is_never_sent_in_the_clear(project: Project, endpoint: str) -> None:
    ran = take_away(project, HCLOUD_ENDPOINT=endpoint)
    assert ran.returncode == 1
    assert f"HCLOUD_ENDPOINT: found {endpoint!r}, allowed: https" in ran.stderr


def test_an_api_that_does_not_answer_is_told_as_such(project: Project) -> None:
    ran = take_away(project, wait=0.1, HCLOUD_ENDPOINT="http://127.0.0.1:1/v1")
    assert ran.returncode == 1
    assert "nobody knows which are there. Last answer: GET /servers:" in ran.stderr
    assert "refused" in ran.stderr
