"""Where images come from: no way to write a name makes another registry look like the right one."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.context import build_context
from policies.rules.images_digest import RULE as PINNED
from policies.rules.images_registry import RULE, registry_of_image
from tests.policies.stacks import TODAY, explicit_provider, resource

HOST: Final = "rg.fr-par.scw.cloud"
DIGEST: Final = f"@sha256:{'0' * 64}"
GOOD: Final = f"{HOST}/s/vllm{DIGEST}"
CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
_KINDS: Final = st.sampled_from(["containers", "initContainers", "ephemeralContainers"])


def refused(image: str, kind: str = "containers", registry: str | None = None) -> bool:
    """Whether the rule refuses an image in a pod."""
    context = build_context("eu", rehearsal=False, today=TODAY, registry=registry)
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {kind: [{"name": "c", "image": image}]}},
        provider=explicit_provider("kubernetes"),
    )
    return bool(list(RULE.check(pod, context)))


@pytest.mark.parametrize("kind", ["containers", "initContainers", "ephemeralContainers"])
def test_an_image_of_the_registry_is_left_alone_wherever_it_runs(kind: str) -> None:
    assert not refused(GOOD, kind)


@given(st.text(max_size=20), st.integers(min_value=0, max_value=len(HOST)), _KINDS)
@settings(max_examples=400, deadline=None)
def test_no_text_put_into_the_host_is_still_taken_for_it(text: str, place: int, kind: str) -> None:
    image = f"{HOST[:place]}{text}{HOST[place:]}/s/vllm{DIGEST}"

    if image.partition("/")[0] != HOST:
        assert refused(image, kind)


@given(
    st.sampled_from(["", "user@", "user:pass@", "https://", "docker://", "//", ".", " ", "%", "[", "\t"]),
    st.sampled_from(
        [HOST, HOST.upper(), HOST.title(), f"{HOST}.", f"x.{HOST}", f"x-{HOST}", HOST.replace(".", "。")]
    ),
    st.sampled_from(
        ["", ":443", ":5000", ".evil.example", "@evil.example", "\\evil.example", "%2f", "?", "#", ":", "\n"]
    ),
    st.sampled_from(["/s/vllm", "/S/vllm", "//s/vllm", "", "/", "/s/../vllm"]),
    _KINDS,
)
@settings(max_examples=400, deadline=None)
def test_only_the_host_letter_by_letter_passes(
    before: str, host: str, after: str, path: str, kind: str
) -> None:
    image = f"{before}{host}{after}{path}{DIGEST}"

    assert refused(image, kind) == (image != GOOD)


@given(st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_a_name_without_a_host_is_pulled_from_docker_hub(steps: list[str]) -> None:
    if steps[0] != "localhost":
        assert registry_of_image("/".join(steps)) == "docker.io"
    assert refused("/".join(steps) + DIGEST)


@given(
    st.sampled_from(
        ["", "docker.io/", "DOCKER.IO/", "index.docker.io/", "registry-1.docker.io/", "library/"]
    ),
    st.sampled_from(["vllm", "library/vllm", "vllm/vllm-openai", "a/b/c"]),
    st.sampled_from(["", ":latest", ":v1", ":5000"]),
    st.sampled_from(["", DIGEST, "@sha256:0", f"@sha512:{'0' * 128}"]),
    _KINDS,
)
@settings(max_examples=200, deadline=None)
def test_docker_hub_is_refused_however_it_is_named_or_left_out(
    host: str, path: str, tag: str, digest: str, kind: str
) -> None:
    assert refused(f"{host}{path}{tag}{digest}", kind)


@given(st.from_regex(r"(:[a-z0-9.-]{1,8})?@[a-zA-Z0-9+]{1,8}:[0-9a-fA-F]{0,70}", fullmatch=True), _KINDS)
@settings(max_examples=300, deadline=None)
def test_only_a_whole_digest_pins_an_image(pin: str, kind: str) -> None:
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {kind: [{"name": "c", "image": f"{HOST}/s/vllm{pin}"}]}},
        provider=explicit_provider("kubernetes"),
    )
    algorithm, _, digits = pin.rpartition("@")[2].partition(":")
    is_whole = algorithm == "sha256" and len(digits) == 64 and digits == digits.lower()

    assert bool(list(PINNED.check(pod, CONTEXT))) == (not is_whole)


@pytest.mark.parametrize("length", [0, 1, 40, 63, 65, 128])
def test_a_digest_of_another_length_pins_nothing(length: int) -> None:
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {"containers": [{"name": "c", "image": f"{HOST}/s/vllm:v1@sha256:{'a' * length}"}]}},
        provider=explicit_provider("kubernetes"),
    )

    assert list(PINNED.check(pod, CONTEXT))


@pytest.mark.parametrize("registry", ["registry.example.com/eu", "registry.example.com:5000/eu"])
def test_a_registry_of_ones_own_counts_once_it_is_configured(registry: str) -> None:
    image = f"{registry}/vllm{DIGEST}"

    assert refused(image)
    assert not refused(image, registry=registry)


@pytest.mark.parametrize(
    "registry",
    [
        "docker.io/acme",
        "ghcr.io/acme",
        "nvcr.io/nvidia",
        "quay.io/acme",
        "user@x.example/y",
        "",
        "203.0.113.7:5000/x",
        "registry.uk.inference.example.com/x",
    ],
)
def test_a_registry_that_is_known_to_stand_elsewhere_cannot_be_configured(registry: str) -> None:
    assert refused(f"{registry or 'x.example'}/vllm{DIGEST}", registry=registry)


def test_what_is_pulled_with_other_letters_is_said_to_the_reader() -> None:
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {"containers": [{"name": "c", "image": "haproxy:3"}]}},
        provider=explicit_provider("kubernetes"),
    )

    (violation,) = RULE.check(pod, CONTEXT)

    assert "Docker Hub" in violation.found
    assert HOST in violation.allowed
