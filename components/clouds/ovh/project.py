"""What every resource of a Public Cloud project needs to know: the project."""

from __future__ import annotations

from components.clouds.contract import Site

__all__ = ["project_named", "project_of"]


def project_of(site: Site) -> str:
    """The project of the stack, for ``serviceName``.

    Raises:
        ValueError: there is none; the provider would take one from the environment, perhaps another
            jurisdiction's.
    """
    return project_named(site.project)


def project_named(project: str | None) -> str:
    """``project``, if there is one.

    Raises:
        ValueError: there is none.
    """
    if project is None:
        message = (
            "sovereign:serviceName is missing. Allowed: the id of the OVHcloud project of this jurisdiction; "
            "without it the provider would take OVH_CLOUD_PROJECT_SERVICE from the environment"
        )
        raise ValueError(message)
    return project
