"""Facts that people review, as YAML with a source and a date each, and the typed way to read them.

``load_catalog()`` returns everything: jurisdictions, clouds, places, node types, models, licences, images,
vendors and prices.
``load_lock(path)`` reads what one stack may run.
"""

from catalog._catalog import Catalog
from catalog._source import Checked, Fact, Source
from catalog.api_groups import ApiGroup, GroupKind
from catalog.bills import Bill, BillItem, Each
from catalog.binaries import UpstreamBinary
from catalog.clouds import CloudInfo, Dns, GpuSoftware, KubernetesRelease
from catalog.errors import CatalogError, LockError
from catalog.hosts import Host, HostKind
from catalog.hub_owners import HubOwner
from catalog.images import UpstreamImage
from catalog.jurisdictions import Jurisdiction, Law, jurisdiction_of
from catalog.loading import load_catalog, read_catalog
from catalog.locks import Lock, LockedFile, LockedImage, LockedModel, how_to_lock, load_lock
from catalog.models import Commercial, Licence, Model, Use, Weights
from catalog.node_types import Gpu, GpuModel, NodeType, Vendor
from catalog.packages import Package, PackageKind
from catalog.places import Offer, Place, PlaceDefaults, PlaceKind
from catalog.prices import ExchangeRate, Per, Price
from catalog.programs import Program, ProgramKind
from catalog.services import NamedService
from catalog.throughput import Throughput

__all__ = [
    "ApiGroup",
    "Bill",
    "BillItem",
    "Catalog",
    "CatalogError",
    "Checked",
    "CloudInfo",
    "Commercial",
    "Dns",
    "Each",
    "ExchangeRate",
    "Fact",
    "Gpu",
    "GpuModel",
    "GpuSoftware",
    "GroupKind",
    "Host",
    "HostKind",
    "HubOwner",
    "Jurisdiction",
    "KubernetesRelease",
    "Law",
    "Licence",
    "Lock",
    "LockError",
    "LockedFile",
    "LockedImage",
    "LockedModel",
    "Model",
    "NamedService",
    "NodeType",
    "Offer",
    "Package",
    "PackageKind",
    "Per",
    "Place",
    "PlaceDefaults",
    "PlaceKind",
    "Price",
    "Program",
    "ProgramKind",
    "Source",
    "Throughput",
    "UpstreamBinary",
    "UpstreamImage",
    "Use",
    "Vendor",
    "Weights",
    "how_to_lock",
    "jurisdiction_of",
    "load_catalog",
    "load_lock",
    "read_catalog",
]
