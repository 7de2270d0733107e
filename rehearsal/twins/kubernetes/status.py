"""What the cluster says of an object once all is well: ready counts, addresses, phases.

Pods of a twin are ready at once. Addresses come from the documentation ranges, so nothing can be reached.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from rehearsal.twins.kubernetes.fields import mapping_at, objects_at
from rehearsal.twins.kubernetes.kinds import Kind
from rehearsal.twins.outputs import documentation_address, private_address, short_hash
from rehearsal.twins.values import Value

__all__ = ["now", "status_of"]

_Object = dict[str, Value]


def now() -> str:
    """The time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status_of(kind: Kind, live: Mapping[str, Value], seed: str) -> _Object:
    """The `status` of an object.

    Args:
        kind: its kind; one about which nothing is known has an empty status.
        live: the object with its defaults.
        seed: what addresses depend on: the object's uid.
    """
    told = _STATUSES.get((kind.group, kind.name))
    return told(live, seed) if told is not None else {}


def _condition(name: str, reason: str) -> _Object:
    return {"type": name, "status": "True", "reason": reason, "lastTransitionTime": now()}


def _count(live: Mapping[str, Value]) -> int:
    replicas = mapping_at(live, "spec").get("replicas")
    return replicas if isinstance(replicas, int) else 1


def _generation(live: Mapping[str, Value]) -> Value:
    return mapping_at(live, "metadata").get("generation")


def _deployment(live: Mapping[str, Value], seed: str) -> _Object:
    count = _count(live)
    return {
        "observedGeneration": _generation(live),
        "replicas": count,
        "updatedReplicas": count,
        "readyReplicas": count,
        "availableReplicas": count,
        "conditions": [
            _condition("Available", "MinimumReplicasAvailable"),
            _condition("Progressing", "NewReplicaSetAvailable"),
        ],
    }


def _replica_set(live: Mapping[str, Value], seed: str) -> _Object:
    count = _count(live)
    return {
        "observedGeneration": _generation(live),
        "replicas": count,
        "fullyLabeledReplicas": count,
        "readyReplicas": count,
        "availableReplicas": count,
    }


def _stateful_set(live: Mapping[str, Value], seed: str) -> _Object:
    count = _count(live)
    revision = f"{mapping_at(live, 'metadata').get('name')}-{short_hash(f'{seed}/{_generation(live)}', 10)}"
    return {
        "observedGeneration": _generation(live),
        "replicas": count,
        "readyReplicas": count,
        "currentReplicas": count,
        "updatedReplicas": count,
        "availableReplicas": count,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }


def _daemon_set(live: Mapping[str, Value], seed: str) -> _Object:
    """As on a cluster of one node."""
    return {
        "observedGeneration": _generation(live),
        "desiredNumberScheduled": 1,
        "currentNumberScheduled": 1,
        "updatedNumberScheduled": 1,
        "numberAvailable": 1,
        "numberReady": 1,
        "numberMisscheduled": 0,
    }


def _job(live: Mapping[str, Value], seed: str) -> _Object:
    spec = mapping_at(live, "spec")
    if spec.get("suspend") is True:
        return {"conditions": [_condition("Suspended", "JobSuspended")]}
    return {
        "startTime": now(),
        "completionTime": now(),
        "succeeded": spec.get("completions") or 1,
        "ready": 0,
        "conditions": [_condition("Complete", "CompletionsReached")],
    }


def _pod(live: Mapping[str, Value], seed: str) -> _Object:
    address = private_address(seed)
    return {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "hostIP": private_address(f"{seed}/node"),
        "startTime": now(),
        "conditions": [
            {"type": name, "status": "True", "lastTransitionTime": now()}
            for name in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ],
        "containerStatuses": [
            {
                "name": item.get("name"),
                "image": item.get("image"),
                "imageID": "",
                "ready": True,
                "started": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": now()}},
            }
            for item in objects_at(mapping_at(live, "spec"), "containers")
        ],
    }


def _service(live: Mapping[str, Value], seed: str) -> _Object:
    spec = mapping_at(live, "spec")
    if spec.get("type") != "LoadBalancer":
        return {"loadBalancer": {}}
    address = spec.get("loadBalancerIP") or documentation_address(seed)
    return {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}}


def _ingress(live: Mapping[str, Value], seed: str) -> _Object:
    return {"loadBalancer": {"ingress": [{"ip": documentation_address(seed)}]}}


def _claim(live: Mapping[str, Value], seed: str) -> _Object:
    spec = mapping_at(live, "spec")
    capacity = dict(mapping_at(spec, "resources", "requests"))
    return {"phase": "Bound", "accessModes": spec.get("accessModes") or [], "capacity": capacity}


def _volume(live: Mapping[str, Value], seed: str) -> _Object:
    return {"phase": "Available"}


def _namespace(live: Mapping[str, Value], seed: str) -> _Object:
    return {"phase": "Active"}


def _definition(live: Mapping[str, Value], seed: str) -> _Object:
    spec = mapping_at(live, "spec")
    stored = [item.get("name") for item in objects_at(spec, "versions") if item.get("storage")]
    return {
        "acceptedNames": dict(mapping_at(spec, "names")),
        "conditions": [
            _condition("NamesAccepted", "NoConflicts"),
            _condition("Established", "InitialNamesAccepted"),
        ],
        "storedVersions": stored,
    }


def _api_service(live: Mapping[str, Value], seed: str) -> _Object:
    return {"conditions": [_condition("Available", "Passed")]}


def _autoscaler(live: Mapping[str, Value], seed: str) -> _Object:
    least = mapping_at(live, "spec").get("minReplicas") or 1
    return {"currentReplicas": least, "desiredReplicas": least, "currentMetrics": None, "conditions": []}


_STATUSES: Mapping[tuple[str, str], Callable[[Mapping[str, Value], str], _Object]] = {
    ("", "Namespace"): _namespace,
    ("", "PersistentVolume"): _volume,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "ReplicationController"): _replica_set,
    ("", "Service"): _service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apiregistration.k8s.io", "APIService"): _api_service,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("batch", "Job"): _job,
    ("networking.k8s.io", "Ingress"): _ingress,
}
