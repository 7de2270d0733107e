"""The switches that stop an engine from calling home, as literal environment variables.

They are the second line: the first is that pods of the inference namespace can reach nothing outside the
cluster. Values count letter by letter: vLLM 0.33.0 takes ``1`` and ignores ``true`` (vllm/usage/usage_lib.py,
read 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["OFF_SWITCHES"]

OFF_SWITCHES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_DO_NOT_TRACK": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        "VLLM_USE_MODELSCOPE": "false",
        "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0",
        "VLLM_SERVER_DEV_MODE": "0",
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "0",
    }
)
"""Set on every vLLM container, letter by letter: a variable that is read first (``VLLM_DO_NOT_TRACK``,
``HF_HUB_OFFLINE``) masks the one read after it. ``VLLM_HAS_FLASHINFER_CUBIN`` is not among them: it is true
only of an image that really contains ``flashinfer-cubin``."""
