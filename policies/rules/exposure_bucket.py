"""No bucket, object or registry is open to everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final, cast

from policies.facts import ABSENT, Resource, Unknown, Value, freeze, is_blank, plain, select, shown
from policies.rule import Context, Family, ResourceRule, Severity
from policies.rules._exposure import LAW, NO_EXCEPTION, REFERENCES, violation
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-bucket"
_ACLS: Final = {
    "minio:index/s3Bucket:S3Bucket": "acl",
    "scaleway:object/bucket:Bucket": "acl",
    "scaleway:object/bucketAcl:BucketAcl": "acl",
    "scaleway:object/item:Item": "visibility",
}
_CLOSED: Final = frozenset({"private", "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control"})
_ACL: Final = "scaleway:object/bucketAcl:BucketAcl"
_POLICIES: Final = frozenset(
    {"minio:index/s3BucketPolicy:S3BucketPolicy", "scaleway:object/bucketPolicy:BucketPolicy"}
)
_WEBSITE: Final = "scaleway:object/bucketWebsiteConfiguration:BucketWebsiteConfiguration"
_REGISTRY: Final = "scaleway:registry/namespace:Namespace"


def _check(resource: Resource, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for found in _mistakes(resource):
        yield violation(
            _ID,
            resource,
            found=found,
            allowed="a private bucket or registry, and policies whose every principal is named",
            fix="take the public access out and give each reader a key of its own that may only read",
        )


def _mistakes(resource: Resource) -> Iterator[str]:
    name = _ACLS.get(resource.type)
    if name is not None and not is_blank(resource.properties.get(name, ABSENT)):
        value = resource.properties[name]
        if plain(value) not in _CLOSED:
            yield f"`{name}` is {shown(value)}"
    if resource.type == _ACL:
        for grantee in select(resource.properties, "accessControlPolicy.grants.grantee"):
            yield from _grantee(grantee.path, grantee.value)
    elif resource.type in _POLICIES:
        problem = _policy(resource.properties.get("policy"))
        if problem is not None:
            yield f"`policy` {problem}"
    elif resource.type == _WEBSITE:
        yield "a website, which serves a bucket to everybody"
    elif resource.type == _REGISTRY and plain(resource.properties.get("isPublic")) not in {None, False}:
        yield "`isPublic` is not false: everybody may pull, without a key and without a trace"


def _grantee(path: str, value: Value) -> Iterator[str]:
    bare = plain(value)
    if not isinstance(bare, Mapping):
        yield f"`{path}` is only known after the update"
    elif not is_blank(bare.get("uri", ABSENT)) or plain(bare.get("type")) != "CanonicalUser":
        yield f"`{path}` is a group, and the groups there are mean everybody"


def _policy(value: Value) -> str | None:
    """Return why a bucket policy lets everybody in, or None. What cannot be read lets everybody in."""
    bare = plain(value)
    if isinstance(bare, Unknown):
        return "is only known after the update"
    if isinstance(bare, str):
        try:
            bare = freeze(cast("object", json.loads(bare)))
        except ValueError:
            return "is not a JSON text"
    statements = bare.get("Statement") if isinstance(bare, Mapping) else None
    if isinstance(statements, Mapping):
        statements = (statements,)
    if not isinstance(statements, tuple):
        return "has no list of statements that can be read"
    for index, element in enumerate(statements):
        statement = plain(element)
        if not isinstance(statement, Mapping):
            return f"has a statement, number {index + 1}, that cannot be read"
        if plain(statement.get("Effect")) == "Deny":
            continue
        if "NotPrincipal" in statement or not _names(statement.get("Principal")):
            return f"has a statement, number {index + 1}, that allows everybody"
    return None


def _names(principal: Value) -> bool:
    """Return True if a principal is a name or a list of names, none of which is a wildcard."""
    bare = plain(principal)
    if isinstance(bare, Mapping):
        return bool(bare) and all(_names(item) for item in bare.values())
    if isinstance(bare, tuple):
        return bool(bare) and all(_names(element) for element in bare)
    return isinstance(bare, str) and bool(bare.strip()) and "*" not in bare


RULE = ResourceRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="No bucket, object or registry is open to everybody",
    why="A public bucket hands weights, logs and whatever lands in it to anybody in any country.",
    law=LAW,
    source="pulumiverse-scaleway 1.60.0 (properties); other clouds show no such property, 2026-11-24",
    references=REFERENCES,
    severity=Severity.CRITICAL,
    fix="Keep it private and give each reader a key of its own.",
    exception=NO_EXCEPTION,
    check=_check,
)
