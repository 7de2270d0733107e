"""The flags of vLLM that matter here: those that name models, and those known to take a value.

The first table is from the package itself (0.33.0, read 2026-11-23). The lists of flags with values are only
used to tell a value from a stray word, so a flag that is missing there makes the reader stricter, never
laxer; they are written down from memory of the flags' documentation and need not be complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

__all__ = [
    "CONFIG_JSON_FLAGS",
    "HARMLESS_LOADER_KEYS",
    "LIST_FLAGS",
    "LOAD_FORMATS",
    "MODEL_FLAGS",
    "ONE_VALUE_FLAGS",
    "FlagKind",
]


class FlagKind(Enum):
    """What the value of a flag is."""

    MODEL = auto()
    """The served model: a hub id or a path."""
    PART = auto()
    """Something taken from a model's repository: a tokenizer, a configuration, a draft model."""
    ADAPTERS = auto()
    """One or more ``name=path``, or objects."""
    JSON = auto()
    """An object in which keys name models."""
    LOADER = auto()
    """Options of the weight loader."""
    LOAD_FORMAT = auto()
    FILE = auto()
    """A file, or a channel, that nobody can read from the manifest."""


MODEL_FLAGS: Final[Mapping[str, FlagKind]] = {
    "--model": FlagKind.MODEL,
    "--model-tag": FlagKind.MODEL,
    "--config": FlagKind.FILE,
    "--weight-transfer-config": FlagKind.FILE,
    "--tokenizer": FlagKind.PART,
    "--hf-config-path": FlagKind.PART,
    "--generation-config": FlagKind.PART,
    "--spec-model": FlagKind.PART,
    "--speculative-model": FlagKind.PART,
    "--qlora-adapter-name-or-path": FlagKind.PART,
    "--lora-modules": FlagKind.ADAPTERS,
    "--prompt-adapters": FlagKind.ADAPTERS,
    "--default-mm-loras": FlagKind.JSON,
    "--speculative-config": FlagKind.JSON,
    "-sc": FlagKind.JSON,
    "--model-loader-extra-config": FlagKind.LOADER,
    "--load-format": FlagKind.LOAD_FORMAT,
}

LOAD_FORMATS: Final = frozenset(
    [
        "auto",
        "hf",
        "dummy",
        "fastsafetensors",
        "instanttensor",
        "mistral",
        "npcache",
        "pt",
        "runai_streamer",
        "runai_streamer_sharded",
        "safetensors",
        "sharded_state",
    ]
)
"""Formats that load what the model path names. Left out: ipc_cache, modelexpress, tensorizer, and plugins."""

HARMLESS_LOADER_KEYS: Final = frozenset(
    ["concurrency", "distributed", "enable_multithread_load", "memory_limit", "num_threads", "pattern"]
)

CONFIG_JSON_FLAGS: Final = frozenset(
    [
        "--attention-config",
        "--compilation-config",
        "--ec-transfer-config",
        "--hf-overrides",
        "--kv-events-config",
        "--kv-transfer-config",
        "--limit-mm-per-prompt",
        "--mm-processor-kwargs",
        "--override-generation-config",
        "--pooler-config",
        "--structured-outputs-config",
        "-ac",
        "-cc",
    ]
)

ONE_VALUE_FLAGS: Final = frozenset(
    [
        "--allowed-local-media-path",
        "--api-server-count",
        "--attention-backend",
        "--block-size",
        "--chat-template",
        "--chat-template-content-format",
        "--code-revision",
        "--config-format",
        "--convert",
        "--cpu-offload-gb",
        "--data-parallel-address",
        "--data-parallel-rank",
        "--data-parallel-rpc-port",
        "--data-parallel-size",
        "--data-parallel-size-local",
        "--device",
        "--distributed-executor-backend",
        "--download-dir",
        "--dtype",
        "--guided-decoding-backend",
        "--gpu-memory-utilization",
        "--h11-max-header-count",
        "--h11-max-incomplete-event-size",
        "--host",
        "--kv-cache-dtype",
        "--kv-cache-memory-bytes",
        "--load-balancer",
        "--log-config-file",
        "--logprobs-mode",
        "--long-prefill-token-threshold",
        "--lora-dtype",
        "--mamba-cache-dtype",
        "--master-addr",
        "--master-port",
        "--max-cpu-loras",
        "--max-log-len",
        "--max-logprobs",
        "--max-long-partial-prefills",
        "--max-lora-rank",
        "--max-loras",
        "--max-model-len",
        "--max-num-batched-tokens",
        "--max-num-partial-prefills",
        "--max-num-queued-reqs",
        "--max-num-queued-tokens",
        "--max-num-seqs",
        "--max-parallel-loading-workers",
        "--max-seq-len-to-capture",
        "--mm-encoder-tp-mode",
        "--mm-processor-cache-gb",
        "--model-impl",
        "--nnodes",
        "--node-rank",
        "--num-gpu-blocks-override",
        "--num-lookahead-slots",
        "--num-scheduler-steps",
        "--otlp-traces-endpoint",
        "--pipeline-parallel-size",
        "--port",
        "--prefill-context-parallel-size",
        "--prefix-caching-hash-algo",
        "--quantization",
        "--reasoning-parser",
        "--response-role",
        "--revision",
        "--root-path",
        "--runner",
        "--scheduling-policy",
        "--seed",
        "--shutdown-timeout",
        "--ssl-ca-certs",
        "--ssl-cert-reqs",
        "--ssl-certfile",
        "--ssl-keyfile",
        "--stream-interval",
        "--swap-space",
        "--task",
        "--tensor-parallel-size",
        "--tokenizer-mode",
        "--tokenizer-revision",
        "--tool-call-parser",
        "--tool-server",
        "--uds",
        "--uvicorn-log-level",
        "-dp",
        "-dpa",
        "-dpp",
        "-dpr",
        "-pp",
        "-q",
        "-tp",
    ]
)

LIST_FLAGS: Final = frozenset(
    [
        "--allowed-media-domains",
        "--api-key",
        "--cuda-graph-sizes",
        "--cudagraph-capture-sizes",
        "--served-model-name",
    ]
)
"""Flags that take every word up to the next flag. Their words are never printed: some are keys."""
