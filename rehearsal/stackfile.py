"""Stack configuration for the engine, with no write to a tracked file.

The engine keeps an encryption salt in the stack's YAML. A rehearsal hands it a copy instead
(`--config-file`), made anew before each command from the project's own file and the salt kept apart.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from rehearsal.errors import StackFileError
from rehearsal.workspace import Workspace

__all__ = ["StackFile", "project_name", "stack_names"]

_ENCRYPTION_KEYS = ("encryptionsalt", "encryptedkey", "secretsprovider")
_STAND_IN = "rehearsal-stand-in"


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        loaded: object = yaml.safe_load(path.read_text())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise StackFileError(
            f"{path.name} is not valid YAML: {where}{error.problem}. Mend it and run again."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise StackFileError(f"{path.name} is not valid YAML: {error}; mend it first") from error
    except OSError as error:
        raise StackFileError(f"{path} cannot be read: {error.strerror}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise StackFileError(
            f"{path.name} holds a {type(loaded).__name__}; a mapping with the key `config` is expected"
        )
    return cast("dict[str, Any]", loaded)


def project_name(project: Path) -> str:
    """The `name` in a project's Pulumi.yaml.

    Raises:
        StackFileError: it cannot be read, or has no name.
    """
    path = next(path for path in (project / "Pulumi.yaml", project / "Pulumi.yml") if path.is_file())
    name = _read_yaml(path).get("name")
    if not isinstance(name, str) or not name:
        raise StackFileError(f"{path} has no `name`; the engine needs one")
    return name


def stack_names(project: Path) -> list[str]:
    """The stacks that have a file, in the project's directory or the one `stackConfigDir` names."""
    files = sorted(_directory(project).glob("Pulumi.*.y*ml"))
    return [file.name.split(".", 1)[1].rsplit(".", 1)[0] for file in files]


def _directory(project: Path) -> Path:
    for name in ("Pulumi.yaml", "Pulumi.yml"):
        if (project / name).is_file():
            own = _read_yaml(project / name).get("stackConfigDir")
            return project / own if isinstance(own, str) else project
    return project


@dataclass(frozen=True)
class StackFile:
    """One stack's configuration as the project has it and as the engine gets it."""

    project: Path
    stack: str
    workspace: Workspace

    @property
    def own(self) -> Path:
        """The project's file, which need not exist."""
        directory = _directory(self.project)
        for suffix in ("yaml", "yml"):
            path = directory / f"Pulumi.{self.stack}.{suffix}"
            if path.is_file():
                return path
        return directory / f"Pulumi.{self.stack}.yaml"

    @property
    def salt(self) -> Path:
        """Where the salt is kept."""
        return self.workspace.stack_files / f"salt.{self.stack}.yaml"

    @property
    def copy(self) -> Path:
        """The file the engine gets."""
        return self.workspace.stack_files / f"Pulumi.{self.stack}.yaml"

    def write_copy(self) -> list[str]:
        """Make the engine's copy; returns the keys whose encrypted values were replaced by a stand-in.

        Values encrypted for the real backend cannot be read here, and need not be.

        Raises:
            StackFileError: the project's file cannot be used.
        """
        content = {key: value for key, value in self._own_content().items() if key not in _ENCRYPTION_KEYS}
        replaced: list[str] = []
        config = content.get("config")
        if isinstance(config, dict):
            content["config"] = {
                key: _opened(str(key), value, replaced)
                for key, value in cast("dict[str, Any]", config).items()
            }
        if self.salt.exists():
            content.update(_read_yaml(self.salt))
        text = yaml.safe_dump(content, sort_keys=False)
        if not self.copy.exists() or self.copy.read_text() != text:
            self.copy.write_text(text)
        return replaced

    def _own_content(self) -> dict[str, Any]:
        return _read_yaml(self.own) if self.own.exists() else {}

    def write_project(self) -> None:
        """Put a minimal Pulumi.yaml beside the copy, for commands that need a project and no program."""
        text = f"name: {project_name(self.project)}\nruntime: python\n"
        (self.copy.parent / "Pulumi.yaml").write_text(text)

    def keep_salt(self) -> None:
        """Keep the encryption keys that the engine wrote into the copy when it made the stack."""
        content = _read_yaml(self.copy) if self.copy.exists() else {}
        self.salt.write_text(
            yaml.safe_dump({key: content[key] for key in _ENCRYPTION_KEYS if key in content})
        )

    def plain_values(self) -> dict[str, str]:
        """The copy's configuration as the engine hands it on: text, and JSON for what is no string."""
        config = cast("dict[str, Any]", _read_yaml(self.copy).get("config") or {})
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}

    def take_back(self) -> None:
        """Carry a change the user asked for (`pulumi config set`) from the copy into the project's own file.

        Raises:
            StackFileError: the change is a secret, which would be encrypted with the rehearsal's own key.
        """
        changed = _read_yaml(self.copy).get("config", {})
        own = self._own_content()
        before = cast("dict[str, Any]", own.get("config") or {})
        after: dict[str, Any] = {}
        for key, value in cast("dict[str, Any]", changed).items():
            if value == _STAND_IN and key in before:
                after[key] = before[key]
            elif _is_encrypted(value):
                raise StackFileError(
                    f"{key} was not stored in {self.own.name}: a rehearsal would encrypt it by its own key. "
                    "Set secrets with the real backend: `pulumi config set --secret` outside a rehearsal."
                )
            else:
                after[key] = value
        if after != before:
            self.own.write_text(yaml.safe_dump({**own, "config": after}, sort_keys=False))


def _is_encrypted(value: object) -> bool:
    return isinstance(value, dict) and set(cast("dict[str, Any]", value)) == {"secure"}


def _opened(path: str, value: Any, replaced: list[str]) -> Any:
    """The value with everything encrypted in it replaced by a stand-in."""
    if _is_encrypted(value):
        replaced.append(path)
        return _STAND_IN
    if isinstance(value, dict):
        nested = cast("dict[str, Any]", value)
        return {key: _opened(f"{path}.{key}", item, replaced) for key, item in nested.items()}
    if isinstance(value, list):
        return [_opened(f"{path}[{n}]", item, replaced) for n, item in enumerate(cast("list[Any]", value))]
    return value
