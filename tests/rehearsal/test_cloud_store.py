"""The clouds' state survives crashes and several users at once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.cloud import CloudStore, Fault, FaultKind
from rehearsal.errors import WorkspaceError

BUCKET = "scaleway:object/bucket:Bucket"
URN = "urn:pulumi:dev::sample::scaleway:object/bucket:Bucket::weights"


@pytest.fixture
def store(tmp_path: Path) -> CloudStore:
    return CloudStore(tmp_path / "cloud.sqlite")


def test_what_was_created_is_found_until_it_is_removed(store: CloudStore) -> None:
    store.add(BUCKET, "fr-par/weights", URN, {"name": "weights"}, {"name": "weights", "endpoint": "e"})
    found = store.find(BUCKET, "fr-par/weights")
    assert found is not None
    assert found.outputs == {"name": "weights", "endpoint": "e"}
    assert store.remove(BUCKET, "fr-par/weights")
    assert store.find(BUCKET, "fr-par/weights") is None


def test_two_objects_cannot_share_a_name(store: CloudStore) -> None:
    store.add(BUCKET, "fr-par/weights", URN, {}, {})
    with pytest.raises(ValueError, match="fr-par/weights already exists"):
        store.add(BUCKET, "fr-par/weights", URN, {}, {})


def test_an_object_that_the_state_does_not_hold_counts_as_left_behind(store: CloudStore) -> None:
    store.add(BUCKET, "fr-par/weights", URN, {}, {})
    assert store.left_behind(URN)
    store.acknowledge([(URN, "fr-par/weights")])
    assert store.left_behind(URN) is None


@pytest.mark.parametrize("pattern", ["weights", "scaleway:*", "fr-par/*", URN, "*"])
def test_an_object_is_found_by_name_type_id_or_urn(store: CloudStore, pattern: str) -> None:
    store.add(BUCKET, "fr-par/weights", URN, {}, {})
    assert [item.id for item in store.matching(pattern)] == ["fr-par/weights"]


def test_a_fault_strikes_once_even_for_two_callers_at_once(store: CloudStore) -> None:
    fault = store.add_fault(Fault(0, FaultKind.ERROR, BUCKET, once=True))
    with ThreadPoolExecutor(8) as pool:
        struck = list(pool.map(lambda _: store.use_up(fault), range(8)))
    assert struck.count(True) == 1


def test_a_directory_that_cannot_be_written_ends_in_one_clear_message(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="writable"):
        CloudStore(tmp_path / "missing" / "cloud.sqlite")


def test_a_process_killed_while_writing_loses_nothing_it_had_stored(tmp_path: Path) -> None:
    file = tmp_path / "cloud.sqlite"
    source = (
        "import itertools, sys; from pathlib import Path; from rehearsal.cloud import CloudStore\n"
        f"store = CloudStore(Path({str(file)!r}))\n"
        "for n in itertools.count():\n"
        f"    store.add({BUCKET!r}, str(n), {URN!r}, {{'n': n}}, {{'n': n, 'filler': 'x' * 5000}})\n"
        "    print(n, flush=True)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE, text=True)
    assert writer.stdout
    deadline = time.monotonic() + 20
    last = -1
    while last < 50 and time.monotonic() < deadline:
        last = int(writer.stdout.readline())
    os.kill(writer.pid, signal.SIGKILL)
    confirmed = [last, *(int(line) for line in writer.stdout)][-1]
    writer.wait()
    assert confirmed >= 50
    stored = CloudStore(file)
    assert {item.id for item in stored.matching(BUCKET)} >= {str(n) for n in range(confirmed + 1)}
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)
