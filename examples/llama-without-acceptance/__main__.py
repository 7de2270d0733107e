"""A Deployment copied from a tutorial. Nothing in it is wrong but the model."""

import pulumi
import pulumi_kubernetes as kubernetes

DIGEST = "sha256:" + "0" * 64

provider = kubernetes.Provider("cluster", cluster_identifier="example", kubeconfig="{}")

kubernetes.apps.v1.Deployment(
    "chat",
    spec={
        "selector": {"match_labels": {"app": "chat"}},
        "template": {
            "metadata": {"labels": {"app": "chat"}},
            "spec": {
                "containers": [
                    {
                        "name": "vllm",
                        "image": f"rg.fr-par.scw.cloud/team/vllm-openai@{DIGEST}",
                        "args": ["--model", "/models/meta-llama/Llama-3.1-8B-Instruct"],
                    }
                ]
            },
        },
    },
    opts=pulumi.ResourceOptions(provider=provider),
)
