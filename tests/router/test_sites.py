"""Two sites of one jurisdiction on real HAProxies: each with its own engines, gate and certificate."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from components.platform import Passage, render_egress_gate
from components.router import Sibling
from tests.components.test_haproxy import certificate_for
from tests.haproxy import haproxy_command
from tests.ports import free_port
from tests.router.edge import Answer, Edge

pytestmark = pytest.mark.haproxy

PROMPT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "personal data"}]}).encode()
CHAT = "/v1/chat/completions"
HOME, AWAY = "eu", "eu-ovh-gra11"
DOMAIN = "inference.example.com"
CHECK_SECONDS = 2
"""How often a router looks at another site."""


@dataclass
class Gate:
    """A running egress gate that leads to one sibling; what dials port 443 there dials loopback here."""

    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def to(cls, edge_port: int, name: str, directory: Path) -> "Gate":
        """Start the gate to the edge of a site."""
        gate, health, weights = free_port(), free_port(), free_port()
        passage = Passage(name=name, host=f"{name}.{DOMAIN}", port=gate)
        text = render_egress_gate("https://s3.fr-par.scw.cloud", [passage])
        text = text.replace(f"{passage.host}:443", f"127.0.0.1:{edge_port}")
        text = text.replace(f"bind :{gate}", f"bind 127.0.0.1:{gate}")
        text = text.replace("bind :8443", f"bind 127.0.0.1:{weights}")
        text = text.replace("bind :8404", f"bind 127.0.0.1:{health}")
        file = directory / f"gate-to-{name}.cfg"
        file.write_text(text)
        command = [haproxy_command(), "-db", "-f", str(file)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return cls(gate, process)

    def stop(self) -> None:
        """End the gate."""
        self.process.terminate()
        self.process.wait(timeout=10)


@dataclass
class Sites:
    """Two sites that may pass requests to each other."""

    home: Edge
    away: Edge
    gates: list[Gate]

    def until_home_has_none(self) -> None:
        """Stop the engines at home and wait until its router knows."""
        for engine in (self.home.vllm, self.home.llama):
            engine.stop()
        self.home.wait_for(lambda: self.home.ask("GET", "/healthz", {"X-Sovereign-Hop": "x"}).status == 503)

    def seen_away(self) -> list[bytes]:
        """Bodies that reached the engines of the other site."""
        return [body for engine in (self.away.vllm, self.away.llama) for _, body, _ in engine.seen]


def _public_part(pem: bytes) -> bytes:
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.PEM)


def _site(name: str, other: str, gate: Gate, port: int, trusted: bytes, own: bytes, directory: Path) -> Edge:
    directory.mkdir()
    (directory / f"{other}.pem").write_bytes(_public_part(trusted))
    sibling = Sibling(name=other, host=f"{other}.{DOMAIN}", door="127.0.0.1", port=gate.port)
    return Edge(
        haproxy_command(),
        directory,
        own,
        port=port,
        host=f"{name}.{DOMAIN}",
        site=name,
        siblings=[sibling],
        slots=1,
    )


def _start(directory: Path, *, impostor: bool = False) -> Sites:
    ports = {HOME: free_port(), AWAY: free_port()}
    certificates = {name: certificate_for(f"{name}.{DOMAIN}") for name in ports}
    believed = dict(certificates)
    if impostor:
        believed[AWAY] = certificate_for(f"{AWAY}.{DOMAIN}")
    gates = {name: Gate.to(port, name, directory) for name, port in ports.items()}
    edges = {
        name: _site(
            name, other, gates[other], ports[name], believed[other], certificates[name], directory / name
        )
        for name, other in ((HOME, AWAY), (AWAY, HOME))
    }
    sites = Sites(edges[HOME], edges[AWAY], [*gates.values()])
    for edge in edges.values():
        edge.start()
    return sites


def _stop(sites: Sites) -> None:
    sites.home.stop()
    sites.away.stop()
    for gate in sites.gates:
        gate.stop()


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[Sites]:
    started = _start(tmp_path)
    yield started
    _stop(started)


def test_own_engines_serve_as_long_as_they_can_and_say_which_site_it_is(sites: Sites) -> None:
    answer = sites.home.ask("POST", CHAT, body=PROMPT)
    assert (answer.status, answer.headers["x-sovereign-site"]) == (200, HOME)
    assert sites.home.vllm.seen[0][1] == PROMPT
    assert sites.seen_away() == []


def test_when_no_engine_is_left_the_other_site_answers_and_is_named(sites: Sites) -> None:
    sites.until_home_has_none()
    answer = sites.home.ask("POST", CHAT, {"X-Data-Region": "eu"}, PROMPT)
    assert (answer.status, json.loads(answer.body)) == (200, {"engine": "vllm"})
    assert answer.headers["x-sovereign-site"] == AWAY
    assert answer.headers["x-sovereign-jurisdiction"] == "eu"
    assert sites.seen_away() == [PROMPT], "once, and not twice"
    headers = {name.lower() for name in sites.away.vllm.seen[0][2]}
    assert not headers & {"x-sovereign-hop", "x-data-region"}, "engines learn nothing of the way"
    assert sites.home.ask("GET", "/healthz").status == 200


def test_when_the_engines_are_full_the_other_site_helps_out_and_what_runs_stays(sites: Sites) -> None:
    held = threading.Event()
    for engine in (sites.home.vllm, sites.home.llama):
        engine.hold = held
    answers: list[Answer] = []
    running_now = [
        threading.Thread(target=lambda: answers.append(sites.home.ask("POST", CHAT, body=PROMPT)))
        for _ in range(2)
    ]
    for thread in running_now:
        thread.start()
    sites.home.wait_for(lambda: len(sites.home.vllm.seen) == len(sites.home.llama.seen) == 1)
    try:
        answer = sites.home.ask("POST", CHAT, body=PROMPT)
        full = sites.home.ask("GET", "/healthz", {"X-Sovereign-Hop": AWAY})
    finally:
        held.set()
    for thread in running_now:
        thread.join(timeout=10)
    assert (answer.status, answer.headers["x-sovereign-site"]) == (200, AWAY)
    assert full.status == 404, "a site that is full tells the others so, and is not taken for dead"
    assert [each.headers["x-sovereign-site"] for each in answers] == [HOME, HOME]


def test_two_full_sites_swap_no_load_and_cut_nothing_off(sites: Sites) -> None:
    """Full is told by 404: the other router drains the site, and does not cut off what it still serves."""
    held = threading.Event()
    engines = [engine for edge in (sites.home, sites.away) for engine in (edge.vllm, edge.llama)]
    for engine in engines:
        engine.hold = held
    answers: dict[str, Answer] = {}

    def ask(name: str, edge: Edge) -> threading.Thread:
        thread = threading.Thread(target=lambda: answers.update({name: edge.ask("POST", CHAT, body=PROMPT)}))
        thread.start()
        return thread

    def serving(count: int) -> None:
        sites.home.wait_for(lambda: sum(len(engine.seen) for engine in engines) == count)

    threads: list[threading.Thread] = []
    for count, (name, edge) in enumerate(
        [
            ("first", sites.home),
            ("second", sites.home),
            ("passed on", sites.home),
            ("its own", sites.away),
        ],
        start=1,
    ):
        threads.append(ask(name, edge))
        serving(count)
    time.sleep(2 * CHECK_SECONDS)
    threads.append(ask("waiting", sites.home))
    time.sleep(1)
    try:
        assert len(sites.seen_away()) == 2, "a full site is sent nothing more"
    finally:
        held.set()
        for thread in threads:
            thread.join(timeout=10)
    assert {name: answer.headers.get("x-sovereign-site") for name, answer in answers.items()} == {
        "first": HOME,
        "second": HOME,
        "passed on": AWAY,
        "its own": AWAY,
        "waiting": HOME,
    }
    assert {answer.status for answer in answers.values()} == {200}


def test_when_the_other_site_is_gone_too_the_answer_is_503_at_home(sites: Sites) -> None:
    sites.until_home_has_none()
    sites.away.stop()
    sites.home.wait_for(lambda: sites.home.ask("GET", "/healthz").status == 503)
    answer = sites.home.ask("POST", CHAT, body=PROMPT)
    assert (answer.status, answer.error["code"]) == (503, "no_engine")


def test_what_came_from_another_site_is_never_passed_on(sites: Sites) -> None:
    """Two sites that each think the other is up would else send a request in circles."""
    sites.until_home_has_none()
    answer = sites.home.ask("POST", CHAT, {"X-Sovereign-Hop": AWAY}, PROMPT)
    assert (answer.status, answer.error["code"]) == (503, "no_engine")
    assert sites.seen_away() == []


def test_a_refused_request_is_refused_before_any_site_is_asked(sites: Sites) -> None:
    sites.until_home_has_none()
    answer = sites.home.ask("POST", CHAT, {"X-Data-Region": "uk"}, PROMPT)
    assert (answer.status, answer.error["code"]) == (421, "wrong_jurisdiction")
    assert sites.seen_away() == []


def test_whoever_answers_under_the_name_with_another_certificate_gets_no_prompt(tmp_path: Path) -> None:
    """DNS may lie; the certificate that this very program made does not."""
    sites = _start(tmp_path, impostor=True)
    try:
        sites.until_home_has_none()
        answer = sites.home.ask("POST", CHAT, body=PROMPT)
        assert answer.status == 503
        assert sites.seen_away() == []
    finally:
        _stop(sites)


def test_an_engine_that_dies_with_the_request_is_not_given_it_again_elsewhere(sites: Sites) -> None:
    """A second site would run the inference twice, and its prompt would be in two places."""
    sites.home.llama.stop()
    sites.home.vllm.dies = True
    answer = sites.home.ask("POST", CHAT, body=PROMPT)
    assert answer.status == 502
    assert [body for _, body, _ in sites.home.vllm.seen] == [PROMPT]
    assert sites.seen_away() == []
