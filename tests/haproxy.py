"""A real HAProxy for tests: from PATH, else unpacked from Debian's packages, without installing.

Only the versions whose refusal reads no body are accepted (2.6, 2.8); others are skipped with the reason.
"""

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from rehearsal.engine.cache import cache_directory, exclusive, moved_into_place

__all__ = ["haproxy_command"]

_GOOD = re.compile(r"version 2\.[68]\b")


def _unpacked() -> Path | None:
    """A script in the cache that starts Debian's HAProxy with Debian's libraries, or None."""
    home = cache_directory() / "haproxy"
    script = home / "haproxy"
    with exclusive("haproxy"):
        if not script.exists() and shutil.which("apt-get") and os.geteuid() == 0:
            _unpack(home)
    return script if script.exists() else None


def _unpack(home: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch, moved_into_place(home) as unfinished:
        Path(scratch, "partial").mkdir()
        subprocess.run(["apt-get", "update", "-qq"], capture_output=True, check=False)
        options = ["-o", f"Dir::Cache::archives={scratch}", "-o", "APT::Sandbox::User=root"]
        command = [
            "apt-get",
            "install",
            "--yes",
            "--download-only",
            "--no-install-recommends",
            *options,
            "haproxy",
        ]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode != 0:
            pytest.skip(f"Debian's haproxy package cannot be fetched: {fetched.stderr.strip()[-200:]}")
        for package in Path(scratch).glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(unfinished)], check=True)
        libraries = {str(file.parent.relative_to(unfinished)) for file in unfinished.rglob("*.so*")}
        search = ":".join(f"$here/{directory}" for directory in sorted(libraries))
        (unfinished / "haproxy").write_text(
            f'#!/bin/sh\nhere=$(dirname "$0")\nexport LD_LIBRARY_PATH="{search}"\n'
            'exec "$here/usr/sbin/haproxy" "$@"\n'
        )
        (unfinished / "haproxy").chmod(0o755)


@cache
def haproxy_command() -> str:
    """The program to start; skips the test that asks when there is none."""
    on_path = shutil.which("haproxy")
    if on_path is None and Path("/usr/sbin/haproxy").exists():
        on_path = "/usr/sbin/haproxy"
    command = on_path or _unpacked()
    if command is None:
        pytest.skip("no haproxy on PATH; install version 2.6 or 2.8, for example Debian 12's package")
    version = subprocess.run([str(command), "-v"], capture_output=True, text=True, check=False).stdout
    if not _GOOD.search(version):
        pytest.skip(
            f"HAProxy 2.6 or 2.8 is needed, for its refusal that reads no body; found {version[:40]!r}"
        )
    return str(command)
