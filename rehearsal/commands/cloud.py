"""`rehearse cloud …`: look into the twin clouds, make them misbehave, edit them behind the engine's back."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any, cast

import typer

from rehearsal.cloud import CloudObject, CloudStore, Fault, FaultKind
from rehearsal.errors import CloudError
from rehearsal.workspace import Workspace

__all__ = ["cloud"]

cloud = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="""Look into the twin clouds and make them misbehave.

    What exists: [bold]list[/], [bold]show[/]. Drift, as by someone in the provider's console:
    [bold]edit[/], [bold]delete[/]. What goes wrong: [bold]out-of-stock[/], [bold]quota[/], [bold]fail[/],
    [bold]slow[/]; [bold]faults[/] lists what is set and [bold]clear[/] takes it away. A fault stays until it
    is cleared, or with --once until it has struck.
    """,
)

_OBJECT = typer.Argument(
    help="Its id, URN, resource name or type; * and ? match as in a shell.", metavar="OBJECT"
)
_TYPE = typer.Argument(help="Type token, e.g. scaleway:object/bucket:Bucket; * matches.", metavar="TYPE")
_ONCE = typer.Option("--once", help="Strike once, then be gone.")


@contextmanager
def _store(context: typer.Context) -> Generator[CloudStore]:
    workspace: Workspace = context.obj["workspace"]
    workspace.prepare()
    store = CloudStore(workspace.cloud)
    try:
        yield store
    finally:
        store.close()


def _one(store: CloudStore, pattern: str) -> CloudObject:
    found = store.matching(pattern)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CloudError(
            f"nothing in the twin clouds matches {pattern!r}; `rehearse cloud list` shows what exists"
        )
    names = ", ".join(f"{item.type} {item.id}" for item in found[:5])
    raise CloudError(f"{len(found)} objects match {pattern!r} ({names}, …); name one by its id or URN")


@cloud.command("list")
def list_objects(
    context: typer.Context,
    pattern: Annotated[str, typer.Argument(help="Only what matches.")] = "*",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array, for programs.")] = False,
) -> None:
    """What exists in the clouds."""
    with _store(context) as store:
        found = store.matching(pattern)
    if as_json:
        fields = ("type", "id", "urn", "created", "known", "inputs", "outputs")
        print(json.dumps([{name: getattr(item, name) for name in fields} for item in found], indent=2))
        return
    if not found:
        print("nothing exists")
        return
    rows = [("TYPE", "NAME", "ID", "CREATED")]
    rows += [(item.type, item.urn.rsplit("::", 1)[-1], item.id, item.created) for item in found]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[3]]))


@cloud.command()
def show(context: typer.Context, pattern: Annotated[str, _OBJECT]) -> None:
    """One object's outputs, as JSON. Secrets of the rehearsal are made up, and shown."""
    with _store(context) as store:
        print(json.dumps(_one(store, pattern).outputs, indent=2))


@cloud.command()
def edit(
    context: typer.Context,
    pattern: Annotated[str, _OBJECT],
    changes: Annotated[
        list[str], typer.Argument(help="Property and new value as JSON or text.", metavar="NAME=VALUE…")
    ],
) -> None:
    """Change an object behind the engine's back: `pulumi refresh` will see it."""
    with _store(context) as store:
        found = _one(store, pattern)
        inputs, outputs = dict(found.inputs), dict(found.outputs)
        for change in changes:
            path, equals, text = change.partition("=")
            if not equals:
                raise CloudError(f"{change!r} is not NAME=VALUE")
            value = _value(text)
            _set(outputs, path, value)
            if path.split(".")[0] in inputs:
                _set(inputs, path, value)
        store.change(found.type, found.id, inputs, outputs)
        print(f"{found.type} {found.id} changed")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _set(values: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    current: Any = values
    for part in parents:
        current = _step(current, part, path)
    if isinstance(current, list):
        items = cast("list[Any]", current)
        items[_index(items, last, path)] = value
    elif isinstance(current, dict):
        current[last] = value
    else:
        raise CloudError(f"{path}: {last!r} is inside a plain value")


def _step(current: Any, part: str, path: str) -> Any:
    if isinstance(current, list):
        items = cast("list[Any]", current)
        return items[_index(items, part, path)]
    if isinstance(current, dict) and part in current:
        return cast("dict[str, Any]", current)[part]
    raise CloudError(f"{path}: there is no {part!r}; `rehearse cloud show` prints what there is")


def _index(items: list[Any], part: str, path: str) -> int:
    if part.isdigit() and int(part) < len(items):
        return int(part)
    raise CloudError(f"{path}: {part!r} is no index of a list of {len(items)}")


@cloud.command()
def delete(context: typer.Context, pattern: Annotated[str, _OBJECT]) -> None:
    """Delete an object behind the engine's back."""
    with _store(context) as store:
        found = _one(store, pattern)
        store.remove(found.type, found.id)
        print(f"{found.type} {found.id} deleted")


@cloud.command("out-of-stock")
def out_of_stock(
    context: typer.Context,
    node_type: Annotated[str, typer.Argument(help="For example L4-1-24G; * matches.")],
    place: Annotated[
        str | None, typer.Argument(help="Zone, region or location; everywhere when left out.")
    ] = None,
    once: Annotated[bool, _ONCE] = False,
) -> None:
    """Let a node type be unavailable: creating anything that needs it fails."""
    _set_fault(context, Fault(0, FaultKind.OUT_OF_STOCK, node_type, place, once=once))


@cloud.command()
def quota(
    context: typer.Context,
    type_: Annotated[str, _TYPE],
    limit: Annotated[int, typer.Argument(min=0, help="How many the account may hold.")],
) -> None:
    """Refuse to create more than LIMIT objects of a type."""
    _set_fault(context, Fault(0, FaultKind.QUOTA, type_, limit=limit))


@cloud.command()
def fail(
    context: typer.Context,
    type_: Annotated[str, _TYPE],
    on: Annotated[str, typer.Option(help="create, update, delete or read.")] = "create",
    message: Annotated[str, typer.Option(help="What the API says.")] = "503 Service Unavailable",
    once: Annotated[bool, _ONCE] = False,
) -> None:
    """Let an API call on a type fail, always or once."""
    if on not in ("create", "update", "delete", "read"):
        raise CloudError(f"--on {on}: allowed are create, update, delete, read")
    _set_fault(context, Fault(0, FaultKind.ERROR, type_, operation=on, message=message, once=once))


@cloud.command()
def slow(
    context: typer.Context,
    type_: Annotated[str, _TYPE],
    seconds: Annotated[float, typer.Argument(min=0.0, help="How long a creation takes.")],
) -> None:
    """Let the creation of a type take a while. The object exists from the start, as in a real cloud."""
    _set_fault(context, Fault(0, FaultKind.SLOW, type_, seconds=seconds))


def _set_fault(context: typer.Context, fault: Fault) -> None:
    with _store(context) as store:
        stored = store.add_fault(fault)
    print(f"{stored.number}: {stored}")


@cloud.command()
def faults(context: typer.Context) -> None:
    """What is set to go wrong, with the number that `clear` takes."""
    with _store(context) as store:
        found = store.faults()
    for fault in found:
        print(f"{fault.number}: {fault}")
    if not found:
        print("nothing is set to go wrong")


@cloud.command()
def clear(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(help="From `faults`; all of them when left out.")] = None,
) -> None:
    """Take faults away."""
    with _store(context) as store:
        if number is None:
            print(f"{store.clear_faults()} cleared")
        elif store.clear_fault(number):
            print(f"{number} cleared")
        else:
            raise CloudError(f"there is no fault {number}; `rehearse cloud faults` lists them")
