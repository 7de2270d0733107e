"""Where reverse proxies other than HAProxy send requests, whatever their make.

Configurations are read from config maps, secrets, command lines and annotations, as far as it takes to see
their upstreams and redirections; nothing here says whether a host is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from policies.proxies.apache import targets_in_apache
from policies.proxies.caddy import targets_in_caddyfile
from policies.proxies.directives import targets_in_directives
from policies.proxies.fields import targets_in_documents
from policies.proxies.nginx import targets_in_nginx
from policies.proxies.targets import Target

__all__ = ["targets_in_text"]


def targets_in_text(text: str, name: str = "", files: Set[str] = frozenset()) -> Iterator[Target]:
    """Yield every place that a configuration inside a text leads to.

    ``name`` is what its file is called, ``files`` are those that stand beside it.

    Raises:
        TooMuchError: it is a file of YAML, JSON or TOML that nobody can walk to its end.
    """
    lowered = text.lower()
    yield from targets_in_nginx(text, files)
    yield from targets_in_apache(text, lowered)
    yield from targets_in_caddyfile(text)
    yield from targets_in_directives(text, lowered, name)
    yield from targets_in_documents(text, lowered)
