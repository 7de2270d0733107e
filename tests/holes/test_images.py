"""Hole 20: registries that look like ours, and containers that are not in the list everybody reads."""

from __future__ import annotations

import pytest

from tests.holes.conftest import Judge
from tests.holes.gate import CANARY, Preview

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("holes/images")]

PROGRAM = """
HOST = "rg.fr-par.scw.cloud"


def image(name, image):
    deployment(name, {"name": "c", "image": image})


image("longer", HOST + ".evil.example/team/page" + DIGEST)
image("longer-word", HOST + "evil/team/page" + DIGEST)
image("subdomain", "evil." + HOST + "/team/page" + DIGEST)
image("user", HOST + "@evil.example/team/page" + DIGEST)
image("port", HOST + ":5000/team/page" + DIGEST)
image("upper", HOST.upper() + "/team/page" + DIGEST)
image("look-alike", HOST.replace("a", "\\u0430") + "/team/page" + DIGEST)
image("as-a-path", "evil.example/" + HOST + "/page" + DIGEST)
image("foreign", "rg.uk-lon.scw.cloud/team/page" + DIGEST)
image("no-host", "page" + DIGEST)
image("secret", Output.secret("evil.example/" + CANARY + DIGEST))
image("unknown", unknown)
image("unknown-end", Output.concat(HOST, "/", unknown))
deployment("absent", {"name": "c"})
image("honest", PLAIN)

foreign = {"name": "f", "image": "evil.example/f" + DIGEST}
tagged = {"name": "t", "image": HOST + "/team/page:1"}
page = {"name": "p", "image": PLAIN}
deployment("init-foreign", page, init_containers=[foreign])
deployment("init-tagged", page, init_containers=[tagged])
deployment("init-model", page, init_containers=[vllm("--model", REFUSED)])
deployment("init-unknown", page, init_containers=later.id.apply(lambda text: [text]))


def pod(name, **spec):
    kubernetes.core.v1.Pod(name, spec={"containers": [page], **spec}, opts=cluster)


pod("ephemeral-foreign", ephemeral_containers=[foreign])
pod("ephemeral-tagged", ephemeral_containers=[tagged])
pod("volume-foreign", volumes=[{"name": "v", "image": {"reference": "evil.example/v" + DIGEST}}])
"""


@pytest.fixture(scope="module")
def report(judge: Judge) -> Preview:
    return judge(PROGRAM)


def test_a_registry_is_compared_whole_and_letter_by_letter_in_every_kind_of_container(
    report: Preview,
) -> None:
    assert report.refused
    assert report.resources("images-registry") == {
        "longer",
        "longer-word",
        "subdomain",
        "user",
        "port",
        "upper",
        "look-alike",
        "as-a-path",
        "foreign",
        "no-host",
        "secret",
        "init-foreign",
        "ephemeral-foreign",
        "volume-foreign",
    }
    assert CANARY not in report.text


def test_init_and_ephemeral_containers_are_pinned_and_read_as_well(report: Preview) -> None:
    assert report.resources("images-digest") == {
        "init-tagged",
        "ephemeral-tagged",
        "user",
        "unknown",
        "unknown-end",
        "absent",
    }
    assert "honest" not in report.resources("images-digest", "images-registry", "model-ip")
    assert report.resources("model-ip") == {"init-model", "init-unknown"}


def test_a_renamed_project_of_ours_is_still_held_to_its_lock(judge: Judge) -> None:
    program = 'deployment("honest", {"name": "c", "image": PLAIN})'

    report = judge(program, [("sovereign:cloud", "ovh")])

    assert report.by("images-lock") == {("images-lock", "honest")}
