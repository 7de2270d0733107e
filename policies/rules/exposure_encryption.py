"""What is stored is encrypted at rest, where the cloud offers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from policies.facts import Resource, StackFacts, Unknown, plain, select, shown
from policies.rule import Context, Family, Severity, StackRule
from policies.rules._exposure import LAW, REFERENCES, attached
from policies.rules._pods import field, known, objects_of
from policies.violations import Violation

__all__ = ["RULE"]

_ID = "exposure-encryption"
_NO_EXCEPTION = "none. The cloud offers it at no cost, and nothing works worse with it"
_BUCKET: Final = "scaleway:object/bucket:Bucket"
_SSE: Final = (
    "scaleway:object/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
_SSE_ALGORITHM: Final = "rules.applyServerSideEncryptionByDefault.sseAlgorithm"
_ALGORITHMS: Final = frozenset({"AES256", "aws:kms"})
_OWN: Final = {
    "ovh:CloudProject/storage:Storage": ("encryption.sseAlgorithm", frozenset({"AES256"})),
    "ovh:index/cloudStorageObjectBucket:CloudStorageObjectBucket": (
        "encryption.algorithm",
        frozenset({"AES256"}),
    ),
    _SSE: (_SSE_ALGORITHM, _ALGORITHMS),
}
"""Types that say themselves how they encrypt: the property and the values that do."""

_UNENCRYPTED: Final = {
    "civo:index/objectStore:ObjectStore": ("Civo encrypts no object store", "sovereign:civo:WeightsBucket"),
}
"""Stores that lie in the clear, with the component that puts nothing there but weights, which are public.

Anybody can call a component that. So it counts only in a stack that is held to a lock, where nothing runs
that could put anything else there, and nothing at all before there is one.
"""

_VOLUME: Final = "ovh:CloudProject/volume:Volume"
_BLOCK_VOLUME: Final = "ovh:index/cloudStorageBlockVolume:CloudStorageBlockVolume"
_LUKS: Final = "-luks"
"""Types of volumes of OVHcloud that are encrypted end in this."""

_STORAGE_CLASS: Final = "kubernetes:storage.k8s.io/"
_PROVISIONERS: Final[Mapping[str, tuple[str, Callable[[str], bool], str]]] = {
    "csi.scaleway.com": (
        "encrypted",
        lambda text: text == "true",
        'set `parameters.encrypted` to "true", with a Secret that holds the passphrase',
    ),
    "cinder.csi.openstack.org": (
        "type",
        lambda text: text.endswith(_LUKS),
        f"set `parameters.type` to a type that ends in {_LUKS}, such as high-speed-luks",
    ),
}
"""Provisioners that encrypt volumes if the class says so: parameter, what it must be, how to mend it."""

_DATABASE: Final = "scaleway:databases/instance:Instance"


def _check(stack: StackFacts, context: Context) -> Iterator[Violation]:
    if context.jurisdiction is None:
        return
    for resource in stack.asked:
        if resource.type in _OWN:
            yield from _own(resource)
        elif resource.type in _UNENCRYPTED:
            yield from _weights_only(resource, context)
        elif resource.type == _DATABASE and plain(resource.properties.get("encryptionAtRest")) is not True:
            yield _violation(resource, "`encryptionAtRest` is not true", "set encryptionAtRest to true")
        elif resource.type == _VOLUME:
            yield from _volume(resource)
        elif resource.type == _BLOCK_VOLUME:
            if plain(field(resource.properties, "encryption", "enabled")) is not True:
                yield _violation(
                    resource, "`encryption.enabled` is not true", "set encryption.enabled to true"
                )
        elif resource.type.startswith(_STORAGE_CLASS) and "StorageClass" in resource.type:
            yield from _storage_class(resource, stack)
        elif resource.type == _BUCKET and stack.complete and not _is_encrypted(stack, resource):
            yield _violation(
                resource,
                f"no {_SSE} of this stack names this bucket",
                f"declare a {_SSE} with sseAlgorithm AES256 whose `bucket` is this bucket's name",
            )


def _volume(resource: Resource) -> Iterator[Violation]:
    value = resource.properties.get("type")
    kind = plain(value)
    if not isinstance(kind, str) or not kind.endswith(_LUKS):
        yield _violation(
            resource,
            f"`type` is {'not set' if value is None else shown(value)}",
            f"choose a type that ends in {_LUKS}: classic-luks, high-speed-luks, high-speed-gen2-luks",
        )


def _storage_class(resource: Resource, stack: StackFacts) -> Iterator[Violation]:
    for each in objects_of(known(resource, stack)):
        provisioner = plain(field(each.fields, "provisioner"))
        asked = _PROVISIONERS.get(provisioner) if isinstance(provisioner, str) else None
        if asked is None:
            continue
        name, is_right, fix = asked
        value = plain(field(each.fields, "parameters", name))
        if not isinstance(value, str) or not is_right(value):
            yield _violation(resource, f"`parameters.{name}` does not ask for encryption", fix)


def _weights_only(resource: Resource, context: Context) -> Iterator[Violation]:
    why, component = _UNENCRYPTED[resource.type]
    is_child = component in {_types(resource.urn)[-2:][0], _types(resource.options.parent or "")[-1]}
    if is_child and (context.lock is not None or context.lock_problem):
        return
    doubt = "this stack is held to no lock" if is_child else f"this one is no child of {component}"
    yield Violation(
        _ID,
        resource.urn,
        resource.type,
        resource.name,
        found=f"{why}, and {doubt}, so it may hold anything",
        allowed=f"a bucket of {component} in a stack with a lock, which holds weights alone",
        fix="keep what may be personal on a cloud that encrypts at rest; for weights, use the component",
        exception="none. Nobody can sign for personal data in the clear",
    )


def _types(urn: str) -> list[str]:
    """The types in a URN, the outermost parent's first, its own last."""
    return "".join(urn.split("::")[2:3]).split("$")


def _own(resource: Resource) -> Iterator[Violation]:
    path, allowed = _OWN[resource.type]
    found = list(select(resource.properties, path))
    if not found:
        yield _violation(resource, f"`{path}` is not set", f"set `{path}` to AES256")
    for each in found:
        value = plain(each.value)
        if value not in allowed:
            what = "only known after the update" if isinstance(value, Unknown) else shown(each.value)
            yield _violation(resource, f"`{each.path}` is {what}", f"set `{path}` to AES256")


def _is_encrypted(stack: StackFacts, bucket: Resource) -> bool:
    if any(attached(stack, bucket, _SSE, "bucket")):
        return True
    name = plain(bucket.properties.get("name"))
    return isinstance(name, str) and any(
        each.type == _SSE and plain(each.properties.get("bucket")) == name for each in stack.of_type(_SSE)
    )


def _violation(resource: Resource, found: str, fix: str) -> Violation:
    return Violation(
        _ID,
        resource.urn,
        resource.type,
        resource.name,
        found=f"{found}, so what is stored there lies in the clear",
        allowed="encryption at rest: AES256, LUKS, or aws:kms with a key of the cloud's own Key Manager",
        fix=fix,
        exception=_NO_EXCEPTION,
    )


RULE = StackRule(
    id=_ID,
    family=Family.EXPOSURE,
    title="What is stored is encrypted at rest, where the cloud offers it",
    why="A disk that is replaced, a snapshot or a seized machine gives away what is not encrypted.",
    law=LAW,
    source="pulumiverse-scaleway 1.60.0 and pulumi-ovh 2.22.0 (properties and values); Civo's object stores "
    "have no such property (civo/docs); scaleway/scaleway-csi, README (LUKS), and the types "
    "of cinder volumes at OVHcloud as commonly known; 2026-11-24",
    references=REFERENCES,
    severity=Severity.HIGH,
    fix="Turn encryption at rest on.",
    exception=_NO_EXCEPTION,
    check=_check,
)
