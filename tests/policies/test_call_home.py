"""Off-switches, flags and variables: no spelling and no place lets a server call home."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.off_switches import OFF_SWITCHES
from components.inference import OFF_SWITCHES as SET_BY_THE_COMPONENT
from policies.context import build_context
from policies.facts import UNKNOWN
from policies.rule import load_rules
from policies.rules._call_home import DENIED
from policies.rules.call_home_flags import HOST_FLAGS, LLAMA_REFUSED, VLLM_REFUSED
from tests.policies.stacks import TODAY, explicit_provider, resource

VLLM: Final = f"rg.fr-par.scw.cloud/s/vllm@sha256:{'0' * 64}"
LLAMA: Final = f"rg.fr-par.scw.cloud/s/llama-cpp@sha256:{'0' * 64}"
OTHER: Final = f"rg.fr-par.scw.cloud/s/runner@sha256:{'0' * 64}"
MODEL: Final = "/models/mistralai/Mistral-7B-Instruct-v0.3"
CONTEXT: Final = build_context("eu", rehearsal=False, today=TODAY)
_RULES: Final = {rule.id: rule for rule in load_rules()}
_KINDS: Final = st.sampled_from(["containers", "initContainers", "ephemeralContainers"])


def env(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Variables as a manifest lists them."""
    return [{"name": name, "value": value} for name, value in values.items()]


def found(rule: str, container: dict[str, Any], kind: str = "containers") -> list[str]:
    """What one rule finds in a pod with one container."""
    pod = resource(
        "kubernetes:core/v1:Pod",
        "p",
        {"spec": {kind: [{"name": "c", **container}]}},
        provider=explicit_provider("kubernetes"),
    )
    check: Any = _RULES[rule].check
    return [violation.found for violation in check(pod, CONTEXT)]


def switches(variables: list[dict[str, Any]], **container: Any) -> list[str]:
    """What is wrong with the variables of a vLLM container."""
    return found("call-home-switches", {"image": VLLM, "args": [MODEL], "env": variables, **container})


def flags(*args: Any, image: str = VLLM) -> list[str]:
    """What is wrong with the arguments of a server."""
    first = [MODEL] if image == VLLM else ["--offline", "-m", f"{MODEL}/q4.gguf"]
    return found("call-home-flags", {"image": image, "args": [*first, *args]})


def test_the_component_sets_what_the_rule_wants() -> None:
    assert dict(SET_BY_THE_COMPONENT) == dict(OFF_SWITCHES)


@pytest.mark.parametrize("name", OFF_SWITCHES)
@pytest.mark.parametrize("change", ["left out", "true", "empty", "unknown", "from a secret"])
def test_each_switch_counts_for_itself(name: str, change: str) -> None:
    variables = [each for each in env(dict(OFF_SWITCHES)) if each["name"] != name]
    match change:
        case "true":
            variables.append({"name": name, "value": "True"})
        case "empty":
            variables.append({"name": name, "value": ""})
        case "unknown":
            variables.append({"name": name, "value": UNKNOWN})
        case "from a secret":
            variables.append({"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}})
        case _:
            pass

    (text,) = switches(variables)

    assert name in text


@given(
    st.sampled_from(sorted(OFF_SWITCHES)),
    st.one_of(
        st.text(max_size=6),
        st.sampled_from(["1 ", " 1", "01", "true", "TRUE", "yes", "on", "0", "\uff11", "1\n"]),
    ),
    _KINDS,
)
@settings(max_examples=300, deadline=None)
def test_only_the_literal_value_is_the_switch(name: str, value: str, kind: str) -> None:
    container = {"image": VLLM, "args": [MODEL], "env": env({**OFF_SWITCHES, name: value})}

    assert bool(found("call-home-switches", container, kind)) == (value != OFF_SWITCHES[name])


@given(
    st.sampled_from(sorted(OFF_SWITCHES)),
    st.sampled_from(
        [
            "{0}=x ",
            "export {0}=x; ",
            "export {0}=x\n",
            "unset {0}; ",
            "read {0} && ",
            "declare {0}=x; ",
            "env -u {0} ",
            "env --unset={0} ",
            "env -i ",
            "exec -c ",
            "sudo ",
            "for {0} in 0 1; do ",
        ]
    ),
    st.lists(
        st.sampled_from(["exec ", "nice -n 5 ", "cd / && ", "ulimit -n 9; ", "HOME=/h "]), max_size=3
    ).map("".join),
)
@settings(max_examples=300, deadline=None)
def test_no_script_turns_a_switch_back_before_it_starts_the_server(
    name: str, change: str, before: str
) -> None:
    script = f"{before}{change.format(name)}vllm serve {MODEL}"
    container = {"image": VLLM, "command": ["sh", "-c", script], "env": env(dict(OFF_SWITCHES))}

    assert found("call-home-switches", container) or found("model-ip", container)


def test_a_later_variable_of_the_same_name_counts_as_it_does_in_the_cluster() -> None:
    right = env(dict(OFF_SWITCHES))

    assert switches([*right, {"name": "HF_HUB_OFFLINE", "value": "0"}])
    assert not switches([{"name": "HF_HUB_OFFLINE", "value": "0"}, *right])


def test_a_value_taken_from_another_variable_is_followed() -> None:
    rest = {name: value for name, value in OFF_SWITCHES.items() if name != "HF_HUB_OFFLINE"}

    assert not switches(env({"X": "1", **rest, "HF_HUB_OFFLINE": "$(X)"}))
    assert switches(env({"X": "0", **rest, "HF_HUB_OFFLINE": "$(X)"}))


def test_a_switch_set_by_the_script_alone_does_not_count() -> None:
    rest = {name: value for name, value in OFF_SWITCHES.items() if name != "DO_NOT_TRACK"}

    assert switches(env(rest), command=["sh", "-c", f"DO_NOT_TRACK=1 true; vllm serve {MODEL}"], args=[])


def test_lmcache_has_a_switch_of_its_own() -> None:
    right = env(dict(OFF_SWITCHES))
    config = '--kv-transfer-config={"kv_connector": "LMCacheConnectorV1", "kv_role": "kv_both"}'

    assert switches(right, args=[MODEL, config])
    assert not switches([*right, {"name": "LMCACHE_TRACK_USAGE", "value": "false"}], args=[MODEL, config])


@pytest.mark.parametrize("flag", sorted(VLLM_REFUSED))
def test_no_spelling_of_a_flag_that_loads_code_passes(flag: str) -> None:
    underscored = "--" + flag[2:].replace("-", "_")

    for spelt in (flag, underscored, flag[:-1], f"{flag}=x", f"{underscored[:-2]}=x"):
        assert flags(spelt), spelt


@pytest.mark.parametrize("flag", sorted(HOST_FLAGS - {"-dpa"}))
@pytest.mark.parametrize(
    "host",
    ["collector.example.com", "203.0.113.9", "a.svc.evil.example", "vllm", "2130706433", "evil@c.ns.svc"],
)
def test_no_flag_sends_anything_to_a_host_that_is_not_proved_to_stand_here(flag: str, host: str) -> None:
    value = f'{{"a": [{{"kv_ip": "{host}"}}]}}' if flag.endswith("-config") else f"http://{host}:80/x"

    assert flags(f"{flag}={value}")
    assert flags(flag, value)
    assert flags("--" + flag[2:].replace("-", "_"), value)
    assert flags(flag)
    assert flags(flag, UNKNOWN)


@pytest.mark.parametrize(
    "host",
    [
        "c.ns.svc",
        "c.ns.svc.cluster.local",
        "127.0.0.1",
        "[::1]",
        "10.1.2.3",
        "localhost",
        "s3.fr-par.scw.cloud",
    ],
)
def test_hosts_that_stand_here_pass(host: str) -> None:
    assert not flags("--otlp-traces-endpoint", f"http://{host}:4317")
    assert not flags(f'--kv-transfer-config={{"kv_buffer_device": "cuda", "kv_host": "{host}"}}')
    assert not flags("--kv-transfer-config.kv_ip", host)


def test_the_endpoint_of_the_other_jurisdiction_does_not_pass() -> None:
    (text,) = flags("--otlp-traces-endpoint", "https://objectstore.lon1.civo.com")

    assert "GB" in text


@pytest.mark.parametrize(
    "flag", [*sorted(LLAMA_REFUSED), "--mcp-servers-config", "--gpt-oss-20b-default", "--embd-gemma-default"]
)
def test_no_flag_lets_llama_cpp_act_download_or_write_prompts(flag: str) -> None:
    for spelt in (flag, "--" + flag[2:].replace("-", "_"), f"{flag}=x"):
        assert flags(spelt, image=LLAMA), spelt
    assert not flags("--no-slots", "--alias", "a", image=LLAMA)


@pytest.mark.parametrize("name", [*DENIED, "SM_VLLM_MODEL"])
def test_a_denied_variable_is_found_in_any_container(name: str) -> None:
    for value in ("x", UNKNOWN):
        container = {"image": "rg.fr-par.scw.cloud/s/tool", "env": env({name: value})}
        assert found("call-home-variables", container, "initContainers")
    assert found(
        "call-home-variables", {"image": VLLM, "command": ["sh", "-c", f"{name}=x vllm serve {MODEL}"]}
    )


@pytest.mark.parametrize(
    "container",
    [
        {"image": VLLM, "args": [MODEL, "--distributed_executor_backend", "ray"]},
        {"image": VLLM, "args": [MODEL, "--distributed-e", "ray"]},
        {"image": VLLM, "args": [MODEL, "-dpb=ray"]},
        {"image": VLLM, "args": [MODEL, "--distributed-executor-backend", UNKNOWN]},
        {"image": VLLM, "command": ["sh", "-c", f"RAY_ADDRESS=a:1 vllm serve {MODEL}"]},
        {"image": OTHER, "command": ["/opt/ray", "--logging-level", "info", "start", "--head"]},
        {"image": OTHER, "args": ["ray", "start", "--head"]},
        {"image": OTHER, "command": ["sh", "-c", "sleep 1; ray start --head"]},
    ],
)
def test_whatever_starts_ray_needs_the_switch_of_ray(container: dict[str, Any]) -> None:
    both = {**OFF_SWITCHES, "RAY_USAGE_STATS_ENABLED": "0"}

    (text,) = found("call-home-switches", {**container, "env": env(dict(OFF_SWITCHES))})

    assert text.endswith("RAY_USAGE_STATS_ENABLED is not set")
    assert not found("call-home-switches", {**container, "env": env(both)})
    assert found("call-home-switches", {**container, "env": env({**both, "RAY_USAGE_STATS_ENABLED": "1"})})


@pytest.mark.parametrize("change", ["env -u RAY_USAGE_STATS_ENABLED ", "export RAY_USAGE_STATS_ENABLED=1; "])
def test_no_script_turns_ray_back_on_before_it_starts(change: str) -> None:
    container = {"image": OTHER, "command": ["sh", "-c", f"{change}ray start --head"]}

    assert found("call-home-switches", {**container, "env": env({"RAY_USAGE_STATS_ENABLED": "0"})})


@pytest.mark.parametrize(
    "container",
    [
        {"image": VLLM, "args": [MODEL, "--distributed-executor-backend=mp"], "env": env(dict(OFF_SWITCHES))},
        {"image": OTHER, "command": ["ray", "status"]},
        {"image": OTHER, "command": ["sh", "-c", "start ray"]},
        {"image": OTHER, "env": env({"RAY_ADDRESS": ""})},
    ],
)
def test_what_starts_no_ray_needs_no_switch_of_ray(container: dict[str, Any]) -> None:
    assert not found("call-home-switches", container)


@pytest.mark.parametrize("kind", ["RayCluster", "RayService"])
def test_the_ray_container_of_a_pod_of_kuberay_needs_the_switch_whatever_it_is_told_to_run(kind: str) -> None:
    def wrong(variables: list[dict[str, Any]]) -> list[str]:
        containers = [{"name": "ray", "image": OTHER, "env": variables}, {"name": "log", "image": OTHER}]
        group = {"template": {"spec": {"containers": containers}}}
        spec = (
            {"headGroupSpec": group}
            if kind == "RayCluster"
            else {"rayClusterConfig": {"headGroupSpec": group}}
        )
        cluster = resource(
            f"kubernetes:ray.io/v1:{kind}", "r", {"spec": spec}, provider=explicit_provider("kubernetes")
        )
        check: Any = _RULES["call-home-switches"].check
        return [violation.found for violation in check(cluster, CONTEXT)]

    assert len(wrong([])) == 1
    assert wrong(env({"RAY_USAGE_STATS_ENABLED": "0"})) == []
