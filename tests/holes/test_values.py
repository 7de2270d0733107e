"""Holes 1 to 4 and 18: values that are known, unknown, absent or secret, in every place where they count.

An unknown value touched by a policy used to turn it into a warning; one read first used to hide what stands
behind it; the SDK's wrappers used to hide lists and objects; secrets reach a policy and must not leave it.
"""

from __future__ import annotations

import pytest

from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, Preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/values")]

PROGRAM = """
nowhere = ResourceOptions(provider=scaleway.Provider("nowhere"))
partly = later.id.apply(lambda text: {"region": text})

bucket("region-known", region="uk-lon")
bucket("region-unknown", region=unknown)
bucket("region-absent", nowhere)
bucket("region-empty", nowhere, region="")
bucket("region-secret", region=Output.secret(CANARY))
bucket("region-secret-unknown", region=Output.secret(unknown))
bucket("region-unknown-inside", region="fr-par", tags={"jurisdiction": unknown})
bucket("region-honest", region="fr-par")
bucket("region-honest-secret", region=Output.secret("nl-ams"))


def address(name, **properties):
    return scaleway.instance.Ip(name, opts=eu, **properties)


address("zone-known", zone="uk-lon-1")
address("zone-unknown", zone=unknown)
address("zone-absent")
address("zone-secret", zone=Output.secret(CANARY))
address("zone-honest", zone="fr-par-2")


def image(name, image, **fields):
    deployment(name, {"name": "c", "image": image, **fields})


image("image-known", "rg.fr-par.scw.cloud/team/page:1")
image("image-unknown", unknown)
deployment("image-absent", {"name": "c"})
image("image-secret", Output.secret("rg.fr-par.scw.cloud/" + CANARY))
image("image-honest", PLAIN)

deployment("args-known", vllm("--model", REFUSED))
deployment("args-unknown", vllm("--model", unknown))
deployment("args-partly-unknown", vllm(Output.concat("--model=", unknown)))
deployment("args-all-unknown", {"name": "c", "image": VLLM, "args": later.id.apply(lambda text: [text])})
deployment("args-absent", {"name": "c", "image": VLLM})
deployment("args-secret", vllm("--model", Output.secret("owner/" + CANARY)))
deployment("args-all-secret", {"name": "c", "image": VLLM, "args": Output.secret(["--model", CANARY])})
deployment("args-honest", vllm("--model", APPROVED))
deployment("args-honest-secret", vllm("--model", Output.secret(APPROVED)))


def environment(name, *variables):
    deployment(name, vllm("--model", "$(MODEL)", env=list(variables)))


environment("env-known", {"name": "MODEL", "value": REFUSED})
environment("env-unknown", {"name": "MODEL", "value": unknown})
environment("env-absent")
environment("env-secret", {"name": "MODEL", "value": Output.secret(CANARY)})
environment("env-name-unknown", {"name": unknown, "value": APPROVED})
environment("env-honest", {"name": "MODEL", "value": APPROVED})
deployment("env-all-unknown", vllm("--model", "$(MODEL)", env=later.id.apply(lambda text: [text])))

# An unknown value before, behind and beside what is wrong must not hide it.
deployment("behind-an-unknown", {"name": "a", "image": unknown}, vllm("--model", REFUSED))
deployment("before-an-unknown", vllm("--model", REFUSED), {"name": "a", "image": unknown})
deployment("behind-a-secret", {"name": "a", "image": Output.secret(PLAIN)}, vllm("--model", REFUSED))
deployment("behind-an-absence", {"name": "a"}, vllm("--model", REFUSED))
deployment("beside-an-unknown", vllm("--seed", unknown, "--model", REFUSED))
deployment("no-containers-known", opts=cluster)
kubernetes.core.v1.Pod("pod-unknown", spec=later.id.apply(lambda text: {"nodeName": text}), opts=cluster)

kubernetes.core.v1.ConfigMap(
    "label-known", metadata={"labels": {"sovereign.dev/jurisdiction": "uk"}}, data={}, opts=cluster
)
kubernetes.core.v1.ConfigMap(
    "label-unknown", metadata={"labels": {"sovereign.dev/jurisdiction": unknown}}, data={}, opts=cluster
)
kubernetes.core.v1.ConfigMap(
    "label-secret",
    metadata={"labels": {"sovereign.dev/jurisdiction": Output.secret(CANARY)}},
    data={},
    opts=cluster,
)
kubernetes.core.v1.ConfigMap(
    "label-honest", metadata={"labels": {"sovereign.dev/jurisdiction": "eu"}}, data={}, opts=cluster
)
"""


@pytest.fixture(scope="module")
def report(judge: Judge) -> Preview:
    return judge(PROGRAM)


def test_a_preview_with_unknown_values_fails_instead_of_warning(report: Preview) -> None:
    assert report.refused
    assert "can't run policy" not in report.text


def test_a_place_counts_whether_it_is_known_unknown_absent_or_secret(report: Preview) -> None:
    assert report.resources("residency") == {
        "region-known",
        "region-unknown",
        "region-absent",
        "region-empty",
        "region-secret",
        "region-secret-unknown",
        "zone-known",
        "zone-unknown",
        "zone-absent",
        "zone-secret",
    }


def test_an_image_counts_whether_it_is_known_unknown_absent_or_secret(report: Preview) -> None:
    behind = {"behind-an-unknown", "before-an-unknown", "behind-an-absence"}
    own = {"image-known", "image-unknown", "image-absent", "image-secret"}
    assert report.resources("images-digest") == own | behind


def test_a_model_counts_wherever_it_stands_and_however_little_of_it_is_known(report: Preview) -> None:
    assert report.resources("model-ip") == {
        "args-known",
        "args-unknown",
        "args-partly-unknown",
        "args-all-unknown",
        "args-absent",
        "args-secret",
        "args-all-secret",
        "env-known",
        "env-unknown",
        "env-absent",
        "env-secret",
        "env-name-unknown",
        "env-all-unknown",
        "behind-an-unknown",
        "before-an-unknown",
        "beside-an-unknown",
        "behind-a-secret",
        "behind-an-absence",
        "pod-unknown",
    }


def test_a_label_counts_whether_it_is_known_unknown_or_secret(report: Preview) -> None:
    expected = {"label-known", "label-unknown", "label-secret", "region-unknown-inside"}
    assert report.resources("residency-labels") == expected


def test_what_breaks_a_rule_is_refused_and_never_rewritten(report: Preview) -> None:
    """A remediation would take a value that is not known yet for one that it may put right."""
    assert "region-unknown" in report.resources("residency")
    assert "remediat" not in report.text.lower()


def test_no_secret_is_ever_printed(report: Preview) -> None:
    assert CANARY not in report.text
    assert "a secret value (not printed)" in report.text
