"""Starts the policy pack: ``pulumi preview --policy-pack policies``."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.analyzer import install
from policies.pack import PACK_NAME, build_policies

install()
PolicyPack(name=PACK_NAME, policies=build_policies(), enforcement_level=EnforcementLevel.MANDATORY)
