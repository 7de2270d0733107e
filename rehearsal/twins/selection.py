"""Which twin answers for which provider package."""

from collections.abc import Iterable

from rehearsal.cloud import CloudStore
from rehearsal.sdk import Package, installed_packages
from rehearsal.twins.behaviour import Behaviour
from rehearsal.twins.clouds import Civo, Hcloud, Minio, Ovh, Scaleway
from rehearsal.twins.echo import Echo
from rehearsal.twins.generators import Random, Tls
from rehearsal.twins.kubernetes import Kubernetes

__all__ = ["twins_for"]

_PARTICULAR: dict[str, type[Behaviour]] = {
    "civo": Civo,
    "hcloud": Hcloud,
    "kubernetes": Kubernetes,
    "minio": Minio,
    "ovh": Ovh,
    "random": Random,
    "scaleway": Scaleway,
    "tls": Tls,
}


def twins_for(store: CloudStore, echoed: Iterable[str] = ()) -> list[Behaviour]:
    """One behaviour for every installed SDK, and an echo for each name in `echoed` that has none."""
    installed = installed_packages()
    behaviours = [_PARTICULAR.get(name, Behaviour)(package, store) for name, package in installed.items()]
    names = sorted(set(echoed) - set(installed))
    return [*behaviours, *(Echo(Package(name, "0.0.0", ""), store) for name in names)]
