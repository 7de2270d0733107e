"""The script that waits for the cluster's API, run for real against TLS servers on this machine."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port

SCRIPT = Path(__file__).parents[2] / "components/clouds/hetzner/await_api.py"


@dataclass
class Authority:
    """An authority, with the file of a server certificate that it has signed for 127.0.0.1."""

    pem: str
    chain: Path


def authority(directory: Path, name: str) -> Authority:
    """Made as the program and k3s do it: P-256, the server's certificate signed by the authority."""
    now = datetime.datetime.now(datetime.UTC)

    def certificate(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        return (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(hours=1))
        )

    root_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = (
        certificate(name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    server = (
        certificate("k3s", server_key)
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = server_key.private_bytes(
        pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    chain = directory / f"{name}.pem"
    chain.write_bytes(key + server.public_bytes(pem))
    return Authority(root.public_bytes(pem).decode(), chain)


@dataclass
class Api:
    """A server that gives its statuses one after the other, and the last one for ever."""

    statuses: list[int]
    url: str = ""
    asked: int = 0


@contextlib.contextmanager
def served(statuses: Sequence[int], chain: Path, port: int = 0) -> Iterator[Api]:
    api = Api(list(statuses))

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/readyz"
            api.asked += 1
            self.send_response(api.statuses.pop(0) if len(api.statuses) > 1 else api.statuses[0])
            self.send_header("Location", "https://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Be quiet."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not trust it breaks off: no news."""

    server = Quiet(("127.0.0.1", port), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ours"), "eu-cluster")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("other"), "somebody-else")


def start(url: str, pem: str, *, wait: float) -> subprocess.Popen[str]:
    """As the command does it: the interpreter, ``-c``, the text of the file."""
    environment = {"API_URL": url, "AUTHORITY": pem, "WAIT_SECONDS": str(wait), "POLL_SECONDS": "0.05"}
    return subprocess.Popen(
        [sys.executable, "-I", "-c", SCRIPT.read_text()],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(url: str, pem: str, *, wait: float = 20) -> tuple[int, str, str]:
    """Status, standard output, standard error."""
    ran = start(url, pem, wait=wait)
    output, errors = ran.communicate(timeout=60)
    return ran.returncode, output, errors


@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_api_that_runs_is_waited_for_no_longer(ours: Authority, status: int) -> None:
    """Also if it refuses strangers, as k3s does."""
    with served([status], ours.chain) as api:
        assert wait_for(api.url, ours.pem) == (0, "", "")
        assert api.asked == 3, "three answers in a row, each on a connection of its own"


def test_a_server_that_is_not_ready_yet_is_waited_for(ours: Authority) -> None:
    with served([503, 503, 401], ours.chain) as api:
        status, output, errors = wait_for(api.url, ours.pem)
        assert (status, errors) == (0, "")
        assert output == f"waiting for {api.url}: HTTP 503\n", "said once"


def test_one_answer_between_two_failures_is_not_enough(ours: Authority) -> None:
    with served([401, 401, 503, 401, 401, 401], ours.chain) as api:
        assert wait_for(api.url, ours.pem)[0] == 0
        assert api.asked == 6


def test_a_cluster_that_comes_up_late_is_waited_for(ours: Authority) -> None:
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    ran = start(url, ours.pem, wait=30)
    assert ran.stdout is not None
    first = ran.stdout.readline()
    assert first.startswith(f"waiting for {url}: ")
    assert "refused" in first
    with served([401], ours.chain, port):
        output, errors = ran.communicate(timeout=60)
    assert (ran.returncode, output, errors) == (0, "", "")


def test_whoever_answers_with_another_authority_is_not_the_cluster(ours: Authority, other: Authority) -> None:
    with served([200], other.chain) as api:
        status, _, errors = wait_for(api.url, ours.pem, wait=0.3)
        assert status == 1
        assert "last: who answers is not this cluster: " in errors
        assert api.asked == 0, "not a word was said to it"


def test_a_name_that_the_certificate_does_not_have_is_not_the_cluster(ours: Authority) -> None:
    with served([200], ours.chain) as api:
        url = api.url.replace("127.0.0.1", "localhost")
        status, _, errors = wait_for(url, ours.pem, wait=0.3)
        assert status == 1
        assert "who answers is not this cluster" in errors


def test_a_host_that_stays_silent_ends_the_wait_with_where_to_look(ours: Authority) -> None:
    """It takes connections and says nothing: no answer is waited for longer than its own time."""
    text = SCRIPT.read_text().replace("TIMEOUT: Final = 10", "TIMEOUT: Final = 0.2")
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        began = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-I", "-c", text],
            env={"API_URL": url, "AUTHORITY": ours.pem, "WAIT_SECONDS": "0.5", "POLL_SECONDS": "0.05"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert ran.returncode == 1
    assert time.monotonic() - began < 30
    assert "timed out" in ran.stderr
    for clue in (
        "sovereign:apiAccess",
        "/var/log/cloud-init-output.log",
        "sovereign-install",
        "update again",
    ):
        assert clue in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "BEGIN CERTIFICATE" not in ran.stderr


def test_a_redirect_is_not_followed(ours: Authority) -> None:
    with served([302], ours.chain) as api:
        status, _, errors = wait_for(api.url, ours.pem, wait=0.2)
        assert status == 1
        assert "last: HTTP 302" in errors


def test_only_tls_proves_who_answers(ours: Authority) -> None:
    status, _, errors = wait_for("http://127.0.0.1:1", ours.pem)
    assert status == 1
    assert "API_URL: found 'http://127.0.0.1:1', allowed: https" in errors
