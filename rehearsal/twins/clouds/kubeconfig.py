"""A kubeconfig as a managed cluster hands it out, for a cluster that does not exist."""

import base64
from dataclasses import dataclass

import yaml

from rehearsal.twins.outputs import short_hash

__all__ = ["Kubeconfig", "made_up_kubeconfig"]


@dataclass(frozen=True)
class Kubeconfig:
    """The text and the parts that clouds also give out one by one."""

    text: str
    host: str
    certificate_authority: str
    """Base64."""
    token: str


def made_up_kubeconfig(name: str, id_: str, host: str) -> Kubeconfig:
    """One cluster, one user with a token, one context, all called `name`."""
    authority = base64.b64encode(f"rehearsal certificate authority of {id_}".encode()).decode()
    token = f"rehearsal-{short_hash(id_, 24)}"
    text = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": host, "certificate-authority-data": authority}}
            ],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=False,
    )
    return Kubeconfig(text, host, authority, token)
