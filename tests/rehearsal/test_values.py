"""What crosses the wire arrives as it was sent."""

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.twins.values import UNKNOWN, contains_unknown, from_struct, to_struct

leaves = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text() | st.just(UNKNOWN)
values = st.dictionaries(
    st.text(),
    st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15),
)


@given(values)
def test_values_survive_the_wire(sent: dict[str, object]) -> None:
    assert from_struct(to_struct(sent)) == sent


@given(values)
def test_an_unknown_is_found_at_any_depth(sent: dict[str, object]) -> None:
    assert contains_unknown({**sent, "a": [{"b": UNKNOWN}]})


def test_a_secret_is_opened_for_the_twin() -> None:
    secret = to_struct({"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "x"})
    outer = struct_pb2.Struct(fields={"password": struct_pb2.Value(struct_value=secret)})
    assert from_struct(outer) == {"password": "x"}
