"""Starts the policy pack: ``pulumi preview --policy-pack policies``."""

from __future__ import annotations

import gc

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.analyzer import install
from policies.pack import PACK_NAME, build_policies

# The catalogue, the tables and the rules stay as long as the pack does.
gc.set_threshold(100_000, 20, 100)
install()
PolicyPack(name=PACK_NAME, policies=build_policies(), enforcement_level=EnforcementLevel.MANDATORY)
