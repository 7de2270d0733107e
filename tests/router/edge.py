"""One edge on loopback: the real HAProxy with the router's configuration, and engines that take notes."""

import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from components.haproxy import CONFIG_DIRECTORY
from components.router import RouterConfiguration, Sibling, Upstream, render_router
from tests.ports import free_port

__all__ = ["HOST", "Answer", "Edge", "Engine"]

HOST = "eu.inference.example.com"
_BASE_URLS = {"eu": f"https://{HOST}", "uk": "https://uk.inference.example.com"}


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A health check that hangs up early is no error."""


class Engine:
    """An inference engine as the router sees one: /health and an answer that says who gave it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[tuple[str, bytes, Mapping[str, str]]] = []
        self.hold: threading.Event | None = None
        """Inference waits for it."""
        self.dies = False
        """Inference takes the request and hangs up."""
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("content-length", 0))))

            def _answer(self, body: bytes) -> None:
                if self.path != "/health":
                    engine.seen.append((self.path, body, dict(self.headers)))
                    if engine.dies:
                        self.close_connection = True
                        return
                    if engine.hold is not None:
                        engine.hold.wait(timeout=15)
                text = json.dumps({"engine": engine.name}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
                return

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Die: connections are refused from now on."""
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        """The error object of a refusal."""
        return json.loads(self.body)["error"]


def running(process: subprocess.Popen[bytes], condition: Any, seconds: float = 15) -> None:
    """Wait until a condition holds while a process runs; connection errors count as not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stderr
            raise AssertionError(process.stderr.read().decode())
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("it never happened")


@dataclass
class Edge:
    """A running edge of the jurisdiction eu."""

    haproxy: str
    directory: Path
    certificate: bytes
    vllm: Engine = field(default_factory=lambda: Engine("vllm"))
    llama: Engine = field(default_factory=lambda: Engine("llama-cpp"))
    port: int = field(default_factory=free_port)
    health_port: int = field(default_factory=free_port)
    host: str = HOST
    site: str | None = None
    siblings: Sequence[Sibling] = ()
    """Their certificates lie in ``directory``."""
    slots: int = 64
    """Requests that vLLM takes at once; llama.cpp takes one."""

    def start(self) -> None:
        """Start HAProxy and wait until it has seen both engines."""
        (self.directory / "edge.pem").write_bytes(self.certificate)
        upstreams = (
            Upstream(name="vllm", host="127.0.0.1", port=self.vllm.port, slots=self.slots),
            Upstream(name="llama-cpp", host="127.0.0.1", port=self.llama.port, slots=1, degraded=True),
        )
        configuration = RouterConfiguration(
            jurisdiction="eu",
            base_urls={**_BASE_URLS, "eu": f"https://{self.host}"},
            upstreams=upstreams,
            site=self.site,
            siblings=self.siblings,
        )
        text = render_router(configuration).replace(CONFIG_DIRECTORY, str(self.directory))
        text = text.replace("/etc/haproxy/tls/edge.pem", str(self.directory / "edge.pem"))
        text = text.replace("bind :8443", f"bind 127.0.0.1:{self.port}")
        text = text.replace("bind :8404", f"bind 127.0.0.1:{self.health_port}")
        file = self.directory / "haproxy.cfg"
        file.write_text(text)
        self._process = subprocess.Popen(
            [self.haproxy, "-db", "-f", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.wait_for(lambda: self.ask("GET", "/healthz").status == 200)

    def wait_for(self, condition: Any, seconds: float = 15) -> None:
        """Wait until a condition holds; connection errors count as not yet."""
        running(self._process, condition, seconds)

    def stop(self) -> None:
        """End HAProxy and the engines."""
        self._process.terminate()
        self._process.wait(timeout=10)
        for engine in (self.vllm, self.llama):
            engine.stop()

    def connect(self, name: str | None = None) -> ssl.SSLSocket:
        """A TLS connection that asks for `name`, by default the edge's own.

        Raises:
            ssl.SSLError: the edge refuses the name.
        """
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context.wrap_socket(
            socket.create_connection(("127.0.0.1", self.port), 15), server_hostname=name or self.host
        )

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        """One request, with the edge's own host unless `headers` say otherwise."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10)
        connection.sock = self.connect()
        connection.request(method, path, body, {"Host": self.host, **(headers or {})})
        response = connection.getresponse()
        answer = Answer(
            response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
        )
        connection.close()
        return answer
