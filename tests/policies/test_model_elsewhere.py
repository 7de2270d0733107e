"""A model that arrives otherwise than by a known server's command: under an approved path, or as code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from policies.models import models_served
from tests.policies.stacks import resource
from tests.policies.test_model_naming import DIGEST, GOOD, GOOD_ID, LLAMA, OTHER, VLLM, variable

EVIL: Final = "meta-llama/Llama-3.1-8B-Instruct"
HOME: Final = "registry.example/s"
CLAIM: Final = {"name": "w", "persistentVolumeClaim": {"claimName": "weights"}}
AT_ROOT: Final = [{"name": "w", "mountPath": "/models"}]
FROM_CLUSTER: Final = {"valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}
Fields = dict[str, Any]


def served(*containers: Fields, volumes: list[Fields] | None = None, **spec: Any) -> set[str | None]:
    """The models that a pod may serve; None stands for one that cannot be read."""
    named = [{"name": f"c{index}", **each} for index, each in enumerate(containers)]
    fields = {"containers": named, "volumes": volumes or [], **spec}
    pod = resource("kubernetes:core/v1:Pod", "p", {"spec": fields}, provider=None)
    return {reference.model for reference in models_served(pod)}


def vllm(*args: str, **fields: Any) -> Fields:
    """A server whose command names an approved model."""
    return {"image": VLLM, "command": ["vllm", "serve"], "args": [GOOD, *args], **fields}


def mounted(**mount: Any) -> Fields:
    return vllm(volumeMounts=[{"name": "w", "mountPath": GOOD, **mount}])


def fetched(*command: str) -> set[str | None]:
    """What a pod may serve whose init container runs a command before an approved server starts."""
    init = {"name": "i", "image": OTHER, "command": list(command), "volumeMounts": AT_ROOT}
    return served(vllm(volumeMounts=AT_ROOT), volumes=[CLAIM], initContainers=[init])


@pytest.mark.parametrize(
    "volume",
    [
        {"hostPath": {"path": f"/data/{EVIL}"}},
        {"hostPath": {"path": f"/cache/models--{EVIL.replace('/', '--')}/snapshots/a"}},
        {"nfs": {"server": "nfs.example", "path": f"/export/{EVIL}"}},
        {"csi": {"driver": "s3.csi.example", "volumeAttributes": {"prefix": EVIL}}},
        {"image": {"reference": f"{HOME}/{EVIL}{DIGEST}"}},
    ],
    ids=str,
)
def test_a_volume_that_says_which_model_it_holds_is_believed_before_the_path(volume: Fields) -> None:
    assert EVIL in served(mounted(), volumes=[{"name": "w", **volume}])


def test_a_volume_declared_beside_the_claim_is_read_too() -> None:
    spec = {"nfs": {"server": "nfs.example", "path": f"/export/{EVIL}"}}
    volume = resource("kubernetes:core/v1:PersistentVolume", "v", {"spec": spec}, provider=None)

    assert {each.model for each in models_served(volume)} == {EVIL}


@pytest.mark.parametrize(
    ("mount", "volume"),
    [
        ({"subPath": "other"}, CLAIM),
        ({"subPath": f"{GOOD_ID}-copy"}, CLAIM),
        ({"subPath": f"{GOOD_ID}/../other"}, CLAIM),
        ({"subPathExpr": "$(X)"}, CLAIM),
        ({"mountPath": f"{GOOD}/config.json", "subPath": "config.json"}, CLAIM),
        ({"mountPath": "/models/mistralai", "subPath": "others"}, CLAIM),
        ({}, {"name": "w", "configMap": {"name": "c"}}),
        ({}, {"name": "w", "hostPath": {"path": "/data/llama-3.1-8b"}}),
        ({}, {"name": "w", "persistentVolumeClaim": {"claimName": "qwen3-weights"}}),
    ],
    ids=str,
)
def test_what_lies_at_a_path_under_the_weights_is_what_the_path_says(mount: Fields, volume: Fields) -> None:
    assert None in served(mounted(**mount), volumes=[volume])


@pytest.mark.parametrize(
    "command",
    [
        ["hf", "download", EVIL, "--local-dir", GOOD],
        ["rclone", "copy", f"w:{EVIL}", GOOD],
        ["aws", "s3", "sync", f"s3://weights/{EVIL}", GOOD],
        ["sh", "-c", f"mkdir -p /models/mistralai && ln -s /weights/{EVIL} {GOOD}"],
        ["sh", "-c", f'o=meta-llama; cp -r "/weights/{EVIL}" {GOOD}'],
        ["curl", "-o", f"{GOOD}/x", f"https://files.example.eu/{EVIL.replace('/', '%2F')}"],
    ],
    ids=str,
)
def test_an_init_container_that_fetches_another_model_is_found(command: list[str]) -> None:
    assert EVIL in fetched(*command)


@pytest.mark.parametrize(
    "command",
    [
        ["cp", "-r", "/weights/llama-3.1-8b/.", GOOD],
        ["rclone", "copy", "w:models/Qwen2.5-7B", GOOD],
        ["sh", "-c", f"ln -s /weights/gemma-3-4b {GOOD}"],
    ],
    ids=str,
)
def test_files_called_after_another_family_do_not_come_under_an_approved_name(command: list[str]) -> None:
    assert None in fetched(*command)


def test_the_servers_own_script_fetches_no_other_model() -> None:
    script = f"hf download {EVIL} --local-dir {GOOD} && vllm serve {GOOD}"

    assert EVIL in served({"image": VLLM, "command": ["sh", "-c", script]})


@pytest.mark.parametrize(
    "container",
    [
        {"workingDir": "/data/x", "volumeMounts": [{"name": "w", "mountPath": "/data"}]},
        {"workingDir": "/data", "volumeMounts": [{"name": "w", "mountPath": "/data/mistralai"}]},
        {"volumeMounts": [{"name": "w", "mountPath": f"/vllm-workspace/{GOOD_ID}"}]},
        {"volumeMounts": [{"name": "w", "mountPath": "/vllm-workspace/mistralai"}]},
        {"command": ["sh", "-c", f"cd /data && exec vllm serve {GOOD_ID}"], "args": []},
    ],
    ids=str,
)
def test_a_directory_that_wins_over_the_hub_is_refused(container: Fields) -> None:
    """A hub id is taken for a directory first, if one of that name lies where the server runs."""
    whole = {"image": VLLM, "command": ["vllm", "serve"], "args": [GOOD_ID], **container}

    assert None in served(whole, volumes=[CLAIM])


@pytest.mark.parametrize(
    "container",
    [
        {"args": [EVIL]},
        {"args": ["--weights", EVIL]},
        {"args": [f"--weights={EVIL}:Q4_K_M"]},
        {"env": [variable("HF_REPO_ID", EVIL)]},
        {"env": [variable("ANYTHING", f"s3://weights/{EVIL}/")]},
        {"env": [variable("A", "meta-llama"), variable("B", f"$(A)/{EVIL.partition('/')[2]}")]},
        {"command": ["mistralrs", "plain", "-m", EVIL]},
        {"command": ["/app/engine"], "livenessProbe": {"exec": {"command": ["/app/ask", EVIL]}}},
        {"image": f"{HOME}/{EVIL}{DIGEST}"},
    ],
    ids=str,
)
def test_a_server_under_any_name_is_found_by_the_known_model_that_it_is_given(container: Fields) -> None:
    assert EVIL in served({"image": OTHER, **container})


@pytest.mark.parametrize(
    "container",
    [
        {"env": [{"name": "MODEL_ID", **FROM_CLUSTER}]},
        {"env": [{"name": "EMBEDDING_MODEL_ID", **FROM_CLUSTER}]},
        {"command": ["/app/engine", "--model", "$(M)"], "env": [{"name": "M", **FROM_CLUSTER}]},
        {"command": ["/app/engine", "--model=$(M)"], "env": [{"name": "M", **FROM_CLUSTER}]},
        {"command": ["sh", "-c", 'exec /app/engine --model-path "$M"']},
        {"command": ["transformers", "serve"]},
        {"command": ["litgpt", "serve", "x"]},
        {"command": ["serve", "run", "config.yaml"]},
        {"command": ["ramalama", "serve", "x"]},
        {"image": f"{HOME}/nim/acme/thing{DIGEST}"},
        {"image": f"{HOME}/tgi{DIGEST}"},
        {"image": f"{HOME}/local-ai{DIGEST}"},
        {"image": f"{HOME}/djl-serving{DIGEST}"},
        {"image": f"{HOME}/torchserve{DIGEST}"},
        {"image": f"{HOME}/llama-swap{DIGEST}"},
        {"image": f"{HOME}/meta-llama-3-8b{DIGEST}"},
        {"image": f"{HOME}/qwen2.5{DIGEST}"},
        {"env": [variable("NVIDIA_VISIBLE_DEVICES", "all")]},
    ],
    ids=str,
)
def test_a_server_whose_model_nobody_can_read_is_refused(container: Fields) -> None:
    assert None in served({"image": OTHER, **container})


def test_a_pod_that_sees_gpus_by_its_runtime_serves_what_nobody_can_read() -> None:
    assert None in served({"image": OTHER}, runtimeClassName="nvidia")


_HOOK: Final = {"volumeMounts": [{"name": "w", "mountPath": "/hook"}]}


@pytest.mark.parametrize("volume", [CLAIM, {"name": "w", "configMap": {"name": "c"}}], ids=str)
@pytest.mark.parametrize(
    "container",
    [
        *(
            {"env": [variable(name, f"/usr/lib:/hook{inside}")], **_HOOK}
            for name, inside in [
                ("PYTHONPATH", ""),
                ("PYTHONHOME", "/x"),
                ("PYTHONSTARTUP", "/a.py"),
                ("LD_PRELOAD", "/x.so"),
                ("LD_LIBRARY_PATH", "/lib"),
                ("VLLM_LOGGING_CONFIG_PATH", "/l.json"),
            ]
        ),
        {"env": [{"name": "PYTHONPATH", **FROM_CLUSTER}]},
        {"env": [variable("PYTHONPATH", "/tmp/x")]},
        {"args": [GOOD, "--log-config-file", "/hook/log.json"], **_HOOK},
        {"args": [GOOD, "--log_config_file=/hook/log.json"], **_HOOK},
        {"command": ["env", "PYTHONPATH=/hook", "vllm", "serve"], **_HOOK},
        {"command": ["sh", "-c", f"export PYTHONPATH=/hook; exec vllm serve {GOOD}"], "args": [], **_HOOK},
        {"volumeMounts": [{"name": "w", "mountPath": "/usr/lib/python3.12/site-packages/vllm/envs.py"}]},
        {"volumeMounts": [{"name": "w", "mountPath": "/usr/lib/python3.12/dist-packages"}]},
        {"volumeMounts": [{"name": "w", "mountPath": "/opt/vllm/envs.py", "subPath": "envs.py"}]},
        {
            "command": ["python3", "-m", "vllm.entrypoints.openai.api_server", "--model"],
            "workingDir": "/hook",
            **_HOOK,
        },
    ],
    ids=str,
)
def test_no_volume_changes_the_code_of_a_server(container: Fields, volume: Fields) -> None:
    assert None in served(vllm() | container, volumes=[volume])


@pytest.mark.parametrize("name", ["PYTHONPATH", "LD_PRELOAD"])
def test_no_volume_brings_code_into_a_program_that_shows_no_server(name: str) -> None:
    container = {"image": OTHER, "command": ["/app/x"], "env": [variable(name, "/hook/x.so")], **_HOOK}

    assert None in served(container, volumes=[CLAIM])


HONEST: Final[Mapping[str, tuple[list[Fields], Fields]]] = {
    "the entry point of vLLM, weights on a claim": (
        [{"image": VLLM, "args": [GOOD], "volumeMounts": AT_ROOT}],
        {},
    ),
    "a name without a dot": (
        [{"image": VLLM, "args": ["/models/BSC-LT/salamandra-2b"], "volumeMounts": AT_ROOT}],
        {},
    ),
    "a part of the volume under its own name": ([mounted(subPath=f"prod/{GOOD_ID}")], {}),
    "a directory of the node under its own name": (
        [mounted()],
        {"volumes": [{"name": "w", "hostPath": {"path": "/data/mistral-7b-instruct"}}]},
    ),
    "an image of the model, whose name has no capitals": (
        [mounted()],
        {"volumes": [{"name": "w", "image": {"reference": f"{HOME}/{GOOD_ID.lower()}{DIGEST}"}}]},
    ),
    "a hub id where nothing is mounted": (
        [vllm(workingDir="/vllm-workspace") | {"args": [GOOD_ID], "volumeMounts": AT_ROOT}],
        {},
    ),
    "templates and parsers of another family": (
        [vllm("--chat-template", "/opt/t/llama3.jinja", "--tool-call-parser", "llama3_json")],
        {},
    ),
    "libraries of the image": (
        [
            vllm(
                env=[
                    variable("LD_LIBRARY_PATH", "/usr/local/nvidia/lib64"),
                    variable("LD_PRELOAD", "libtcmalloc.so.4"),
                    variable("PYTHONPATH", "/opt/app"),
                ],
                volumeMounts=AT_ROOT,
            )
        ],
        {},
    ),
    "a runtime for the container that asks for a GPU": (
        [vllm(resources={"limits": {"nvidia.com/gpu": "1"}}), {"image": OTHER, "command": ["/app/exporter"]}],
        {"runtimeClassName": "nvidia"},
    ),
    "what looks after GPUs": (
        [
            {"image": f"{HOME}/nvidia/dcgm-exporter{DIGEST}"},
            {"image": f"{HOME}/nvidia/k8s-device-plugin:v0.17.0"},
            {"image": f"{HOME}/nvidia/cuda:12", "command": ["nvidia-smi"]},
        ],
        {"runtimeClassName": "nvidia"},
    ),
    "no GPU in spite of the runtime": (
        [{"image": OTHER, "env": [variable("NVIDIA_VISIBLE_DEVICES", "void")]}],
        {"runtimeClassName": "nvidia"},
    ),
    "a web app with a volume for its media": (
        [
            {
                "image": OTHER,
                "command": ["sh", "-c", "export PYTHONPATH=$PYTHONPATH:/app && exec gunicorn app:app"],
                "env": [variable("PYTHONPATH", ".")],
                "volumeMounts": [{"name": "w", "mountPath": "/app/media"}],
            }
        ],
        {},
    ),
    "a client that asks for the model": (
        [{"image": f"{HOME}/open-webui{DIGEST}", "env": [variable("OPENAI_MODEL", GOOD_ID)]}],
        {},
    ),
    "other meanings of the word": (
        [
            {
                "image": OTHER,
                "env": [variable("MODEL_PATH", "conf/rbac_model.conf"), variable("DEVICE_MODEL", "acme/x1")],
            }
        ],
        {},
    ),
    "a server of pages": ([{"image": OTHER, "command": ["serve", "-s", "build"]}], {}),
    "images of companies that also publish models": (
        [{"image": f"{HOME}/google/cadvisor{DIGEST}"}, {"image": f"{HOME}/nvidia/cuda{DIGEST}"}],
        {},
    ),
    "programs called after a family": (
        [{"image": f"{HOME}/llama-stack-ui{DIGEST}"}, {"image": f"{HOME}/mistral-gateway:3"}],
        {},
    ),
    "a GGUF of an approved model": (
        [{"image": LLAMA, "args": ["-m", f"{GOOD}/mistral-7b-q4.gguf"], "volumeMounts": AT_ROOT}],
        {},
    ),
    **{
        script: ([{"image": OTHER, "command": ["sh", "-c", script]}], {})
        for script in (
            "python manage.py migrate",
            "python manage.py migrate && exec gunicorn app:app",
            "python manage.py migrate && python manage.py collectstatic --noinput",
            "cd /app && exec node server.js",
            "php artisan migrate --force && php-fpm",
        )
    },
}


@pytest.mark.parametrize(("containers", "spec"), HONEST.values(), ids=HONEST)
def test_an_honest_pod_is_left_alone(containers: list[Fields], spec: Fields) -> None:
    assert served(*containers, **{"volumes": [CLAIM], **spec}) <= {GOOD_ID, "BSC-LT/salamandra-2b"}


def test_an_honest_fetcher_is_left_alone() -> None:
    assert fetched("rclone", "copy", f"w:weights/{GOOD_ID}", GOOD) == {GOOD_ID}
