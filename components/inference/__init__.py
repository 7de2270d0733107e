"""Inference engines and the weights they serve."""

from catalog.off_switches import OFF_SWITCHES
from components.inference.artefacts import ModelArtefacts, bucket_prefix
from components.inference.engine import EngineSurroundings, Pods
from components.inference.llama_cpp import LlamaCpp, LlamaCppArgs
from components.inference.vllm import Vllm, VllmArgs
from components.inference.weights import FetchPlan, WeightsAccess, WeightsSource

__all__ = [
    "OFF_SWITCHES",
    "EngineSurroundings",
    "FetchPlan",
    "LlamaCpp",
    "LlamaCppArgs",
    "ModelArtefacts",
    "Pods",
    "Vllm",
    "VllmArgs",
    "WeightsAccess",
    "WeightsSource",
    "bucket_prefix",
]
