"""A request's body never reaches, and is never asked for by, the wrong jurisdiction: on the real HAProxy."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.test_haproxy import certificate_for
from tests.haproxy import haproxy_command
from tests.router.edge import HOST, Edge

pytestmark = [pytest.mark.haproxy, pytest.mark.xdist_group("router/edge")]

PROMPT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "personal data"}]}).encode()
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    edge = Edge(haproxy_command(), tmp_path_factory.mktemp("edge"), certificate_for(HOST))
    edge.start()
    yield edge
    edge.stop()


@pytest.fixture
def dying(tmp_path: Path) -> Iterator[Edge]:
    """An edge of its own, whose engines may be stopped."""
    edge = Edge(haproxy_command(), tmp_path, certificate_for(HOST))
    edge.start()
    yield edge
    edge.stop()


@pytest.fixture(autouse=True)
def _nothing_seen(edge: Edge) -> None:
    edge.vllm.seen.clear()
    edge.llama.seen.clear()


def test_a_request_in_the_right_place_is_served_and_says_where(edge: Edge) -> None:
    answer = edge.ask("POST", CHAT, {"X-Data-Region": "eu"}, PROMPT)
    assert (answer.status, json.loads(answer.body)) == (200, {"engine": "vllm"})
    assert answer.headers["x-sovereign-jurisdiction"] == "eu"
    assert "x-sovereign-degraded" not in answer.headers
    assert edge.vllm.seen[0][1] == PROMPT


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"X-Data-Region": "uk"}, 421, "wrong_jurisdiction"),
        ({"Host": "uk.inference.example.com"}, 421, "wrong_jurisdiction"),
        ({"Host": "uk.inference.example.com", "X-Data-Region": "eu"}, 421, "wrong_jurisdiction"),
        ({"Host": "elsewhere.example.org"}, 421, "wrong_jurisdiction"),
        ({"X-Data-Region": "fr"}, 400, "unknown_region"),
        ({"X-Data-Region": "EU"}, 400, "unknown_region"),
        ({"X-Data-Region": "eu, uk"}, 400, "unknown_region"),
        ({"X-Data-Region": ""}, 400, "unknown_region"),
    ],
)
def test_a_request_in_the_wrong_place_is_refused_and_reaches_no_engine(
    edge: Edge, headers: dict[str, str], status: int, code: str
) -> None:
    answer = edge.ask("POST", CHAT, headers, PROMPT)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert edge.vllm.seen == edge.llama.seen == []


def test_a_wrong_arrival_learns_the_right_base_url_and_is_not_redirected(edge: Edge) -> None:
    answer = edge.ask("POST", CHAT, {"X-Data-Region": "uk"}, PROMPT)
    assert answer.error["base_url"] == "https://uk.inference.example.com/v1"
    assert "location" not in answer.headers


def test_the_refusal_comes_before_a_body_byte_is_sent(edge: Edge) -> None:
    connection = edge.connect()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: {HOST}\r\nX-Data-Region: uk\r\nContent-Length: 100000\r\n"
    connection.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
    said = connection.recv(65536)
    assert said.startswith(b"HTTP/1.1 421"), "the edge must not ask for the body (100 Continue) first"


def test_a_tls_name_of_another_jurisdiction_fails_before_there_is_a_request(edge: Edge) -> None:
    with pytest.raises(ssl.SSLError):
        edge.connect("uk.inference.example.com")


def test_two_region_headers_are_one_too_many(edge: Edge) -> None:
    connection = edge.connect()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: {HOST}\r\nX-Data-Region: eu\r\nX-Data-Region: uk\r\n"
    connection.sendall(f"{head}Content-Length: 0\r\n\r\n".encode())
    assert connection.recv(65536).startswith(b"HTTP/1.1 400")
    assert edge.vllm.seen == []


@pytest.mark.parametrize(
    "path", ["/invocations", "/v1/load_lora_adapter", "/metrics", "/", "/v1/chat/completions/x"]
)
def test_paths_that_engines_do_not_authenticate_do_not_exist(edge: Edge, path: str) -> None:
    assert edge.ask("POST", path, body=PROMPT).status == 404
    assert edge.vllm.seen == []


def test_engines_do_not_learn_who_asks(edge: Edge) -> None:
    edge.ask("POST", CHAT, {"X-Forwarded-For": "203.0.113.9", "X-Data-Region": "eu"}, PROMPT)
    names = {name.lower() for name in edge.vllm.seen[0][2]}
    assert not names & {"x-forwarded-for", "x-data-region", "x-real-ip", "forwarded"}
    assert "x-request-id" in names


def test_when_vllm_is_gone_llama_cpp_answers_and_says_so(dying: Edge) -> None:
    dying.vllm.stop()
    answer = dying.ask("POST", CHAT, body=PROMPT)
    assert (answer.status, json.loads(answer.body)) == (200, {"engine": "llama-cpp"})
    assert answer.headers["x-sovereign-degraded"] == "llama-cpp"


def test_when_both_are_gone_the_answer_is_503_and_no_other_jurisdiction_is_tried(dying: Edge) -> None:
    dying.vllm.stop()
    dying.llama.stop()
    dying.wait_for(lambda: dying.ask("GET", "/healthz").status == 503)
    answer = dying.ask("POST", CHAT, body=PROMPT)
    assert answer.status == 503
    assert "No other jurisdiction is tried" in answer.error["message"]
