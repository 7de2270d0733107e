"""A Deployment in a closed namespace, with every switch set. Nothing in it is wrong but the model."""

import pulumi
import pulumi_kubernetes as kubernetes

DIGEST = "sha256:" + "0" * 64

# What stops vLLM and its libraries from calling home; the values count letter by letter.
SWITCHES = {
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

# In a program with a cluster of its own: kubeconfig=cluster.kubeconfig. As text, it must lead to a server
# whose place is known.
KUBECONFIG = """\
clusters:
  - name: example
    cluster: {server: "https://example.api.k8s.fr-par.scw.cloud:6443"}
contexts:
  - name: example
    context: {cluster: example, user: nobody}
current-context: example
"""

provider = kubernetes.Provider("cluster", cluster_identifier="example", kubeconfig=KUBECONFIG)

# No pod of the namespace reaches anything, or is reached, until another policy opens a path.
closed = kubernetes.networking.v1.NetworkPolicy(
    "closed",
    metadata={"name": "closed", "namespace": "chat"},
    spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
    opts=pulumi.ResourceOptions(provider=provider),
)

kubernetes.apps.v1.Deployment(
    "chat",
    metadata={"name": "chat", "namespace": "chat"},
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
                        "env": [{"name": name, "value": value} for name, value in SWITCHES.items()],
                    }
                ]
            },
        },
    },
    opts=pulumi.ResourceOptions(provider=provider, depends_on=[closed]),
)
