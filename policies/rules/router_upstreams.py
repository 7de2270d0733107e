"""No proxy leads out of the jurisdiction, whichever it is: a web server, a gateway, a mesh, a relay of ports.

``router`` reads HAProxy. Here the other proxies are read as far as it takes to see where they send requests,
by their configuration, their objects in Kubernetes or their command line: each upstream has to be a Service
of the cluster, a private address, or an endpoint that the catalogue places in the jurisdiction. Where a
client is only told to go somewhere, and in a Service that is a name, the name may be anybody's, but not one
of another jurisdiction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from policies.documents import TooMuchError
from policies.facts import Resource, plain, select
from policies.proxies.commands import targets_in_commands
from policies.proxies.fields import targets_in_fields
from policies.proxies.targets import Target
from policies.proxies.texts import targets_in_text
from policies.proxies.variables import targets_in_variables
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._destinations import ALLOWED_HOSTS, host_of
from policies.rules._elsewhere import claimed_elsewhere, elsewhere, problem_of_upstream
from policies.rules._hosts import shown_path
from policies.rules._localities import locality_problems
from policies.rules._router import LAW, REFERENCES
from policies.rules.router import configurations_in
from policies.violations import Violation

__all__ = ["RULE"]

_ID: Final = "router-upstreams"
_NO_EXCEPTION: Final = (
    "none. Traffic that fails over across the border has crossed it; no answer is better than that one"
)
_UPSTREAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes:networking.istio.io/": tuple(
        f"spec.{protocol}.{path}"
        for protocol in ("http", "tls", "tcp")
        for path in ("route.destination.host", "mirror.host", "mirrors.destination.host")
    ),
    "kubernetes:gateway.envoyproxy.io/": (
        "spec.endpoints.fqdn.hostname",
        "spec.endpoints.ip.address",
        "spec.endpoints.hostname",
    ),
    "kubernetes:linkerd.io/": ("spec.dstOverrides.authority",),
    "kubernetes:configuration.konghq.com/": ("spec.host", "spec.url", "spec.target", "proxy.host"),
    "kubernetes:apisix.apache.org/": (
        "spec.externalNodes.name",
        "spec.http.plugins.config.host",
        "spec.http.plugins.config.override.endpoint",
        "spec.plugins.config.host",
    ),
}
"""Where objects of other groups name what requests are sent to, by the beginning of the type."""
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes:core/v1:Service": ("spec.externalName",),
    "kubernetes:core/v1:Endpoints": ("subsets.addresses.hostname",),
    "kubernetes:discovery.k8s.io/": ("endpoints.addresses",),
    "kubernetes:networking.istio.io/": (
        "spec.hosts",
        "spec.address",
        "spec.endpoints.address",
        "spec.http.redirect.authority",
    ),
    "kubernetes:gateway.networking.k8s.io/": (
        "spec.rules.filters.requestRedirect.hostname",
        "spec.rules.filters.urlRewrite.hostname",
        "spec.rules.backendRefs.filters.urlRewrite.hostname",
    ),
    "kubernetes:projectcontour.io/": ("spec.routes.requestRedirectPolicy.hostname",),
    "kubernetes:traefik.io/": ("spec.redirectRegex.replacement",),
    "kubernetes:traefik.containo.us/": ("spec.redirectRegex.replacement",),
}
"""Where a name is only not to be another jurisdiction's: what is told to clients, or stands in a registry."""
_ANNOTATIONS: Final = (
    "permanent-redirect",
    "temporal-redirect",
    "upstream-vhost",
    "auth-url",
    "auth-signin",
    "default-backend-redirect",
)
_SNIPPETS: Final = ("-snippet",)
_COPIES: Final = ("mirror-target",)
"""Annotations that name where a copy of each request goes."""
_SHAPED: Final = (
    "kubernetes:networking.istio.io/",
    "kubernetes:gateway.",
    "kubernetes:traefik.",
    "kubernetes:cilium.io/",
    "kubernetes:configuration.konghq.com/",
    "kubernetes:apisix.apache.org/",
)
"""Objects that may hold what stands in a file elsewhere."""
_ENTRY: Final = "kubernetes:networking.istio.io/"
_OF_THE_CLUSTER: Final = (".svc", ".svc.cluster.local")


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    seen: dict[tuple[str, str], str] = {}
    if resource.package == "kubernetes":
        for path, target in _targets(resource):
            problem = _problem(target, context)
            if problem:
                seen.setdefault((path, problem), f"`{shown_path(path)}`")
        for path, problem in locality_problems(resource, context):
            seen.setdefault((path, problem), f"`{shown_path(path)}`")
    told = {problem for _, problem in seen}
    for where, target in (*targets_in_commands(resource), *targets_in_variables(resource)):
        problem = _problem(target, context)
        if problem and problem not in told:  # a script is read as a text as well
            seen.setdefault((where, problem), where)
    for (_, problem), where in seen.items():
        yield _violation(resource, f"{where}: {problem}", context)


def _targets(resource: Resource) -> Iterator[tuple[str, Target | str]]:
    """Yield every place that a resource leads requests to, or why it cannot be read."""
    for is_redirection in (False, True):
        yield from _selected(resource, _paths(resource.type, is_redirection), is_redirection=is_redirection)
    if resource.type.startswith(_SHAPED):
        yield from (("spec", target) for target in targets_in_fields(resource.properties))
        yield from _hostname_references(resource)
        yield from _lent_names(resource)
    texts = tuple(_texts(resource))
    files = frozenset(_file_of(path) for path, _ in texts)
    for path, text in texts:
        try:
            yield from ((path, target) for target in targets_in_text(text, _file_of(path), files))
        except TooMuchError:
            yield path, "a configuration that is too large or too deep to be read"


def _file_of(path: str) -> str:
    """Return what the file of an entry is called: ``nginx.conf`` for ``data.nginx.conf``."""
    return path.partition(".")[2]


@cache
def _paths(type_token: str, is_redirection: bool) -> tuple[str, ...]:
    table = _NAMES if is_redirection else _UPSTREAMS
    return tuple(path for start, paths in table.items() if type_token.startswith(start) for path in paths)


def _selected(
    resource: Resource, paths: tuple[str, ...], *, is_redirection: bool
) -> Iterator[tuple[str, Target]]:
    for path in paths:
        for found in select(resource.properties, path):
            text = plain(found.value)
            if isinstance(text, str):
                host = text.partition("://")[2].partition("/")[0] if "://" in text else text
                yield found.path, Target("the name", host.removeprefix("*."), is_redirection)


def _hostname_references(resource: Resource) -> Iterator[tuple[str, Target]]:
    """Yield the backends of a route of Gateway API that are a name and not a Service."""
    for path in ("spec.rules.backendRefs", "spec.rules.filters.requestMirror.backendRef"):
        for found in select(resource.properties, path):
            fields = plain(found.value)
            name = plain(fields.get("name")) if isinstance(fields, Mapping) else None
            if (
                isinstance(fields, Mapping)
                and plain(fields.get("kind")) == "Hostname"
                and isinstance(name, str)
            ):
                yield found.path, Target("the name", name)


def _lent_names(resource: Resource) -> Iterator[tuple[str, Target]]:
    """Yield the endpoints of an entry of Istio that lends a name of the cluster to a host outside."""
    if not resource.type.startswith(_ENTRY):
        return
    hosts = [plain(found.value) for found in select(resource.properties, "spec.hosts")]
    if any(isinstance(host, str) and host.endswith(_OF_THE_CLUSTER) for host in hosts):
        yield from _selected(resource, ("spec.endpoints.address",), is_redirection=False)


def _texts(resource: Resource) -> Iterator[tuple[str, str]]:
    yield from configurations_in(resource)
    for found in select(resource.properties, "metadata.annotations"):
        annotations = plain(found.value)
        for key, value in annotations.items() if isinstance(annotations, Mapping) else ():
            text = plain(value)
            if isinstance(text, str) and key.endswith(_SNIPPETS):
                yield f"metadata.annotations.{key}", text
            elif isinstance(text, str) and key.endswith(_COPIES):
                yield (
                    f"metadata.annotations.{key}",
                    f"proxy_pass {text if '://' in text else 'https://' + text};",
                )
            elif isinstance(text, str) and key.endswith(_ANNOTATIONS):
                yield (
                    f"metadata.annotations.{key}",
                    f"return 301 {text if '://' in text else 'https://' + text}",
                )


def _problem(target: Target | str, context: Context) -> str:
    if isinstance(target, str):
        return target
    if target.is_redirection:
        host = host_of(target.host) or target.host
        code = elsewhere(host, context) or claimed_elsewhere(host, context)
        return (
            f"{target.what} leads to a host that belongs to jurisdiction {code} by its name" if code else ""
        )
    if not target.host:
        return (
            f"{target.what} leads where a request, a variable or code says, so nobody can tell where that is"
        )
    host = host_of(target.host)
    problem = problem_of_upstream(host, context) if host is not None else "cannot be read"
    return f"{target.what} names a host that {problem}" if problem else ""


def _violation(resource: Resource, found: str, context: Context) -> Violation:
    return Violation(
        _ID,
        resource.urn,
        resource.type,
        resource.name,
        found,
        allowed=f"upstreams that are {ALLOWED_HOSTS}; no name of another jurisdiction than "
        f"{context.jurisdiction}",
        fix="send to Services of this cluster by their full names (<service>.<namespace>.svc), and answer "
        "503 when none is left; the other jurisdiction has an address of its own",
        exception=_NO_EXCEPTION,
    )


RULE = ResourceRule(
    id=_ID,
    family=Family.ROUTER,
    title="No proxy of any make sends requests out of the jurisdiction",
    why="A backup server abroad in three lines of NGINX moves as many prompts as one of HAProxy.",
    law=LAW,
    source="Directives, objects and command lines of NGINX, Apache, Caddy, Traefik, Envoy, Kong, APISIX, "
    "Istio, Gateway API, LiteLLM, Varnish, Squid, lighttpd, socat, SSH and others: from memory, 2026-11-24, "
    "not checked against a text",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Name upstreams of this cluster only, by their full names.",
    exception=_NO_EXCEPTION,
    check=_check,
)
