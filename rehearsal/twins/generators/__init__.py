"""Providers that compute instead of calling a cloud: their twins give real values."""

from rehearsal.twins.generators.random import Random
from rehearsal.twins.generators.tls import Tls

__all__ = ["Random", "Tls"]
