"""`regnet plugins`: what is installed, whether it conforms, and a package to start from."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from regnet.cli.options import add_plugin_options
from regnet.encoding import encodable
from regnet.errors import ConfigError, PluginError
from regnet.registry.listing import Item, list_items
from regnet.scaffold import USES, new_plugin

WRONG = 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the subcommands of `regnet plugins`, with their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="every component, its distribution and whether it can be used")
    listed.add_argument("-v", "--verbose", action="store_true", help="with options, their types and defaults")
    listed.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_plugin_options(listed)
    check = actions.add_parser("check", help="check components: gradients, shapes, replicas, seeds and more")
    check.add_argument(
        "names", nargs="*", metavar="NAME", help="components, such as softsign or loss/mse (default: with --all, all)"
    )
    check.add_argument("--all", action="store_true", help="every component that is installed")
    check.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_plugin_options(check)
    new = actions.add_parser("new", help="write a complete distribution with one working component")
    new.add_argument("name", help="what configs will call the component, such as softsign")
    new.add_argument("--kind", required=True, choices=tuple(USES), help="what it is")
    new.add_argument("--dir", default=".", metavar="FOLDER", help="where to put it (default: here)")


def plugins(options: argparse.Namespace) -> int:
    """Runs the subcommand that was asked for."""
    match options.action:
        case "list":
            return _list(options)
        case "new":
            return _new(options)
        case "check":
            return _check(options)
        case _:
            raise AssertionError(options.action)


def _list(options: argparse.Namespace) -> int:
    items = list_items()
    if options.json:
        print(json.dumps([asdict(item) for item in items], indent=1))
    else:
        _print(items, verbose=options.verbose)
    if options.strict:
        refuse_broken(items)
    return 0


def _new(options: argparse.Namespace) -> int:
    made = new_plugin(options.name, options.kind, Path(options.dir))
    print(f"Wrote {made.folder}, a distribution with the {options.kind} {options.name}. Next:")
    print(f"  pip install -e {made.folder}")
    print(f"  regnet plugins check {options.name}")
    print(f"  regnet run {made.use}")
    return 0


def _check(options: argparse.Namespace) -> int:
    """Prints a report for each component, and returns 1 if any does not conform."""
    from regnet.check import check_component
    from regnet.cli.console import print_broken
    from regnet.registry.catalog import load_catalog

    if bool(options.names) == options.all:
        raise ConfigError("plugins check: name the components to check, or say --all")
    catalog = load_catalog()
    print_broken(catalog, strict=options.strict)
    everything = (entry for names in catalog.entries.values() for claims in names.values() for entry in claims)
    reports = [check_component(component, catalog) for component in options.names or everything]
    if options.json:
        print(json.dumps([report.as_dict() for report in reports], indent=1))
    else:
        print("\n".join(map(str, reports)))
    return WRONG if any(report.state == "failed" for report in reports) else 0


def refuse_broken(items: Sequence[Item]) -> None:
    """Raises PluginError if any plugin is broken: what `--strict` asks for."""
    broken = [item for item in items if item.state in ("broken", "collision")]
    if broken:
        which = "; ".join(dict.fromkeys(f"{item.distribution} {item.version}: {_what(item)}" for item in broken))
        raise PluginError(f"--strict: {which}")


def _what(item: Item) -> str:
    return item.detail if item.state == "broken" else f"{item.kind} {item.name!r} is claimed by another plugin too"


def _print(items: Sequence[Item], *, verbose: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 132, highlight=False)
    shown = partial(encodable, encoding=console.encoding)
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("kind", "name", "from", "state", "what it is"):
        table.add_column(heading, overflow="fold")
    for item in items:
        what = Text(shown(item.detail.replace("``", "")))
        if verbose:
            what.append(shown(f"\n  loaded from {item.source}"), style="dim")
            what.append(shown("".join(f"\n  {_option(option)}" for option in item.options)), style="dim")
        table.add_row(*map(shown, (item.kind, item.name, f"{item.distribution} {item.version}", item.state)), what)
    console.print(table)


def _option(option: dict[str, str | None]) -> str:
    default = "(required)" if option["default"] is None else f"= {option['default']}"
    return f"{option['name']}: {option['type']} {default}"
