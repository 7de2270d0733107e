"""Everything the twin clouds hold, in one SQLite file.

Each change is one transaction in write-ahead mode, so a process killed at any moment leaves either the
state before or the state after. Several processes may use the file at once.
"""

import json
import sqlite3
import threading
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.cloud.faults import Fault, FaultKind
from rehearsal.errors import WorkspaceError

__all__ = ["CloudObject", "CloudStore"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    sequence INTEGER PRIMARY KEY,
    type     TEXT NOT NULL,
    id       TEXT NOT NULL,
    urn      TEXT NOT NULL,
    inputs   TEXT NOT NULL,
    outputs  TEXT NOT NULL,
    created  TEXT NOT NULL,
    known    INTEGER NOT NULL DEFAULT 0,
    UNIQUE (type, id)
);
CREATE INDEX IF NOT EXISTS objects_by_urn ON objects (urn);
CREATE TABLE IF NOT EXISTS faults (
    number    INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    place     TEXT,
    operation TEXT NOT NULL,
    message   TEXT NOT NULL,
    quota     INTEGER NOT NULL,
    seconds   REAL NOT NULL,
    once      INTEGER NOT NULL
);
"""

_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class CloudObject:
    """One thing that exists in a twin cloud."""

    type: str
    id: str
    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    created: str
    """UTC, ISO 8601."""
    known: bool
    """Whether the engine's state holds it, as of the last command. One that it does not hold was created by a
    run that goes on, or left behind by one that was killed."""


def _object(row: sqlite3.Row) -> CloudObject:
    return CloudObject(
        type=row["type"],
        id=row["id"],
        urn=row["urn"],
        inputs=json.loads(row["inputs"]),
        outputs=json.loads(row["outputs"]),
        created=row["created"],
        known=bool(row["known"]),
    )


def _fault(row: sqlite3.Row) -> Fault:
    return Fault(
        number=row["number"],
        kind=FaultKind(row["kind"]),
        subject=row["subject"],
        place=row["place"],
        operation=row["operation"],
        message=row["message"],
        limit=row["quota"],
        seconds=row["seconds"],
        once=bool(row["once"]),
    )


class CloudStore:
    """The clouds' state. Safe to use from several threads and several processes.

    Raises:
        WorkspaceError: from any method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_WAIT_SECONDS, check_same_thread=False, isolation_level=None
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.Error) -> WorkspaceError:
        return WorkspaceError(
            f"the clouds' state in {self.path} cannot be used: {error}. Check that its directory is writable "
            "and that the disk is not full; nothing already stored is lost."
        )

    def close(self) -> None:
        """Close the file."""
        with self._guard:
            self._connection.close()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._guard:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def _rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self._guard:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    # Objects

    def add(
        self, type_: str, id_: str, urn: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> None:
        """Store a new object.

        Raises:
            ValueError: the cloud already has an object of this type and id.
        """
        created = datetime.now(UTC).isoformat(timespec="seconds")
        row = (type_, id_, urn, json.dumps(inputs), json.dumps(outputs), created)
        with self._transaction() as connection:
            taken = connection.execute(
                "SELECT 1 FROM objects WHERE type = ? AND id = ?", (type_, id_)
            ).fetchone()
            if taken:
                raise ValueError(f"{type_} {id_} already exists")
            connection.execute(
                "INSERT INTO objects (type, id, urn, inputs, outputs, created) VALUES (?, ?, ?, ?, ?, ?)", row
            )

    def find(self, type_: str, id_: str) -> CloudObject | None:
        """The object of this type and id."""
        rows = self._rows("SELECT * FROM objects WHERE type = ? AND id = ?", type_, id_)
        return _object(rows[0]) if rows else None

    def find_id(self, id_: str) -> CloudObject | None:
        """The first object with this id, of whatever type: how a child finds the parent it names."""
        rows = self._rows("SELECT * FROM objects WHERE id = ? ORDER BY sequence LIMIT 1", id_)
        return _object(rows[0]) if rows else None

    def left_behind(self, urn: str) -> CloudObject | None:
        """An object of this URN that the engine's state does not hold."""
        rows = self._rows(
            "SELECT * FROM objects WHERE urn = ? AND known = 0 ORDER BY sequence DESC LIMIT 1", urn
        )
        return _object(rows[0]) if rows else None

    def matching(self, pattern: str = "*") -> list[CloudObject]:
        """Objects whose type, id, URN or resource name matches a shell pattern, oldest first."""
        query = (
            "SELECT * FROM objects WHERE type GLOB ?1 OR id GLOB ?1 OR urn GLOB ?1 OR urn GLOB '*::' || ?1 "
            "ORDER BY sequence"
        )
        return [_object(row) for row in self._rows(query, pattern)]

    def count(self, type_: str) -> int:
        """How many objects of a type exist."""
        return int(self._rows("SELECT count(*) FROM objects WHERE type = ?", type_)[0][0])

    def acknowledge(self, recorded: Iterable[tuple[str, str]]) -> None:
        """Note that the engine's state holds these objects, given as URN and id.

        An id in the store may carry its cluster after an `@`, which the engine does not see.
        """
        rows = [(urn, id_) for urn, id_ in recorded]
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE objects SET known = 1 WHERE known = 0 AND urn = ?1 "
                "AND (id = ?2 OR substr(id, 1, length(?2) + 1) = ?2 || '@')",
                rows,
            )

    def change(self, type_: str, id_: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> bool:
        """Replace an object's inputs and outputs; False when it does not exist."""
        with self._transaction() as connection:
            done = connection.execute(
                "UPDATE objects SET inputs = ?, outputs = ? WHERE type = ? AND id = ?",
                (json.dumps(inputs), json.dumps(outputs), type_, id_),
            )
        return done.rowcount > 0

    def remove(self, type_: str, id_: str) -> bool:
        """Delete an object; False when it does not exist."""
        with self._transaction() as connection:
            done = connection.execute("DELETE FROM objects WHERE type = ? AND id = ?", (type_, id_))
        return done.rowcount > 0

    # Faults

    def add_fault(self, fault: Fault) -> Fault:
        """Store a fault; the one returned carries its number."""
        values = (
            fault.kind.value,
            fault.subject,
            fault.place,
            fault.operation,
            fault.message,
            fault.limit,
            fault.seconds,
            int(fault.once),
        )
        with self._transaction() as connection:
            done = connection.execute(
                "INSERT INTO faults (kind, subject, place, operation, message, quota, seconds, once) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            number = done.lastrowid
        return _fault(self._rows("SELECT * FROM faults WHERE number = ?", number)[0])

    def faults(self, kind: FaultKind | None = None) -> list[Fault]:
        """What is set to go wrong, oldest first."""
        wanted = kind.value if kind else None
        return [
            _fault(row) for row in self._rows("SELECT * FROM faults WHERE ?1 IS NULL OR kind = ?1", wanted)
        ]

    def use_up(self, fault: Fault) -> bool:
        """Take a once-only fault away; False when another call already has. Others stay, and answer True."""
        if not fault.once:
            return True
        return self.clear_fault(fault.number)

    def clear_fault(self, number: int) -> bool:
        """Remove one fault; False when there is none of this number."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM faults WHERE number = ?", (number,)).rowcount > 0

    def clear_faults(self) -> int:
        """Remove all faults; how many there were."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM faults").rowcount
