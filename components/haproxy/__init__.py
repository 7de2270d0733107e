"""HAProxy as a workload: used by the jurisdiction router and by the egress gate."""

from components.haproxy.pods import (
    CONFIG_DIRECTORY,
    HARD_STOP_SECONDS,
    HEALTH_PORT,
    HaproxyPods,
    haproxy_pods,
)
from components.haproxy.template import TemplateValueError, checked_host, checked_word, render
from components.haproxy.workload import HaproxyArgs, HaproxyWorkload

__all__ = [
    "CONFIG_DIRECTORY",
    "HARD_STOP_SECONDS",
    "HEALTH_PORT",
    "HaproxyArgs",
    "HaproxyPods",
    "HaproxyWorkload",
    "TemplateValueError",
    "checked_host",
    "checked_word",
    "haproxy_pods",
    "render",
]
