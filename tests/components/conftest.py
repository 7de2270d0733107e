import pytest

from .recording import Choice, Tree, record

UK_REGISTRY = "registry.uk.example.com/sovereign"


@pytest.fixture(scope="session")
def eu() -> Tree:
    """The default stack of the European Union."""
    return record(Choice("eu", "scaleway", "fr-par-2"))


@pytest.fixture(scope="session")
def uk() -> Tree:
    """The default stack of the United Kingdom."""
    return record(Choice("uk", "civo", "LON1", registry=UK_REGISTRY))
