"""Shared by the rules of the family call-home."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = [
    "DENIED",
    "LAW",
    "LMCACHE_SWITCH",
    "NO_EXCEPTION",
    "RAY_SWITCH",
    "REFERENCES",
    "SOURCE",
    "is_denied",
]

LAW: Final = (
    "GDPR and UK GDPR, articles 44 and 32: no transfer that nobody decided, no leak that nobody watches"
)
SOURCE: Final = (
    "vLLM 0.33.0 (usage/usage_lib.py, envs.py), huggingface_hub constants.py, llama.cpp "
    "tools/server/README.md at "
    "00dc8057; read 2026-11-23"
)
REFERENCES: Final = (
    "EU Cloud Sovereignty Framework SOV-3",
    "EU Cloud Sovereignty Framework SOV-7",
    "GDPR Art 32",
    "GDPR Art 44",
    "UK GDPR Art 32",
    "UK GDPR Chapter V",
)
NO_EXCEPTION: Final = "none. What a server tells its maker cannot be called back"

LMCACHE_SWITCH: Final = ("LMCACHE_TRACK_USAGE", "false")
"""Where LMCache is used as well."""

RAY_SWITCH: Final = ("RAY_USAGE_STATS_ENABLED", "0")
"""Where Ray runs: the dashboard of its head reports to usage-stats.ray.io every hour (docs of Ray, page on
usage statistics, read 2026-11-24).
"""

DENIED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "FLASHINFER_CUBINS_REPOSITORY": "it names a host from which compiled code is fetched at run time",
        "HF_ENDPOINT": "it sends the hub's clients to another host",
        "HF_INFERENCE_ENDPOINT": "it sends requests to an inference service",
        "HF_TOKEN": "it logs in to a hub in the United States",
        "HUGGING_FACE_HUB_TOKEN": "it logs in to a hub in the United States",
        "VLLM_USAGE_STATS_SERVER": "it names a host that gets usage reports",
        "EXA_API_KEY": "it gives the model a web search in the United States",
        "VLLM_LORA_RESOLVER_HF_REPO_LIST": "it lets adapters be downloaded at run time",
        "VLLM_MODEL_REDIRECT_PATH": "it maps the served model to another",
        "VLLM_PLUGINS": "it loads code that nobody here has read",
    }
)
_DENIED_PREFIX: Final = "SM_VLLM_"


def is_denied(name: str) -> str:
    """Return why no container may set a variable, or an empty text."""
    if name.startswith(_DENIED_PREFIX):
        return "it is turned into an argument of vLLM that no manifest shows"
    return DENIED.get(name, "")
