"""Resources of a cloud, and objects in a cluster, use an explicit provider that says where it leads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import Provider, Resource, provider_type
from policies.locality import load_locality
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._clusters import PROVIDER, is_ambient
from policies.rules._residency import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "residency-provider"
_COMPONENTS: Final = (
    "kubernetes:helm.sh/v2:Chart",
    "kubernetes:helm.sh/v3:Chart",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:kustomize",
    "kubernetes:yaml",
)
"""Components of the package kubernetes, which have children and no provider of their own."""

_SETTING: Final = (
    'pulumi:disable-default-providers: ["*"] in the stack configuration makes a forgotten one an error'
)


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    package = resource.package
    if resource.type == PROVIDER:
        yield from _cluster(resource)
    elif _leads_somewhere(resource) and (resource.provider is None or resource.provider.is_default):
        found = "no provider" if resource.provider is None else f"the default provider of {package}"
        what = "cluster comes" if package == "kubernetes" else "account and place come"
        yield violation(
            _ID,
            resource,
            found=f"{found}: its {what} from the environment of whoever runs this",
            allowed=f"a {provider_type(package)} that the program declares, not named default",
            fix=f"pass ResourceOptions(provider=…), or a component with providers=[…] as parent; {_SETTING}",
        )


def _leads_somewhere(resource: Resource) -> bool:
    """Return True for what a provider puts into an account or a cluster; random and tls reach nothing."""
    if resource.package == "kubernetes":
        return resource.provider is not None or not resource.type.startswith(_COMPONENTS)
    return load_locality().cloud_of(resource.package) is not None


def _cluster(provider: Resource) -> Iterator[Violation]:
    itself = Provider(provider.type, provider.urn, provider.name)
    if itself.is_default or not is_ambient(provider):
        return
    yield violation(
        _ID,
        provider,
        found="`kubeconfig` is not given, or is no kubeconfig but perhaps a path to one: which cluster this "
        "is comes from the machine of whoever runs this",
        allowed="the text of a kubeconfig, best as an output of the cluster that this stack declares",
        fix="pass kubeconfig=cluster.kubeconfig; a context of a file at home is another one on every machine",
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.RESIDENCY,
    title="Cloud resources and objects in a cluster use an explicit provider, never the default one",
    why="A default provider takes account, place and cluster from an environment that no rule can see.",
    law=LAW,
    source="Pulumi documentation, default and explicit providers: from memory, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Declare one provider for each cloud, cluster and jurisdiction and pass it on.",
    exception=NO_EXCEPTION,
    check=_check,
)
