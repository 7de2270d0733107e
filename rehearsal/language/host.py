"""The language runtime protocol: runs Python programs and policy packs for the engine."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import distributions
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, cast

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from rehearsal.engine_log import EngineLog
from rehearsal.language.caller import environment_of
from rehearsal.language.interpreter import interpreter_for

__all__ = ["LanguageServer"]

_PROGRAM = Path(__file__).with_name("program.py")
_REPORTED = 32


def _options(info: Any) -> dict[str, Any]:
    return MessageToDict(info.options)


def _forward(lines: IO[str], log: EngineLog) -> None:
    """Show what a program prints under its stack."""
    for line in lines:
        if not log.info(line.rstrip("\n")):
            return


class _Runtime(language_pb2_grpc.LanguageRuntimeServicer):
    def __init__(self) -> None:
        self._engines: dict[str, str] = {}

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engines[context.peer()] = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version="")

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.GetRequiredPackagesResponse()

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.GetRequiredPluginsResponse()

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        line = "rehearsal: the SDKs installed beside it are used; nothing was installed\n"
        yield language_pb2.InstallDependenciesResponse(stdout=line.encode())

    def RuntimeOptionsPrompts(self, request: Any, context: grpc.ServicerContext) -> Any:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        python = interpreter_for(Path(request.info.root_directory or "."), _options(request.info))
        return language_pb2.AboutResponse(executable=python, version=sys.version.split()[0])

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = sorted((item.metadata["Name"], item.version) for item in distributions())
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in found
                if request.transitiveDependencies or name.lower().startswith("pulumi")
            ]
        )

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        engine = self._engines.get(context.peer(), "")
        description = {
            "project": request.project,
            "stack": request.stack,
            "organization": request.organization or "organization",
            "root_directory": request.info.root_directory,
            "directory": request.info.program_directory,
            "entry": request.info.entry_point or ".",
            "arguments": list(request.args),
            "config": dict(request.config),
            "secret_keys": list(request.configSecretKeys),
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "monitor": request.monitor_address,
            "engine": engine,
        }
        python = interpreter_for(Path(request.info.root_directory), _options(request.info))
        environment = environment_of(context.peer())
        process = _start([python, "-u", str(_PROGRAM)], stdin=subprocess.PIPE, text=True, env=environment)
        context.add_callback(lambda: _end(process))
        log = EngineLog(engine)
        assert process.stdin
        assert process.stdout
        assert process.stderr
        readers = [
            threading.Thread(target=_forward, args=(pipe, log)) for pipe in (process.stdout, process.stderr)
        ]
        for reader in readers:
            reader.start()
        try:
            process.stdin.write(json.dumps(description))
            process.stdin.close()
        except BrokenPipeError:  # it died at once; its own output says why
            pass
        status = process.wait()
        for reader in readers:
            reader.join()
        log.close()
        if status == _REPORTED:
            return language_pb2.RunResponse(bail=True)
        if status != 0:
            how = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
            return language_pb2.RunResponse(error=f"the program ended with {how}")
        return language_pb2.RunResponse()

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Run a policy pack, for an engine that has a Python language plugin of its own beside it.

        Such an engine hands over stack and configuration in a later call instead of in the environment.
        """
        if request.kind != "analyzer":
            context.abort(
                grpc.StatusCode.UNIMPLEMENTED,
                f"a rehearsal runs no {request.kind} plugin from source; provider twins answer instead",
            )
        root = Path(request.info.root_directory or request.pwd)
        python = interpreter_for(root, _options(request.info))
        environment = {**environment_of(context.peer()), **dict(item.split("=", 1) for item in request.env)}
        argv = [python, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory or "."]
        process = _start(argv, stdin=subprocess.DEVNULL, text=False, cwd=root, env=environment)
        context.add_callback(lambda: _end(process))
        said: SimpleQueue[Any] = SimpleQueue()

        def read(pipe: IO[bytes], *, is_error: bool) -> None:
            for line in pipe:
                wrapped = {"stderr" if is_error else "stdout": line}
                said.put(language_pb2.RunPluginResponse(**cast("dict[str, Any]", wrapped)))
            said.put(None)

        assert process.stdout
        assert process.stderr
        for pipe, is_error in ((process.stdout, False), (process.stderr, True)):
            threading.Thread(target=read, args=(pipe,), kwargs={"is_error": is_error}, daemon=True).start()
        open_pipes = 2
        while open_pipes:
            message = said.get()
            if message is None:
                open_pipes -= 1
            else:
                yield message
        yield language_pb2.RunPluginResponse(exitcode=process.wait())

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()


def _start(argv: list[str], **options: Any) -> subprocess.Popen[Any]:
    """A child in a session of its own: ctrl-C reaches the engine alone, which then ends the child."""
    return subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options
    )


def _end(process: subprocess.Popen[Any]) -> None:
    if process.poll() is None:
        process.terminate()


class LanguageServer:
    """The running language runtime, on a loopback port of its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=16, thread_name_prefix="language")
        self._server = grpc.server(self._pool)
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Runtime(), self._server)
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self) -> None:
        """Stop serving; a program that still runs is ended."""
        self._server.stop(grace=None)
        self._pool.shutdown(wait=False, cancel_futures=True)
