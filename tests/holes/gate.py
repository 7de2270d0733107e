"""What a gate says about a whole program on the real engine, read back from what a person sees."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Final

from tests.conftest import REPOSITORY, Project

__all__ = ["CANARY", "PACK", "PRELUDE", "SETTING", "Preview", "new_project", "preview"]

PACK: Final = ("--policy-pack", str(REPOSITORY / "policies"))

CANARY: Final = "canary-7f3a9c51"
"""Stands in every secret of these programs; no output may ever show it."""

KUBECONFIG: Final = json.dumps(
    {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": "https://eu.api.k8s.fr-par.scw.cloud:6443"}}],
        "users": [{"name": "u", "user": {"token": CANARY}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
)

SETTING: Final = "pulumi:disable-default-providers"
DISABLED: Final = "[civo, hcloud, kubernetes, minio, ovh, scaleway]"
"""What reaches a cloud or a cluster; the programs leave random to its default provider."""

_BLAMED = re.compile(r"^\s*rule:\s+(?P<rule>\S+)\s*\n\s*resource:\s+\S+ \"(?P<name>[^\n]*)\"$", re.MULTILINE)

PRELUDE: Final = f"""\
import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pulumiverse_scaleway as scaleway
from pulumi import Output, ResourceOptions

CANARY = "{CANARY}"
DIGEST = "@sha256:" + "0" * 64
VLLM = "rg.fr-par.scw.cloud/team/vllm-openai" + DIGEST
PLAIN = "rg.fr-par.scw.cloud/team/page" + DIGEST
APPROVED = "mistralai/Mistral-7B-Instruct-v0.3"
REFUSED = "meta-llama/Llama-3.1-8B-Instruct"

later = random.RandomPet("later")
unknown = later.id  # nobody knows it before the update

eu = ResourceOptions(provider=scaleway.Provider("eu", region="fr-par"))
cluster = ResourceOptions(provider=kubernetes.Provider("cluster", kubeconfig={KUBECONFIG!r}))


def bucket(name, /, opts=eu, **properties):
    return scaleway.object.Bucket(name, opts=opts, **properties)


def template(*containers, **spec):
    return {{"metadata": {{"labels": {{"app": "x"}}}}, "spec": {{"containers": list(containers), **spec}}}}


def deployment(name, *containers, opts=cluster, **spec):
    return kubernetes.apps.v1.Deployment(
        name,
        spec={{"selector": {{"match_labels": {{"app": "x"}}}}, "template": template(*containers, **spec)}},
        opts=opts,
    )


def vllm(*args, **fields):
    return {{"name": "vllm", "image": VLLM, "args": list(args)}} | fields


"""
"""What every program of this folder begins with."""


@dataclass(frozen=True)
class Preview:
    """The outcome of one run of the gate."""

    status: int
    text: str

    @classmethod
    def of(cls, result: subprocess.CompletedProcess[str]) -> Preview:
        """Read what a run printed."""
        return cls(result.returncode, result.stdout)

    @property
    def refused(self) -> bool:
        """True if the exit status stops whoever comes next."""
        return self.status != 0

    @property
    def blamed(self) -> set[tuple[str, str]]:
        """Every pair of rule and resource name that a violation names."""
        return {(found["rule"], found["name"]) for found in _BLAMED.finditer(self.text)}

    def by(self, *rules: str) -> set[tuple[str, str]]:
        """The pairs of some rules."""
        return {(rule, name) for rule, name in self.blamed if rule in rules}

    def resources(self, *rules: str) -> set[str]:
        """The names that some rules blame; without rules, that any rule blames."""
        return {name for rule, name in self.blamed if not rules or rule in rules}


def new_project(directory: Path, program: str, config: Iterable[tuple[str, str]] = ()) -> Project:
    """A project of jurisdiction eu with a program that begins with ``PRELUDE``."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    settings = {"sovereign:jurisdiction": "eu", SETTING: DISABLED, **dict(config)}
    lines = "".join(f"  {key}: {value}\n" for key, value in settings.items())
    (directory / "Pulumi.dev.yaml").write_text(f"config:\n{lines}")
    project = Project(directory)
    project.program(PRELUDE + dedent(program))
    return project


def preview(project: Project, *arguments: str) -> Preview:
    """``pulumi preview`` with the pack."""
    return Preview.of(project.pulumi("preview", *PACK, *arguments))
