"""Every model that a workload may serve is allowed in the stack's jurisdiction.

A workload may serve what its inference servers name, what an unknown program is given by path or flag,
and any model at all where nobody can tell what a container runs: a program whose name is computed, a text
piped into a shell, a file on a volume, weights mounted into an image whose entry point is not known. No
sign of a server is asked for there (GPU, image, port, label), because hiding needs none of them.

A path is only evidence of a model if nothing says otherwise: a model of a known developer counts wherever a
workload names it, in a word, a variable, a volume, an image or the text of a ConfigMap, and no volume may lay
another model or other code before a server. Files of ConfigMaps are judged by ``model-ip-files`` as well,
kinds of custom resources by ``model-ip-unclassified``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalog import Use
from catalog.marks import MODELS_DIRECTORY
from policies.acceptances import accepted
from policies.facts import Resource
from policies.models import Reference, models_served
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._model_ip import REFERENCES, SOURCE
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "model-ip"
_HOW: Final = (
    "add an entry to policies/acceptances.yaml (rule model-ip, the exact model id, the jurisdiction, an "
    "owner, a reason, a ticket, an expiry date at most 180 days ahead)"
)


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    seen: set[Reference] = set()
    for reference in models_served(resource):
        if reference not in seen:
            seen.add(reference)
            violation = _judge(resource, reference, context, context.jurisdiction)
            if violation is not None:
                yield violation


def _judge(resource: Resource, reference: Reference, context: Context, jurisdiction: str) -> Violation | None:
    allowed = f"models that the catalogue approves for {jurisdiction}: {_approved(context, jurisdiction)}"
    if reference.model is None:
        return _violation(
            resource,
            found=f"{reference.where}: {reference.problem}",
            allowed=f"a model named by hub id or as {MODELS_DIRECTORY}/<developer>/<name>; {allowed}",
            fix=reference.fix,
            exception="none. What cannot be read cannot be accepted",
        )
    model_id = _spelt(reference, context, jurisdiction)
    found = f"{reference.where}: model {model_id}"
    model = context.catalog.model(model_id)
    if model is None:
        return _violation(
            resource,
            found=f"{found}, which is not in the catalogue",
            allowed=allowed,
            fix="serve an allowed model, or have this one vetted: add it to catalog/data/models.yaml with "
            "developer, country, licence and lineage",
            exception="none for a model that nobody has looked at",
        )
    use = model.uses.get(jurisdiction, Use.REFUSED)
    about = f"{found} ({model.developer}, {model.country}; licence {model.licence})"
    if use is Use.APPROVED:
        return None
    if use is Use.ACCEPTANCE:
        if _is_accepted(model_id, context, jurisdiction):
            return None
        return _violation(
            resource,
            found=f"{about}, which needs an acceptance in {jurisdiction} and has none today: {model.reason}"
            + "".join(f" ({problem})" for problem in context.acceptance_problems),
            allowed=allowed,
            fix="serve an allowed model, or have somebody accept this one",
            exception=_HOW,
        )
    return _violation(
        resource,
        found=f"{about}, which is refused in {jurisdiction}: {model.reason}",
        allowed=allowed,
        fix="serve an allowed model",
        exception=f"none. The catalogue refuses it in {jurisdiction}; only another licence can change that",
    )


def _spelt(reference: Reference, context: Context, jurisdiction: str) -> str:
    """Return the id of a model as an acceptance spells it, where letter case says nothing."""
    text = reference.model or ""
    accepted_ids = (
        each.subject
        for each in context.acceptances
        if each.rule == _ID and each.jurisdiction == jurisdiction and isinstance(each.subject, str)
    )
    same = (each for each in accepted_ids if reference.any_case and each.lower() == text.lower())
    return next(same, text)


def _is_accepted(model_id: str, context: Context, jurisdiction: str) -> bool:
    acceptance = accepted(
        context.acceptances, rule=_ID, jurisdiction=jurisdiction, today=context.today, subject=model_id
    )
    return acceptance is not None


def _approved(context: Context, jurisdiction: str) -> str:
    ids = sorted(model.id for model in context.catalog.models if model.uses.get(jurisdiction) is Use.APPROVED)
    return ", ".join(ids[:4]) + (
        f" and {len(ids) - 4} more in catalog/data/models.yaml" if len(ids) > 4 else ""
    )


def _violation(resource: Resource, *, found: str, allowed: str, fix: str, exception: str) -> Violation:
    return Violation(_ID, resource.urn, resource.type, resource.name, found, allowed, fix, exception)


RULE = ResourceRule(
    id=_ID,
    family=Family.MODEL_IP,
    title="Only models that the catalogue allows in this jurisdiction are served",
    why="A licence can grant in one territory what it withholds in another; unnamed models are models too. A "
    "program that nobody can read may serve any model, so in every container, with a GPU or without, each "
    "program that its command starts must be written out, or stand in a script that can be read. Weights of "
    "one model can also lie under the name of another: what a volume, an image, a download or a "
    "configuration says counts as much as the server's arguments.",
    law="Copyright and the licence of each checkpoint; EU AI Act duties of whoever puts a model into service",
    source=SOURCE,
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Serve an approved model, named so that a reader of the manifest can tell which it is.",
    exception=f"For a model whose row says acceptance: {_HOW}.",
    acceptable=True,
    check=_check,
)
