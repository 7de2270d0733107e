"""Credentials, and what the cloud says about the account they open."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence

from pulumi import automation

from components.clouds import CloudModule, unseen_stock
from components.clouds.inspection import Answer, Inspection, Verdict, stock_answer
from infra.settings import Settings

__all__ = ["EngineMissingError", "ask_cloud", "credentials"]

_PROJECT = "sovereign-preflight"


class EngineMissingError(Exception):
    """There is no engine to ask a cloud with."""

    def __init__(self) -> None:
        """Say how to get one."""
        super().__init__(
            "there is no pulumi on PATH; in rehearsal run `rehearse python -m preflight …`, for real install "
            "the engine (README, For real)"
        )


def credentials(module: CloudModule, environment: Mapping[str, str], *, rehearsal: bool) -> Iterator[Answer]:
    """Whether one of the cloud's ways to log in is set; values are never read."""
    ways = " or ".join(" and ".join(names) for names in module.credentials)
    missing = [[name for name in names if not environment.get(name)] for names in module.credentials]
    begun = [
        lacks for names, lacks in zip(module.credentials, missing, strict=True) if len(lacks) < len(names)
    ]
    found = next((names for names in module.credentials if all(environment.get(n) for n in names)), None)
    if rehearsal:
        yield Answer(about="credentials", verdict=Verdict.GOOD, found="a rehearsal needs none")
    elif found is None:
        yield Answer(
            about="credentials",
            verdict=Verdict.FAIL,
            found=f"{ways}: not set" + (f"; {' and '.join(begun[0])} missing" if begun else ""),
            remedy="set them to a key of the account of this jurisdiction",
        )
    else:
        yield Answer(about="credentials", verdict=Verdict.GOOD, found=f"{' and '.join(found)} set")


def ask_cloud(
    settings: Settings, module: CloudModule, *, names: bool = True, rehearsal: bool
) -> Sequence[Answer]:
    """Ask the cloud through its own provider plugin, in a preview of a program that creates nothing.

    The engine, the plugin and the credentials are those of a later ``pulumi up``; the state of this preview
    is thrown away.

    Args:
        settings: of one site.
        module: its cloud's.
        names: whether the names of the stack are in this cloud's DNS, as those of the home site's are.
        rehearsal: whether twins answer.

    Raises:
        automation.CommandError: the preview failed.
        EngineMissingError: there is no engine.
    """
    if shutil.which("pulumi") is None:
        raise EngineMissingError
    answers: list[Answer] = []

    def program() -> None:
        answers.clear()
        provider = module.provider("preflight", settings.place, settings.project)
        needs = Inspection(
            place=settings.place,
            project=settings.project,
            cpu_node_type=settings.cpu_node_type,
            dns_zone=settings.dns_zone if names else None,
            vcpus=_vcpus(settings),
        )
        answers.extend(module.inspect(needs, provider))
        for candidate in settings.gpu:
            ordered_in = candidate.node_type.ordered_in
            if candidate.reserved:
                found = Answer(about=str(candidate), verdict=Verdict.GOOD, found="reserved, by the settings")
            elif ordered_in is not None:
                found = Answer(
                    about=f"{candidate.node_type.name} in {candidate.zone.code}",
                    verdict=Verdict.UNTOLD,
                    found=unseen_stock(ordered_in),
                    remedy=f"count the hosts that have joined: {candidate.minimum} are needed "
                    "(sovereign:gpuNodesMin)",
                )
            else:
                found = stock_answer(
                    candidate.node_type.name,
                    candidate.zone.code,
                    lambda asked=candidate: module.stock(
                        asked.node_type.name, asked.zone, provider, settings.project
                    ),
                )
            answers.append(found)

    with tempfile.TemporaryDirectory() as scratch:
        stack = automation.create_or_select_stack(
            stack_name=f"preflight-{settings.name}",
            project_name=_PROJECT,
            program=program,
            opts=automation.LocalWorkspaceOptions(
                project_settings=automation.ProjectSettings(name=_PROJECT, runtime="python"),
                env_vars={} if rehearsal else _throw_away_state(scratch),
            ),
        )
        try:
            stack.preview()
        finally:
            stack.workspace.remove_stack(stack.name)
    return answers


def _vcpus(settings: Settings) -> int | None:
    pools = [(settings.cpu_node_type, settings.cpu_nodes_min)]
    # What a person orders elsewhere is in no quota of the account.
    pools += [
        (each.node_type, each.minimum) for each in settings.gpu[:1] if each.node_type.ordered_in is None
    ]
    counts = [node_type.vcpus * nodes if node_type.vcpus else None for node_type, nodes in pools]
    return None if None in counts else sum(count for count in counts if count)


def _throw_away_state(directory: str) -> dict[str, str]:
    """A backend of its own; a rehearsal has one already, and keeps its stacks apart by project."""
    return {"PULUMI_BACKEND_URL": f"file://{directory}", "PULUMI_CONFIG_PASSPHRASE": ""}
