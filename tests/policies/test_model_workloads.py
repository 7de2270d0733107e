"""Random workloads: an unapproved model is reported whatever kind it is served by and however it is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.off_switches import OFF_SWITCHES
from policies.context import build_context
from policies.facts import StackFacts
from tests.policies.stacks import TODAY, closed_namespace, explicit_provider, resource, violations_of
from tests.policies.test_model_naming import DIGEST

GOOD: Final = "mistralai/Mistral-7B-Instruct-v0.3"
EVIL: Final = "meta-llama/Llama-3.1-8B-Instruct"
CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
HOME: Final = "rg.fr-par.scw.cloud/s/"
Fields = dict[str, Any]
Objects = list[tuple[str, Fields]]


def _variable(name: str, value: str) -> Fields:
    return {"name": name, "value": value}


OFF: Final = [_variable(name, value) for name, value in OFF_SWITCHES.items()]


def _vllm(*arguments: str, **fields: Any) -> Fields:
    return {"name": "v", "image": f"{HOME}vllm{DIGEST}", "env": OFF, "args": list(arguments)} | fields


def _llama(*arguments: str, **fields: Any) -> Fields:
    return {"name": "l", "image": f"{HOME}llama-cpp{DIGEST}", "args": ["--offline", *arguments]} | fields


def _other(*command: str, **fields: Any) -> Fields:
    return {"name": "o", "image": f"{HOME}page{DIGEST}", "command": list(command), "env": OFF} | fields


MOUNT: Final = [{"name": "s", "mountPath": "/scripts"}]


def _with_map(container: Fields, data: Fields, **source: Any) -> tuple[Fields, Fields, Objects]:
    volumes = {"volumes": [{"name": "s", "configMap": {"name": "scripts", **source}}]}
    return container, volumes, [(_MAP, {"metadata": {"name": "scripts"}, "data": data})]


_MAP: Final = "kubernetes:core/v1:ConfigMap"
Naming = Callable[[str], "Fields | tuple[Fields, Fields, Objects]"]

HONEST: Final[dict[str, Naming]] = {
    "argument": lambda m: _vllm(f"/models/{m}", "--port", "8000"),
    "hub id": lambda m: _vllm(m),
    "--model": lambda m: _vllm("--model", f"/models/{m}"),
    "--model=": lambda m: _vllm(f"--model=/models/{m}"),
    "abbreviated": lambda m: _vllm("--mod", f"/models/{m}"),
    "command": lambda m: _other("vllm", "serve", f"/models/{m}"),
    "module": lambda m: _other(
        "python3", "-m", "vllm.entrypoints.openai.api_server", "--model", f"/models/{m}"
    ),
    "variable": lambda m: _vllm(
        "--model", "$(A)", env=[*OFF, _variable("B", m), _variable("A", "/models/$(B)")]
    ),
    "shell": lambda m: _other("sh", "-c", f"exec vllm serve /models/{m}"),
    "shell variable": lambda m: _other(
        "bash", "-c", 'exec vllm serve "/models/$M"', env=[*OFF, _variable("M", m)]
    ),
    "script": lambda m: _with_map(
        _other("sh", "/scripts/run.sh", volumeMounts=MOUNT),
        {"run.sh": f"#!/bin/sh\nexec vllm serve /models/{m}\n"},
    ),
    "executable script": lambda m: _with_map(
        _vllm(command=["/scripts/go"], args=None, volumeMounts=MOUNT),
        {"go": f"#!/bin/sh\nexec vllm serve /models/{m}\n"},
        defaultMode=493.0,
    ),
    "draft": lambda m: _vllm(
        f"/models/{GOOD}", "--speculative-config", json.dumps({"model": f"/models/{m}"})
    ),
    "draft key": lambda m: _vllm(f"/models/{GOOD}", f"--speculative_config.model=/models/{m}"),
    "adapter": lambda m: _vllm(f"/models/{GOOD}", "--lora-modules", f"a=/models/{m}/lora"),
    "adapter object": lambda m: _vllm(
        f"/models/{GOOD}", "--lora_modules", json.dumps({"name": "a", "path": f"/models/{m}/lora"})
    ),
    "tokenizer": lambda m: _vllm(f"/models/{GOOD}", "--tokenizer", f"/models/{m}"),
    "GGUF": lambda m: _llama("-m", f"/models/{m}/q4.gguf"),
    "repository": lambda m: _llama("-hf", f"{m}:Q4_K_M"),
    "GGUF draft": lambda m: _llama("-m", f"/models/{GOOD}/q4.gguf", "-md", f"/models/{m}/q2.gguf"),
    "GGUF variable": lambda m: _llama(env=[_variable("LLAMA_ARG_MODEL", f"/models/{m}/q4.gguf")]),
    "GGUF command": lambda m: _other("llama-server", "--offline", "--model", f"/models/{m}/q4.gguf"),
}
"""Ways to name a model that a reader can follow: allowed for an approved one."""


def _plain(command: str) -> Fields:
    return _other("sh", "-c", command)


EVASIVE: Final[dict[str, Naming]] = {
    "config file": lambda m: _with_map(
        _vllm("--config", "/scripts/c.yaml", volumeMounts=MOUNT), {"c.yaml": f"model: {m}"}
    ),
    "envFrom": lambda m: _vllm("--model", "$(M)", envFrom=[{"configMapRef": {"name": m.partition("/")[0]}}]),
    "valueFrom": lambda m: _vllm(
        "--model",
        "$(M)",
        env=[*OFF, {"name": "M", "valueFrom": {"configMapKeyRef": {"name": "c", "key": m}}}],
    ),
    "preset": lambda _m: _llama("--fim-qwen-7b-default"),
    "split name": lambda m: _plain(f"v=vl; ${{v}}lm serve {m}"),
    "substitution": lambda m: _plain(f"$(printf vllm) serve {m}"),
    "piped": lambda m: _plain(f"echo 'vl''lm serve {m}' | sh"),
    "eval": lambda m: _plain(f"eval vl''lm serve {m}"),
    "pattern": lambda m: _plain(f"/usr/bin/v?lm serve {m}"),
    "fetched": lambda _m: _plain("curl -fsS http://files.data.svc/x -o /tmp/x; sh /tmp/x"),
    "Python": lambda m: _other("python3", "-c", f"import os; os.execvp('vl'+'lm', ['x', 'serve', '{m}'])"),
    "hook": lambda m: _other("haproxy", lifecycle={"postStart": {"exec": {"command": ["vllm", "serve", m]}}}),
    "other engine": lambda m: _other("ollama", "run", m),
    "other name": lambda m: _other("/opt/engine", "--model-id", m),
    "other image": lambda m: {"name": "o", "image": f"{HOME}page{DIGEST}", "env": [_variable("MODEL_ID", m)]},
    "sourced": lambda m: _with_map(
        _other("sh", "-c", ". /scripts/x; exec haproxy", volumeMounts=MOUNT), {"x": f"vllm serve {m}"}
    ),
    "script by script": lambda m: _with_map(
        _other("sh", "/scripts/a", volumeMounts=MOUNT),
        {"a": "exec sh /scripts/b", "b": f"exec vllm serve {m}"},
    ),
    "part of a volume": lambda _m: _vllm(
        f"/models/{GOOD}", volumeMounts=[{"name": "w", "mountPath": f"/models/{GOOD}", "subPath": "best"}]
    ),
    "directory instead of the hub": lambda _m: _vllm(
        GOOD, workingDir="/data/best", volumeMounts=[{"name": "w", "mountPath": "/data"}]
    ),
    "code of a volume": lambda _m: _with_map(
        _vllm(f"/models/{GOOD}", env=[*OFF, _variable("PYTHONPATH", "/scripts")], volumeMounts=MOUNT),
        {"sitecustomize.py": "import sys"},
    ),
    "variable of the cluster": lambda m: _other(
        "/opt/engine", env=[{"name": "LLM_MODEL", "valueFrom": {"configMapKeyRef": {"name": "c", "key": m}}}]
    ),
    "model in an image's name": lambda m: {"name": "o", "image": f"{HOME}nim/{m.lower()}{DIGEST}"},
    "script in an image's directory": lambda m: _with_map(
        {"name": "o", "image": f"{HOME}page{DIGEST}", "volumeMounts": MOUNT}, {"1.sh": f"vllm serve {m}"}
    ),
}
"""Ways that nobody can follow, or that go around the container: refused for any model but the honest one."""


def _pod_spec(kind: str, spec: Fields) -> Fields:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": spec}
    match kind:
        case "core/v1:Pod":
            return {"spec": spec}
        case "core/v1:PodTemplate":
            return {"template": template}
        case "batch/v1:CronJob":
            return {"spec": {"jobTemplate": {"spec": {"template": template}}}}
        case "core/v1:PodList":
            return {"items": [{"metadata": {"name": "p"}, "spec": spec}]}
        case "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet":
            return {"spec": {"leaderWorkerTemplate": {"size": 1.0, "workerTemplate": template}}}
        case "jobset.x-k8s.io/v1alpha2:JobSet":
            return {"spec": {"replicatedJobs": [{"template": {"spec": {"template": template}}}]}}
        case _:
            return {"spec": {"template": template}}


READ_KINDS: Final = [
    *("apps/v1:Deployment", "apps/v1:StatefulSet", "apps/v1:DaemonSet", "apps/v1:ReplicaSet", "batch/v1:Job"),
    *("batch/v1:CronJob", "core/v1:Pod", "core/v1:PodTemplate", "core/v1:ReplicationController"),
    *("core/v1:PodList", "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet", "jobset.x-k8s.io/v1alpha2:JobSet"),
]
"""Kinds whose pods rules read."""
REFUSED_KINDS: Final = [
    *("serving.kserve.io/v1beta1:InferenceService", "serving.kserve.io/v1alpha1:ServingRuntime"),
    *("ray.io/v1:RayService", "ray.io/v1:RayCluster", "llm.example.org/v1:ModelServer", "helm.sh/v3:Release"),
    *("apps/v1:DeploymentPatch", "apps/v1:StatefulSetPatch"),
]
"""Kinds that can name a model outside their pods, or that are not seen as a whole."""
LISTS: Final = ["containers", "initContainers", "ephemeralContainers"]


def _stack(naming: Naming, model: str, kind: str, where: str, *, map_first: bool) -> StackFacts:
    made = naming(model)
    container, volumes, others = made if isinstance(made, tuple) else (made, {}, [])
    spec = {"containers": [], where: [container], **volumes}
    workload = (
        f"kubernetes:{kind}",
        {"metadata": {"name": "w", "labels": {"app": "x"}}, **_pod_spec(kind, spec)},
    )
    rows = [*others, workload] if map_first else [workload, *others]
    return _facts(rows)


def _facts(rows: Objects) -> StackFacts:
    closed = closed_namespace("default")
    provider = explicit_provider("kubernetes")
    named = [(closed["type"], closed["properties"]), *rows]
    return StackFacts(
        tuple(
            resource(kind, f"r{index}", fields, provider=provider)
            for index, (kind, fields) in enumerate(named)
        )
    )


def _rules(stack: StackFacts) -> Mapping[str, str]:
    return {each.rule: each.found for each in violations_of(stack, CONTEXT)}


def _is_reported(stack: StackFacts) -> bool:
    return any(rule.startswith("model-ip") for rule in _rules(stack))


WAYS: Final = {**HONEST, **EVASIVE}


@given(
    st.sampled_from(sorted(WAYS)),
    st.sampled_from([*READ_KINDS, *REFUSED_KINDS]),
    st.sampled_from(LISTS),
    st.booleans(),
)
@settings(max_examples=600, deadline=None)
def test_an_unapproved_model_is_reported_in_any_kind_of_workload_however_it_is_named(
    way: str, kind: str, where: str, map_first: bool
) -> None:
    """Where it stands, what carries it and in which order it is declared make no difference."""
    assert _is_reported(_stack(WAYS[way], EVIL, kind, where, map_first=map_first))


@given(st.sampled_from(sorted(HONEST)), st.sampled_from(READ_KINDS), st.sampled_from(LISTS), st.booleans())
@settings(max_examples=400, deadline=None)
def test_an_approved_model_honestly_named_is_never_reported(
    way: str, kind: str, where: str, map_first: bool
) -> None:
    assert not _is_reported(_stack(HONEST[way], GOOD, kind, where, map_first=map_first))


@given(st.sampled_from(sorted(EVASIVE)), st.sampled_from(READ_KINDS))
@settings(max_examples=100, deadline=None)
def test_a_way_that_nobody_can_follow_is_refused_for_a_model_nobody_has_looked_at(
    way: str, kind: str
) -> None:
    assert _is_reported(_stack(EVASIVE[way], "acme/Unheard-Of", kind, "containers", map_first=True))


@given(st.sampled_from(sorted(HONEST)), st.sampled_from(READ_KINDS), st.booleans(), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_manifest_in_the_text_of_a_config_map_is_judged_like_a_declared_one(
    way: str, kind: str, as_json: bool, several: bool
) -> None:
    """Somebody may apply it later, past every rule."""
    made = HONEST[way](EVIL)
    container, volumes, others = made if isinstance(made, tuple) else (made, {}, [])
    if others:
        return  # a script in a ConfigMap beside it: judged where it is declared
    group, _, name = kind.rpartition(":")
    whole = {
        "apiVersion": group.removeprefix("core/"),
        "kind": name,
        **_pod_spec(kind, {"containers": [container], **volumes}),
    }
    text = json.dumps(whole, indent=1) if as_json else yaml.safe_dump(whole)
    text = f"apiVersion: v1\nkind: Namespace\n---\n{text}" if several else text

    assert _is_reported(_facts([(_MAP, {"metadata": {"name": "m"}, "data": {"later": text}})]))


_PREFIXES: Final = st.sampled_from(
    ["", "set -eu\n", "cd /\n", "echo a && ", "if true; then ", "( ", "{ ", "a | ", "! "]
)
_SUFFIXES: Final = st.sampled_from(["", "\n", " &", " ; echo b", " || true", " # c", " > /dev/null 2>&1"])
_SPELT: Final = st.sampled_from(
    [
        "vllm",
        "v'l'lm",
        'v"llm"',
        "v\\llm",
        "/usr/bin/vllm",
        "exec vllm",
        "command vllm",
        "env A=b vllm",
        "nice vllm",
    ]
)


@given(_PREFIXES, _SPELT, _SUFFIXES, st.integers(min_value=0, max_value=3), st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_spelling_of_a_program_in_a_shell_hides_its_model(
    before: str, program: str, behind: str, nesting: int, in_map: bool
) -> None:
    script = f"{before}{program} serve {EVIL}{behind}"
    script += {"if true; then ": "\nfi", "( ": "\n)", "{ ": "\n}"}.get(before, "")
    for _ in range(nesting):
        quoted = script.replace("'", "'\\''")
        script = f"sh -c '{quoted}'"
    if in_map:
        naming: Naming = lambda _m: _with_map(_other("sh", "/scripts/x", volumeMounts=MOUNT), {"x": script})  # noqa: E731
    else:
        naming = lambda _m: _plain(script)  # noqa: E731

    assert _is_reported(_stack(naming, EVIL, "apps/v1:Deployment", "containers", map_first=True))
