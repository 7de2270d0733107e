"""Every way in which vLLM and llama.cpp can be told a model: none gets past the reader."""

from __future__ import annotations

from typing import Any, Final

import pytest

from policies.models import models_served
from tests.policies.stacks import resource

GOOD: Final = "/models/mistralai/Mistral-7B-Instruct-v0.3"
GOOD_ID: Final = "mistralai/Mistral-7B-Instruct-v0.3"
EVIL: Final = "Qwen/Qwen3-8B"
DIGEST: Final = f"@sha256:{'0' * 64}"
VLLM: Final = f"registry.example/s/vllm{DIGEST}"
LLAMA: Final = f"registry.example/s/llama-cpp{DIGEST}"
OTHER: Final = f"registry.example/s/runner{DIGEST}"
API_SERVER: Final = ["python3", "-m", "vllm.entrypoints.openai.api_server"]


def served(**container: Any) -> set[str | None]:
    """The models that a pod with one such container may serve; None stands for one that cannot be read."""
    fields = {"name": "c", "image": VLLM, **container}
    pod = resource("kubernetes:core/v1:Pod", "p", {"spec": {"containers": [fields]}}, provider=None)
    return {reference.model for reference in models_served(pod)}


def variable(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


@pytest.mark.parametrize(
    "container",
    [
        {"args": [GOOD]},
        {"args": [GOOD, "--max-model-len", "4096", "--gpu-memory-utilization", "0.95"]},
        {"args": ["--model", GOOD, "--max-model-len", "4096", "--port=8000", "--enforce-eager"]},
        {"args": [f"--model={GOOD}"]},
        {"command": ["vllm", "serve"], "args": [GOOD]},
        {"command": ["vllm", "serve", GOOD], "image": OTHER},
        {"command": [*API_SERVER, "--model", GOOD]},
        {"command": ["/usr/bin/env", "HOME=/home/vllm", "vllm", "serve", GOOD]},
        {"command": ["tini", "--", "vllm", "serve", GOOD]},
        {"args": ["$(MODEL)"], "env": [variable("MODEL", GOOD)]},
        {
            "args": ["/models/$(OWNER)/$(NAME)"],
            "env": [variable("OWNER", "mistralai"), variable("NAME", GOOD_ID.split("/")[1])],
        },
        {"command": ["sh", "-c", f"exec vllm serve {GOOD} --port 8000"]},
        {
            "command": ["/bin/bash", "-lc", "mkdir -p /tmp/x && exec vllm serve $MODEL"],
            "env": [variable("MODEL", GOOD)],
        },
        {"command": ["bash", "-o", "pipefail", "-c", f'vllm serve "{GOOD}"']},
        {
            "args": [GOOD, "--api-key", "$(KEY)"],
            "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
        },
        {"args": [GOOD, "--speculative-config", '{"method": "ngram", "num_speculative_tokens": 4}']},
        {"args": [GOOD, "--speculative-config", f'{{"model": "{GOOD}"}}']},
        {"args": [GOOD, "--tokenizer", GOOD, "--load-format", "safetensors", "--generation-config", "vllm"]},
        {"args": [GOOD], "env": [variable("VLLM_USE_MODELSCOPE", "false"), variable("VLLM_PLUGINS", "")]},
        {"args": [GOOD, "--served-model-name", "a", "b", "--max-num-seqs", 8.0]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/q4.gguf", "--port", "8080"]},
        {
            "image": LLAMA,
            "command": ["/app/llama-server"],
            "args": ["--model", f"{GOOD}/q4.gguf", "--alias", "x"],
        },
        {"image": LLAMA, "env": [variable("LLAMA_ARG_MODEL", f"{GOOD}/q4.gguf")]},
        {"image": LLAMA, "args": ["-hf", f"{GOOD_ID}:Q4_K_M"]},
        {"image": LLAMA, "command": ["llama", "serve", "-m", f"{GOOD}/q4.gguf"]},
    ],
    ids=str,
)
def test_a_model_named_in_the_open_is_read(container: dict[str, Any]) -> None:
    assert served(**container) == {GOOD_ID}


@pytest.mark.parametrize(
    "container",
    [
        {"args": [EVIL]},
        {"args": [GOOD, "--model", EVIL]},
        {"args": ["--model", GOOD, f"--model={EVIL}"]},
        {"args": [GOOD, "--mod", EVIL]},
        {"args": [GOOD, "--tokenizer", EVIL]},
        {"args": [GOOD, "--hf_config_path", EVIL]},
        {"args": [GOOD, "--spec-mo", EVIL]},
        {"args": [GOOD, "--speculative-config", f'{{"model": "{EVIL}"}}']},
        {"args": [GOOD, "--speculative_config.model", EVIL]},
        {"args": [GOOD, f"-sc.model={EVIL}"]},
        {"args": [GOOD, "-sc", f'{{"model": "{EVIL}"}}']},
        {"args": [GOOD, "--specul", f'{{"draft_model": "{EVIL}"}}']},
        {"args": [GOOD, "--lora-modules", f"a={GOOD}", f"b={EVIL}"]},
        {"args": [GOOD, "--lora_modules", f'{{"name": "b", "path": "{EVIL}"}}']},
        {"args": [GOOD, "--default-mm-loras", f'{{"audio": "{EVIL}"}}']},
        {"args": [GOOD, "--generation-config", EVIL]},
        {"command": [*API_SERVER, f"--model={EVIL}"]},
        {
            "command": ["python", "/opt/vllm/entrypoints/openai/api_server.py", "--model", EVIL],
            "image": OTHER,
        },
        {"command": ["sh", "-c", f"vllm serve {EVIL}"], "image": OTHER},
        {"command": ["sh", "-c", f"sleep 1; vllm serve {EVIL} &"], "image": OTHER},
        {"args": ["-c", f"vllm serve {EVIL}"], "image": OTHER},
        {"command": ["/opt/venv/bin/vllm", "run-batch", "--model", EVIL], "image": OTHER},
        {"args": ["$(MODEL)"], "env": [variable("MODEL", EVIL)]},
        {"args": [GOOD, "$(FLAG)"], "env": [variable("FLAG", f"--model={EVIL}")]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/a.gguf", "-md", "/models/Qwen/Qwen3-8B/b.gguf"]},
        {
            "image": LLAMA,
            "args": ["--model", f"{GOOD}/a.gguf", "--spec_draft_model", "/models/Qwen/Qwen3-8B/b"],
        },
        {
            "image": LLAMA,
            "args": ["-m", f"{GOOD}/a.gguf", "--lora", f"{GOOD}/l.gguf,/models/Qwen/Qwen3-8B/l.gguf"],
        },
        {
            "image": LLAMA,
            "args": ["-m", f"{GOOD}/a.gguf", "--lora-scaled", "/models/Qwen/Qwen3-8B/l.gguf:0.5"],
        },
        {"image": LLAMA, "args": ["--hf-repo", f"{EVIL}:Q4"]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/a.gguf", "-hfd", EVIL]},
        {
            "image": LLAMA,
            "args": ["-m", f"{GOOD}/a.gguf"],
            "env": [variable("LLAMA_ARG_MODEL_DRAFT", "/models/Qwen/Qwen3-8B/d")],
        },
        {"image": OTHER, "env": [variable("LLAMA_ARG_HF_REPO", EVIL)], "command": ["/app/llama-server"]},
        {"image": OTHER, "command": ["env", "LLAMA_ARG_MODEL=/models/Qwen/Qwen3-8B/x", "llama-server"]},
    ],
    ids=str,
)
def test_another_model_is_found_wherever_it_is_named(container: dict[str, Any]) -> None:
    assert EVIL in served(**container)


@pytest.mark.parametrize(
    "container",
    [
        {},
        {"args": ["--port", "8000"]},
        {"command": ["vllm", "serve"]},
        {"args": [GOOD, "--config", "/etc/vllm.yaml"]},
        {"args": [GOOD, "--config=/etc/vllm.yaml"]},
        {"args": [GOOD, "--weight-transfer-config", "{}"]},
        {"args": [GOOD, "--load-format", "tensorizer"]},
        {"args": [GOOD, "--model-loader-extra-config", '{"tensorizer_uri": "s3://x/y"}']},
        {"args": [GOOD, "--speculative-config", "not json"]},
        {"args": ["--model", GOOD, "--enforce-eager", "could-be-a-model"]},
        {"args": ["--model", GOOD, "--no-such-flag", "8000"]},
        {"args": ["--model"]},
        {"args": ["/models/../srv/evil/model"]},
        {"args": ["/models/mistralai"]},
        {"args": ["/mnt/mistralai/Mistral-7B-Instruct-v0.3"]},
        {"args": ["./models/mistralai/Mistral-7B-Instruct-v0.3"]},
        {"args": ["s3://bucket/mistralai/Mistral-7B-Instruct-v0.3"]},
        {"args": ["https://huggingface.co/mistralai/Mistral-7B-Instruct-v0.3"]},
        {"args": ["$(MODEL)"]},
        {
            "args": [GOOD, "$(EXTRA)"],
            "env": [{"name": "EXTRA", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}],
        },
        {"args": [GOOD, "--served-model-name", "a", "$(EXTRA)"]},
        {"args": [GOOD], "env": [variable("VLLM_PLUGINS", "evil")]},
        {"args": [GOOD], "env": [variable("VLLM_USE_MODELSCOPE", "True")]},
        {"args": [GOOD], "env": [variable("VLLM_MODEL_REDIRECT_PATH", "/etc/redirect")]},
        {"args": [GOOD], "env": [variable("SM_VLLM_MODEL", "x")]},
        {"args": [GOOD], "env": [variable("VLLM_ALLOW_RUNTIME_LORA_UPDATING", "1")]},
        {"command": ["/start.sh"]},
        {"command": ["python", "-c", "from vllm import LLM"]},
        {"command": ["sh", "-c", "/start.sh"]},
        {"command": ["sh", "/start.sh", "vllm", "serve", GOOD]},
        {"command": ["sh", "-c", "vllm serve $MODEL"]},
        {"command": ["sh", "-c", f"vllm serve $(cat /x) {GOOD}"]},
        {"command": ["sh", "-c", "MODEL=x; vllm serve $MODEL"], "env": [variable("MODEL", GOOD)]},
        {"command": ["env", "MODEL=x", "sh", "-c", "vllm serve $MODEL"], "env": [variable("MODEL", GOOD)]},
        {"command": ["sh", "-c", ". /etc/env; vllm serve $MODEL"], "env": [variable("MODEL", GOOD)]},
        {"command": ["sh", "-c", 'vllm serve "$@"', "sh", GOOD]},
        {"command": ["sh", "-c", f"vllm serve {GOOD} & vllm serve {GOOD}"]},
        {"command": ["sh", "-c", f"vllm serve '{GOOD}"]},
        {"command": ["mystery", "--model", GOOD, "vllm", "serve", GOOD]},
        {"image": LLAMA, "args": ["--models-dir", "/models"]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/a.gguf", "--models-preset", "/x.ini"]},
        {"image": LLAMA, "args": ["-mu", "https://example.eu/x.gguf"]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/a.gguf", "--mmproj-url", "https://example.eu/x"]},
        {"image": LLAMA, "args": ["--docker-repo", "ai/qwen"]},
        {"image": LLAMA, "args": ["--gpt-oss-20b-default"]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/a.gguf", "--fim-qwen-7b-spec"]},
        {"image": LLAMA, "args": ["-m"]},
        {"image": LLAMA, "args": ["-m", f"{GOOD}/a.gguf", "--no-mmap", "$(EXTRA)"]},
        {"image": OTHER, "command": ["sh", "-c", f"V=vllm; $V serve {EVIL}"]},
        {"image": LLAMA, "args": ["--alias", "a"]},
        {"image": LLAMA, "args": ["-m", "./q4.gguf"]},
        {"image": LLAMA, "args": ["$(EXTRA)", "-m", f"{GOOD}/a.gguf"]},
        {"image": OTHER, "resources": {"limits": {"nvidia.com/gpu": "1"}}},
        {"image": OTHER, "resources": {"limits": {"nvidia.com/mig-1g.10gb": 1.0}}},
        {"image": OTHER, "resources": {"claims": [{"name": "gpu"}]}},
        {"image": OTHER, "command": ["ollama", "serve"]},
        {"image": OTHER, "command": ["python3", "-m", "sglang.launch_server", "--model-path", GOOD]},
        {"image": f"registry.example/s/text-generation-inference{DIGEST}"},
    ],
    ids=str,
)
def test_a_model_that_cannot_be_read_is_reported_as_such(container: dict[str, Any]) -> None:
    assert None in served(**container)


@pytest.mark.parametrize(
    "container",
    [
        {"image": OTHER, "args": ["--upstream", "vllm", "--port", "80"]},
        {"image": OTHER, "command": ["curl", "http://llama-server:8080/health"]},
        {"image": OTHER, "command": ["sh", "-c", "echo $(date)"]},
        {"image": OTHER, "env": [variable("MODEL_ID", "chat")]},
        {"image": OTHER, "resources": {"limits": {"nvidia.com/gpu": "0"}}},
        {"image": OTHER, "envFrom": [{"secretRef": {"name": "s"}}]},
    ],
    ids=str,
)
def test_a_container_that_serves_nothing_is_left_alone(container: dict[str, Any]) -> None:
    assert served(**container) == set()
