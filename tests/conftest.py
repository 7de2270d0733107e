"""Shared by all rooms: whole programs on the real engine, in rehearsal."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir, redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import infra.wanted
from components.clouds import built_clouds, cloud_module
from rehearsal.cloud import CloudStore
from rehearsal.commands.app import app
from rehearsal.lock import write_made_up_locks
from rehearsal.session import rehearsing
from rehearsal.workspace import Workspace

REPOSITORY = Path(__file__).parent.parent
REHEARSE = Path(sys.executable).parent / "rehearse"


@dataclass(frozen=True)
class Project:
    """A Pulumi project in a directory of its own, run by `rehearse` as a user would."""

    directory: Path
    stack: str = "dev"

    @classmethod
    def copied(cls, source: Path, directory: Path, stack: str) -> "Project":
        """A copy of a project directory."""
        shutil.copytree(source, directory, ignore=shutil.ignore_patterns(".rehearsal", "__pycache__"))
        return cls(directory, stack)

    @classmethod
    def of_repository(cls, directory: Path, stack: str) -> "Project":
        """A copy of this repository's own program."""
        for file in REPOSITORY.glob("Pulumi*.yaml"):
            shutil.copy(file, directory / file.name)
        cls.copied(REPOSITORY / "infra", directory / "infra", stack)
        return cls(directory, stack)

    def program(self, source: str) -> None:
        """Write the program. One as long in the same second would be taken for the compiled one."""
        shutil.rmtree(self.directory / "__pycache__", ignore_errors=True)
        (self.directory / "__main__.py").write_text(dedent(source))

    def append_to_program(self, source: str) -> None:
        """Add lines to the end of the repository's own program."""
        with (self.directory / "infra" / "__main__.py").open("a") as program:
            program.write(dedent(source))

    def configure(self, key: str, value: object) -> None:
        """Set a key in the stack's file, as somebody would by hand."""
        file = self.directory / f"Pulumi.{self.stack}.yaml"
        content = yaml.safe_load(file.read_text())
        content["config"][key] = value
        file.write_text(yaml.safe_dump(content))

    def lock(self, site: str | None = None) -> None:
        """As `make lock`: a made-up lock for the home site, or for another one."""
        asked = ["--stack", self.stack, "--project", str(self.directory)]
        with redirect_stdout(StringIO()) as wanted:
            status = infra.wanted.main([*asked, "--site", site] if site else asked)
        assert status == 0, wanted.getvalue()
        workspace = self._workspace()
        workspace.prepare()
        write_made_up_locks(wanted.getvalue(), workspace.locks)

    def _workspace(self) -> Workspace:
        return Workspace(self.directory / ".rehearsal")

    def run(self, *arguments: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        """`rehearse …`, with both streams in `stdout`; what only looks into the clouds, in this process."""
        if "cloud" in arguments[:2]:
            place = ("--workspace", str(self._workspace().root))
            invoked = CliRunner().invoke(app, [*place, *arguments])
            return subprocess.CompletedProcess(arguments, invoked.exit_code, invoked.output)
        return subprocess.run(
            [str(REHEARSE), *arguments],
            cwd=self.directory,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )

    def pulumi(self, *arguments: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        """`rehearse pulumi … --stack dev`, but its twins live in this process, which knows the SDKs."""
        command = ["pulumi", *arguments, "--stack", self.stack]
        with chdir(self.directory), rehearsing(self._workspace(), quiet=True) as rehearsal:
            process = rehearsal.start(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                said, _ = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(command, process.returncode, said)

    def up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`pulumi up`, without the preview that comes first."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `rehearse …` in a process group of its own and go on."""
        return subprocess.Popen(
            [str(REHEARSE), *arguments],
            cwd=self.directory,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, secrets opened."""
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").stdout)

    def cloud(self, pattern: str = "*") -> list[dict[str, Any]]:
        """What exists in the twin clouds, as `rehearse cloud list --json` shows it, but at once."""
        store = CloudStore(self._workspace().cloud)
        try:
            return [asdict(item) for item in store.matching(pattern)]
        finally:
            store.close()


@pytest.fixture(scope="session", autouse=True)
def _no_cloud_credentials() -> None:
    """Whatever the developer's shell holds must not reach a test."""
    ways = [names for cloud in built_clouds() for names in cloud_module(cloud).credentials]
    credentials = {f"{name.partition('_')[0]}_" for names in ways for name in names}
    assert credentials >= {"SCW_", "OVH_", "HCLOUD_", "CIVO_", "MINIO_"}
    for name in [*os.environ]:
        if name.startswith(("PULUMI_", "SOVEREIGN_", "AWS_", *credentials)):
            del os.environ[name]


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> None:
    """Hundreds of processes import this repository: each would compile it anew."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first, so that no worker ends alone with one."""
    items.sort(key=_length)


def _length(item: pytest.Item) -> int:
    """0 for whole stacks, 1 for other programs on the engine, 2 for the rest."""
    if item.nodeid.startswith("tests/whole/"):
        return 0
    return 1 if item.get_closest_marker("engine") else 2


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project called `sample`."""
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    return Project(tmp_path)


@pytest.fixture
def sovereign(tmp_path: Path) -> Callable[[str], Project]:
    """A copy of this repository's own program, to be changed and run: `sovereign("eu")`."""
    return lambda stack: Project.of_repository(tmp_path, stack)
