"""The Go commands this project builds for itself."""

import shutil
from pathlib import Path

from rehearsal.engine.build import GoCommand, built

__all__ = ["HELM", "PULUMI", "helm_binary"]

PULUMI = GoCommand(
    name="pulumi",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version_variable="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
    cost="3 to 6 minutes on two cores, once",
)

HELM = GoCommand(
    name="helm",
    package="helm.sh/helm/v3/cmd/helm",
    version_variable="helm.sh/helm/v3/internal/version.version",
    cost="1 to 3 minutes on two cores, once",
)


def helm_binary() -> Path:
    """Helm 3 from PATH, else the pinned one, built on first use.

    Raises:
        EngineError: it cannot be built.
    """
    on_path = shutil.which("helm")
    return Path(on_path) if on_path else built(HELM)
