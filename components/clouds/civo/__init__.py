"""Civo: a managed k3s cluster in one region, whose nodes have public addresses behind a firewall.

Region codes are upper case and compared letter by letter before version 1.2.3 of the Terraform provider that
the Pulumi package wraps, so every resource that has a region names it exactly as the catalogue does.
"""

from components.clouds.civo._module import MODULE, CivoModule

__all__ = ["MODULE", "CivoModule"]
