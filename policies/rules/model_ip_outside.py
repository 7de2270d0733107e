"""No model is served outside the cluster.

An inference server in the start script of a machine, in a container that a cloud runs itself or in a command
beside the program stands behind no router and no network policy, whichever model it serves. Their commands
are read like those of containers, with one difference: a script that sets up a machine may run what it has
installed. An image or a snapshot with a server in it, the code of a function, and a start script that is only
known after the update (until then) say nothing to this rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.facts import Resource
from policies.models.outside import served_outside
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._model_ip import REFERENCES
from policies.rules._serving import violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "model-ip-outside"
_NO_EXCEPTION: Final = "none. What no router stands before and nobody can read cannot be accepted"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None or resource.package == "kubernetes":
        return
    for where, problem in dict.fromkeys(served_outside(resource)):
        yield violation(
            _ID,
            resource,
            found=f"{where}: {problem}; this is outside the cluster, where no router and no network policy "
            "stand",
            allowed="machines, containers and commands that serve no model, with every program that they "
            "start written out",
            fix="serve the model as a Deployment of this program, behind the router; where no model is "
            "served, write the commands so that they can be read",
            exception=_NO_EXCEPTION,
        )


RULE = ResourceRule(
    id=_ID,
    family=Family.MODEL_IP,
    title="No model is served outside the cluster",
    why="A machine whose start script runs an inference server serves any model to anybody: no lock names "
    "its weights, no router refuses a request of the other jurisdiction, no network policy keeps it from "
    "its maker.",
    law="Copyright and the licence of each checkpoint; GDPR and UK GDPR, articles 44 and 32",
    source="Inputs of pulumi-hcloud 1.43.3, pulumi-ovh 2.22.0, pulumi-civo 2.4.8 and pulumiverse-scaleway "
    "1.60.0, 2026-11-24; formats of cloud-init's user data from memory, 2026-11-24",
    references=(*REFERENCES, "GDPR Art 32", "GDPR Art 44", "UK GDPR Art 32", "UK GDPR Chapter V"),
    severity=Severity.CRITICAL,
    fix="Serve it in the cluster, as a Deployment of this program behind the router.",
    exception=_NO_EXCEPTION,
    check=_check,
)
