"""Services that a manifest names by a field: each row can be found, and a mistake in one is named."""

from __future__ import annotations

import re

import pytest

from catalog import Catalog, HostKind
from catalog.services import CONFIG_FILE, FLAG, SCHEME, TEXT, VARIABLE
from tests.catalog.test_catalog_mistakes import Spoil, refusal


def test_every_row_is_found_by_where_it_is_read_and_its_last_key(catalog: Catalog) -> None:
    """A row that no reader looks up would be a promise that nothing keeps."""
    for row in catalog.services.values():
        for where in row.where:
            assert "." in where or where in {CONFIG_FILE, FLAG, SCHEME, TEXT, VARIABLE}
            for path in row.paths:
                assert row in catalog.services_in(where)[path.rpartition(".")[2]]


def test_only_services_outside_every_jurisdiction_are_listed(catalog: Catalog) -> None:
    countries = {country for each in catalog.jurisdictions.values() for country in each.countries}

    assert not countries & {row.country for row in catalog.services.values()}
    assert {row.kind for row in catalog.services.values()} <= {HostKind.HYPERSCALER, HostKind.US_SAAS}


def test_every_row_without_a_key_of_its_own_names_a_value(catalog: Catalog) -> None:
    """`provider` or `type` alone says nothing: such a row would refuse every honest object. A variable or a
    flag that bears the name of its owner, or of what it is for, says enough."""
    common = re.compile(r"(.*\.)?(provider|type|model|destinationPath|--(?!etcd-s3)[\w-]+|[A-Z_]+_PROVIDER)")
    for row in catalog.services.values():
        if any(common.fullmatch(path) for path in row.paths):
            assert row.value is not None, row.name


def test_nothing_is_known_of_a_group_without_rows(catalog: Catalog) -> None:
    assert not catalog.services_in("apps")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: gcs,", "value: 'gcs(',", "regular expression"),
        ("paths: [provider.aws],", "paths: [],", "paths"),
        ("name: velero-google,", "name: velero-microsoft,", "velero-microsoft"),
    ],
)
def test_a_mistake_in_the_list_of_services_is_named(spoil: Spoil, old: str, new: str, message: str) -> None:
    text = refusal(spoil("services.yaml", old, new))

    assert "services.yaml" in text
    assert message in text
