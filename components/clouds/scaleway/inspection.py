"""What Scaleway is asked before a start."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi
import pulumiverse_scaleway as scaleway

from components.clouds.inspection import Answer, Inspection, Verdict, stock_answer, untold
from components.clouds.scaleway.stock import stock
from components.clouds.stock import StockUntoldError, asked

__all__ = ["inspect"]


def inspect(needs: Inspection, provider: pulumi.ProviderResource) -> Iterator[Answer]:
    """The project, the CPU node type, and what a person must look up."""
    yield _project(needs, provider)
    node_type, zone = needs.cpu_node_type.name, needs.place.code
    yield stock_answer(node_type, zone, lambda: stock(node_type, zone, provider))
    yield from untold(
        "quota",
        "the provider has no call for it",
        "console, Organization, Quotas: Instances of each node type, Kapsule clusters, gateways, addresses",
    )


def _project(needs: Inspection, provider: pulumi.ProviderResource) -> Answer:
    options = pulumi.InvokeOptions(provider=provider)
    try:
        project = asked(lambda: scaleway.account.get_project(project_id=needs.project, opts=options))
    except StockUntoldError as error:
        return Answer(
            about="project",
            verdict=Verdict.FAIL,
            found=str(error),
            remedy="set SCW_ACCESS_KEY and SCW_SECRET_KEY of a key that may read sovereign:projectId",
        )
    return Answer(
        about="project",
        verdict=Verdict.GOOD,
        found=f"{project.name} ({needs.project}); its name should tell the jurisdiction",
    )
