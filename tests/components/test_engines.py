"""The pods of the two engines, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.inference import FetchPlan, LlamaCppArgs, ModelArtefacts, VllmArgs, WeightsSource
from components.inference.engine import engine_pods
from components.inference.llama_cpp import llama_arguments, llama_pods, threads_for
from components.inference.vllm import vllm_arguments, vllm_pods

from .recording import MODEL, digest, made_up_lock

IMAGE = f"rg.fr-par.scw.cloud/x/vllm@sha256:{digest('vllm')}"
DIRECTORY = f"/models/{MODEL}"


def plan(app: str) -> FetchPlan:
    locked = made_up_lock("eu", "rg.fr-par.scw.cloud/x").models[MODEL]
    source = WeightsSource(
        image=IMAGE, bucket_url="https://s3.fr-par.scw.cloud/b", region="fr-par", gate="gate.egress:8443"
    )
    artefacts = ModelArtefacts(model_id=MODEL, locked=locked)
    return FetchPlan(app=app, source=source, artefacts=artefacts, files=locked.files)


@pytest.fixture
def vllm() -> VllmArgs:
    return VllmArgs(
        image=IMAGE,
        plan=plan("vllm"),
        replicas=2,
        gpus_per_replica=1,
        gpu_memory_utilization=0.95,
        max_model_len=4096,
    )


@pytest.fixture
def llama() -> LlamaCppArgs:
    fetched = plan("llama-cpp")
    gguf = fetched.artefacts.locked.gguf
    assert gguf is not None
    return LlamaCppArgs(
        image=IMAGE,
        plan=replace(fetched, files=(gguf,)),
        gguf=gguf,
        replicas=1,
        threads=6,
        max_model_len=4096,
    )


@pytest.fixture
def pods(vllm: VllmArgs, llama: LlamaCppArgs) -> dict[str, Mapping[str, Any]]:
    """Pod specs of both engines by name."""
    return {
        "vllm": pod_of(engine_pods(vllm_pods(vllm), {})),
        "llama-cpp": pod_of(engine_pods(llama_pods(llama), {})),
    }


def pod_of(deployment: object) -> Mapping[str, Any]:
    return cast("dict[str, Any]", deployment)["template"]["spec"]


def following(arguments: Sequence[str], flag: str) -> str:
    return arguments[arguments.index(flag) + 1]


def environment(container: Mapping[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in container["env"]}


def test_vllm_serves_the_named_model_from_the_local_directory(vllm: VllmArgs) -> None:
    arguments = vllm_arguments(vllm)
    assert arguments[:2] == ["serve", DIRECTORY]
    assert following(arguments, "--served-model-name") == MODEL


def test_vllm_takes_the_share_of_memory_and_the_length_it_is_given(vllm: VllmArgs) -> None:
    arguments = vllm_arguments(vllm)
    assert following(arguments, "--gpu-memory-utilization") == "0.95"
    assert following(arguments, "--max-model-len") == "4096"
    assert following(arguments, "--port") == "8000"


def test_mistral_files_are_read_in_mistrals_format(vllm: VllmArgs) -> None:
    arguments = vllm_arguments(vllm)
    for flag in ("--tokenizer-mode", "--config-format", "--load-format"):
        assert following(arguments, flag) == "mistral"


def test_other_files_are_read_in_the_format_vllm_finds(vllm: VllmArgs) -> None:
    weights = vllm.plan.artefacts.locked.files[1].model_copy(update={"path": "model.safetensors"})
    locked = vllm.plan.artefacts.locked.model_copy(update={"files": (weights,)})
    other = replace(vllm, plan=replace(vllm.plan, artefacts=ModelArtefacts(model_id=MODEL, locked=locked)))
    assert "mistral" not in vllm_arguments(other)


def test_a_pod_with_several_gpus_splits_the_model_among_them(vllm: VllmArgs) -> None:
    arguments = vllm_arguments(replace(vllm, gpus_per_replica=4))
    assert following(arguments, "--tensor-parallel-size") == "4"


def test_vllm_asks_for_its_gpus_as_request_and_limit(pods: dict[str, Mapping[str, Any]]) -> None:
    resources = pods["vllm"]["containers"][0]["resources"]
    assert resources["requests"]["nvidia.com/gpu"] == resources["limits"]["nvidia.com/gpu"] == "1"
    assert pods["vllm"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]


def test_the_fallback_stays_off_gpu_nodes(pods: dict[str, Mapping[str, Any]]) -> None:
    assert "tolerations" not in pods["llama-cpp"]


def test_every_off_switch_of_vllm_is_set_to_the_letter(pods: dict[str, Mapping[str, Any]]) -> None:
    variables = environment(pods["vllm"]["containers"][0])
    expected = {
        **dict.fromkeys(
            (
                "VLLM_NO_USAGE_STATS",
                "VLLM_DO_NOT_TRACK",
                "DO_NOT_TRACK",
                "HF_HUB_OFFLINE",
                "TRANSFORMERS_OFFLINE",
                "HF_HUB_DISABLE_TELEMETRY",
                "HF_HUB_DISABLE_UPDATE_CHECK",
                "HF_HUB_DISABLE_XET",
                "HF_HUB_DISABLE_IMPLICIT_TOKEN",
            ),
            "1",
        ),
        "VLLM_USE_MODELSCOPE": "false",
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
        "VLLM_SERVER_DEV_MODE": "0",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "0",
    }
    assert {name: variables.get(name) for name in expected} == expected
    assert "VLLM_HAS_FLASHINFER_CUBIN" not in variables, "true only of an image that contains it"


def test_running_answers_are_finished_before_vllm_stops(vllm: VllmArgs) -> None:
    pod = pod_of(engine_pods(vllm_pods(vllm), {}))
    pre_stop = pod["containers"][0]["lifecycle"]["pre_stop"]["sleep"]["seconds"]
    shutdown = int(following(vllm_arguments(vllm), "--shutdown-timeout"))
    assert pre_stop > 0
    assert shutdown > 0
    assert pod["termination_grace_period_seconds"] > pre_stop + shutdown


def test_vllm_may_load_for_ten_minutes_and_is_tested_where_no_key_is_needed(
    pods: dict[str, Mapping[str, Any]],
) -> None:
    container = pods["vllm"]["containers"][0]
    startup = container["startup_probe"]
    assert startup["period_seconds"] * startup["failure_threshold"] == 600
    for probe in ("startup_probe", "liveness_probe", "readiness_probe"):
        assert container[probe]["http_get"] == {"path": "/health", "port": 8000}


def test_a_rollout_needs_no_spare_gpu(vllm: VllmArgs) -> None:
    strategy = cast("dict[str, Any]", engine_pods(vllm_pods(vllm), {}))["strategy"]
    assert strategy["rolling_update"] == {"max_surge": 0, "max_unavailable": 1}


@pytest.mark.parametrize("engine", ["vllm", "llama-cpp"])
def test_pods_can_do_no_more_than_serve(engine: str, pods: dict[str, Mapping[str, Any]]) -> None:
    pod = pods[engine]
    assert pod["automount_service_account_token"] is False
    assert pod["enable_service_links"] is False, "a Service named vllm would set VLLM_PORT and stop vLLM"
    assert pod["security_context"]["run_as_non_root"] is True
    assert pod["security_context"]["run_as_user"] == 2000
    assert pod["security_context"]["seccomp_profile"] == {"type": "RuntimeDefault"}
    for container in (*pod["init_containers"], *pod["containers"]):
        assert container["security_context"]["capabilities"] == {"drop": ["ALL"]}
        assert container["security_context"]["allow_privilege_escalation"] is False
        assert container["image"].partition("@")[2].startswith("sha256:")


def test_only_the_gpu_container_may_write_to_its_root(pods: dict[str, Mapping[str, Any]]) -> None:
    writable = [
        container["name"]
        for pod in pods.values()
        for container in (*pod["init_containers"], *pod["containers"])
        if not container["security_context"]["read_only_root_filesystem"]
    ]
    assert writable == ["vllm"]


@pytest.mark.parametrize("engine", ["vllm", "llama-cpp"])
def test_no_engine_sees_the_key_to_the_bucket(engine: str, pods: dict[str, Mapping[str, Any]]) -> None:
    mounts = {mount["name"] for mount in pods[engine]["containers"][0]["volume_mounts"]}
    assert "access" not in mounts
    weights = next(m for m in pods[engine]["containers"][0]["volume_mounts"] if m["name"] == "weights")
    assert weights == {"name": "weights", "mount_path": "/models", "read_only": True}


def test_llama_cpp_pins_what_it_would_otherwise_choose_itself(llama: LlamaCppArgs) -> None:
    arguments = llama_arguments(llama)
    assert following(arguments, "--model") == f"{DIRECTORY}/model-Q4_K_M.gguf"
    assert following(arguments, "--alias") == MODEL
    assert following(arguments, "--port") == "8080"
    assert following(arguments, "--threads") == "6"
    assert following(arguments, "--parallel") == "1"
    assert following(arguments, "--ctx-size") == "4096"
    assert following(arguments, "--cache-ram") == "0"
    assert {"--offline", "--no-slots"} <= set(arguments)


def test_the_fallback_is_guaranteed_its_cpus_and_its_memory(pods: dict[str, Mapping[str, Any]]) -> None:
    pod = pods["llama-cpp"]
    for container in (*pod["init_containers"], *pod["containers"]):
        assert container["resources"]["requests"] == container["resources"]["limits"]
    limits = pod["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "6", "memory": "6Gi"}


@given(vcpus=st.none() | st.integers(min_value=1, max_value=256))
def test_the_fallback_leaves_the_router_room_and_always_has_a_thread(vcpus: int | None) -> None:
    threads = threads_for(vcpus)
    assert threads >= 1
    assert vcpus is None or vcpus < 3 or threads <= vcpus - 2
