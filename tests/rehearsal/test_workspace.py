"""A place where nothing can be written ends in one clear message."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from rehearsal.errors import WorkspaceError
from rehearsal.workspace import Workspace, project_directory
from tests.conftest import REHEARSE, Project


def test_everything_a_rehearsal_writes_ignores_itself_in_git(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / ".rehearsal")
    workspace.prepare()
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    status = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_secrets_of_a_rehearsal_are_for_its_owner_alone(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / ".rehearsal")
    workspace.prepare()
    assert workspace.root.stat().st_mode & 0o077 == 0
    assert workspace.passphrase.stat().st_mode & 0o077 == 0


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / ".rehearsal")
    workspace.prepare()
    passphrase = workspace.passphrase.read_text()
    workspace.prepare()
    assert workspace.passphrase.read_text() == passphrase


def test_a_directory_that_cannot_be_made_is_named_with_the_way_out() -> None:
    with pytest.raises(WorkspaceError, match=r"cannot write /proc/nowhere.*--workspace"):
        Workspace(Path("/proc/nowhere")).prepare()


def test_a_full_disk_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5 * 1024**2))
    with pytest.raises(WorkspaceError, match="only 5 MiB are free"):
        Workspace(tmp_path / ".rehearsal").prepare()


def test_the_project_is_the_nearest_directory_upwards_with_a_pulumi_yaml(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert project_directory(below) == tmp_path


@pytest.mark.engine
def test_on_a_terminal_the_engine_shows_its_own_colours_and_progress(project: Project) -> None:
    project.program('import pulumi_random as r; r.RandomId("id", byte_length=4)')
    leader, follower = pty.openpty()
    command = [str(REHEARSE), "pulumi", "preview", "--stack", "dev"]
    process = subprocess.Popen(
        command,
        cwd=project.directory,
        env={**os.environ, "TERM": "xterm-256color"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    said = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # the other end is closed: the command has ended
            break
        if not chunk:
            break
        said += chunk
    assert process.wait() == 0
    assert b"\x1b[" in said
    assert b"Previewing update" in said
