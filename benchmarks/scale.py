"""What the policy pack adds to the preview of a large stack: bare, with an empty pack, with ours.

The three are run in turn, round after round, so that whatever else slows the machine slows all of them; only
the ratios of their medians are worth quoting. The program is made up in a scratch directory: of every ten
resources four are config maps, two Deployments, two networks, one is a placement group, one a random name.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Final

from benchmarks.timing import Timing, once

__all__ = ["GOAL", "SIZES", "Measured", "measure"]

REPOSITORY: Final = Path(__file__).parent.parent
SIZES: Final = (1_000, 10_000)
"""Resources in a stack."""
ROUNDS: Final = 3
GOAL: Final = 1.15
"""How much longer a preview of 1,000 resources may take with our pack than with an empty one."""

_SETTINGS: Final = """\
config:
  sovereign:jurisdiction: eu
  pulumi:disable-default-providers: [civo, hcloud, kubernetes, minio, ovh, scaleway]
"""
_PROGRAM: Final = '''\
"""A made-up stack that breaks no rule."""

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pulumiverse_scaleway as scaleway

COUNT = {count}
IMAGE = "rg.fr-par.scw.cloud/team/page@sha256:" + "0" * 64

cloud = pulumi.ResourceOptions(provider=scaleway.Provider("cloud", region="fr-par", zone="fr-par-1"))
KUBECONFIG = """
clusters: [{{name: c, cluster: {{server: "https://example.api.k8s.fr-par.scw.cloud:6443"}}}}]
contexts: [{{name: c, context: {{cluster: c}}}}]
current-context: c
"""
cluster = pulumi.ResourceOptions(
    provider=kubernetes.Provider("cluster", cluster_identifier="example", kubeconfig=KUBECONFIG)
)


def deployment(name):
    labels = {{"app": name}}
    container = {{
        "name": "page",
        "image": IMAGE,
        "args": ["--port", "8000", "--root", "/srv"],
        "env": [{{"name": "LOG_LEVEL", "value": "info"}}, {{"name": "WORKERS", "value": "2"}}],
        "ports": [{{"container_port": 8000}}],
        "resources": {{"requests": {{"cpu": "100m", "memory": "64Mi"}}}},
    }}
    template = {{"metadata": {{"labels": labels}}, "spec": {{"containers": [container]}}}}
    kubernetes.apps.v1.Deployment(
        name, spec={{"selector": {{"match_labels": labels}}, "template": template}}, opts=cluster
    )


for index in range(COUNT):
    match index % 10:
        case 0 | 1:
            deployment(f"page-{{index}}")
        case 2 | 3:
            scaleway.network.Vpc(f"network-{{index}}", region="fr-par", opts=cloud)
        case 4:
            scaleway.instance.PlacementGroup(f"group-{{index}}", zone="fr-par-1", opts=cloud)
        case 5:
            random.RandomPet(f"name-{{index}}")
        case _:
            kubernetes.core.v1.ConfigMap(f"settings-{{index}}", data={{"key": "value"}}, opts=cluster)
'''
_EMPTY_PACK: Final = dedent(
    '''\
    """A pack with one policy, which checks nothing: a pack without any cannot be started."""

    from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy


    def nothing(args, report):
        pass


    policy = ResourceValidationPolicy(name="nothing", description="nothing", validate=nothing)
    PolicyPack(name="empty", policies=[policy], enforcement_level=EnforcementLevel.MANDATORY)
    '''
)


@dataclass(frozen=True)
class Measured:
    """The three previews of one size of stack."""

    size: int
    bare: Timing
    empty: Timing
    ours: Timing

    @property
    def ratio(self) -> float:
        """Our pack against the empty one."""
        return self.ours.median / self.empty.median

    @property
    def per_thousand(self) -> float:
        """Seconds that our pack takes for each thousand resources, the empty one taken off."""
        return (self.ours.median - self.empty.median) / self.size * 1000

    def __str__(self) -> str:
        ratios = (
            f"{self.size:,} resources: ours / empty = {self.ratio:.2f} (goal: {GOAL} at 1,000), "
            f"ours / bare = {self.ours.median / self.bare.median:.2f}, empty / bare = "
            f"{self.empty.median / self.bare.median:.2f}; ours - empty = {self.per_thousand:.2f} s "
            "for each 1,000"
        )
        return "\n".join([*map(str, (self.bare, self.empty, self.ours)), ratios])


def measure(sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> Iterator[Measured]:
    """Yield what each size of stack takes.

    Raises:
        CommandFailedError: a preview failed; if a rule found fault with the made-up stack, change the stack.
    """
    with tempfile.TemporaryDirectory() as scratch:
        project, empty = Path(scratch, "project"), Path(scratch, "empty")
        _write_pack(empty)
        packs = {
            "bare": [],
            "with an empty pack": ["--policy-pack", str(empty)],
            "with ours": ["--policy-pack", str(REPOSITORY / "policies")],
        }
        _write_project(project, 10)
        for name, arguments in packs.items():
            _preview(project, name, arguments)  # makes the stack, fills caches; does not count
        for size in sizes:
            _write_project(project, size)
            runs = [
                {name: _preview(project, name, arguments) for name, arguments in packs.items()}
                for _ in range(rounds)
            ]
            bare, nothing, ours = (
                Timing(f"preview of {size:,}, {name}", tuple(run[name] for run in runs)) for name in packs
            )
            yield Measured(size, bare, nothing, ours)


def _preview(project: Path, name: str, arguments: Sequence[str]) -> float:
    rehearse = [str(REPOSITORY / ".venv" / "bin" / "rehearse"), "-q"]
    command = [*rehearse, "pulumi", "preview", "--stack", "dev", "--suppress-progress", *arguments]
    return once(name, command, project, os.environ).median


def _write_project(directory: Path, size: int) -> None:
    directory.mkdir(exist_ok=True)
    (directory / "Pulumi.yaml").write_text("name: scale\nruntime: python\n")
    (directory / "Pulumi.dev.yaml").write_text(_SETTINGS)
    (directory / "__main__.py").write_text(_PROGRAM.format(count=size))


def _write_pack(directory: Path) -> None:
    directory.mkdir()
    options = {"virtualenv": str(REPOSITORY / ".venv")}
    manifest = {"runtime": {"name": "python", "options": options}, "version": "0.1.0"}
    (directory / "PulumiPolicy.yaml").write_text(json.dumps(manifest))  # JSON is YAML
    (directory / "__main__.py").write_text(_EMPTY_PACK)
