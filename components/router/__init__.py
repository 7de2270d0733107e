"""The jurisdiction router: decides where a request belongs before any of its data is read."""

from components.router.configuration import RouterConfiguration, Sibling, Upstream, render_router
from components.router.router import ROUTER_APP, JurisdictionRouter, RouterArgs

__all__ = [
    "ROUTER_APP",
    "JurisdictionRouter",
    "RouterArgs",
    "RouterConfiguration",
    "Sibling",
    "Upstream",
    "render_router",
]
