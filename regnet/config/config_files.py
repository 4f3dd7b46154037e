"""Read config files for Hydra, with errors that name the file, the line and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml
from hydra._internal.config_repository import ConfigRepository
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from regnet.errors import ConfigError

LARGEST: Final = 10**6
"""The largest size of a config file in bytes."""
MOST_VALUES: Final = 10**5
"""The largest number of values of a config file, when its aliases are replaced by what they stand for."""
DEEPEST: Final = 50
"""The largest number of mappings and lists within each other."""


class CheckedRepository(ConfigRepository):
    """Hydra's repository of config files, which refuses a file that would be misread."""

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Load a config, as Hydra does.

        Raises:
            ConfigError: its file is not a mapping in YAML and UTF-8, or is too large.
        """
        file = self._file(config_path)
        if file is not None:
            check_config_file(file)
        try:
            return super().load_config(config_path)
        except (yaml.YAMLError, OmegaConfBaseException, UnicodeDecodeError, ValueError) as error:
            if file is None:
                raise
            raise ConfigError(f"{file}: {_one_line(error)}") from error

    def _file(self, config_path: str) -> Path | None:
        """Return the file of a config, if it is one of a user's."""
        source = next((source for source in self.sources if source.is_config(config_path)), None)
        if source is None or source.scheme() != "file":
            return None
        return Path(source.path, source._normalize_file_name(config_path))


def check_config_file(file: Path) -> None:
    """Check that a file is a mapping in YAML that can be read within bounds.

    Raises:
        ConfigError: it is not.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise ConfigError(f"{file} has {len(content)} bytes, and a config file may have {LARGEST}")
    if content.startswith(b"\xef\xbb\xbf"):
        raise ConfigError(f"{file}, line 1: starts with a byte order mark: save it as UTF-8 without one")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigError(f"{file}, line {line}: is not UTF-8, at byte {content[error.start]:#04x}: save it as UTF-8") from error
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{file}{_line(error)}: {_yaml_problem(error, text)}") from error
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(f"{file}, line {root.start_mark.line + 1}: expected options as `key: value`, got a {_kind(root)}")
    _check_keys(root, file)
    if _size(root, {}) > MOST_VALUES:
        raise ConfigError(f"{file}: has more than {MOST_VALUES} values, when its aliases are replaced by what they stand for")


def _check_keys(root: yaml.MappingNode, file: Path) -> None:
    """Refuse a key that is there twice, and too many levels."""
    seen: set[int] = set()
    level: list[yaml.Node] = [root]
    for _ in range(DEEPEST):
        deeper: list[yaml.Node] = []
        for node in level:
            if id(node) in seen or isinstance(node, yaml.ScalarNode):
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                lines: dict[str, int] = {}
                for key, value in node.value:
                    line = key.start_mark.line + 1
                    if isinstance(key.value, str) and key.value != "<<" and lines.setdefault(key.value, line) != line:
                        raise ConfigError(
                            f"{file}, line {line}: {key.value} is there already, in line {lines[key.value]}: remove one"
                        )
                    deeper.append(value)
            else:
                deeper += node.value
        level = deeper
    if any(not isinstance(node, yaml.ScalarNode) for node in level):
        raise ConfigError(f"{file}: has more than {DEEPEST} mappings and lists within each other")


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Return the number of values of a node, when its aliases are replaced; each node is looked at once."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = MOST_VALUES + 1  # of a node that contains itself
        parts = (part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,)))
        known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def _kind(node: yaml.Node) -> str:
    return "list" if isinstance(node, yaml.SequenceNode) else f"single value, {node.value!r}"


def _line(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f", line {mark.line + 1}" if mark is not None else ""


def _yaml_problem(error: BaseException, text: str) -> str:
    if isinstance(error, RecursionError):
        return f"has more than {DEEPEST} mappings and lists within each other"
    mark = getattr(error, "problem_mark", None)
    lines = text.splitlines()
    if mark is not None and mark.line < len(lines) and "\t" in lines[mark.line]:
        return "a tab, which YAML does not take for indentation: use spaces"
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    return f"is not YAML: {problem}"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def refuse_unplaced(config: Mapping[str, object] | DictConfig, groups: tuple[str, ...]) -> None:
    """Refuse options that a config file has set below the name of its group, where nothing reads them (hydra#1548).

    Raises:
        ConfigError: there are some.
    """
    for group in groups:
        found = config.get(group)
        if isinstance(found, (Mapping, DictConfig)) and found:
            first = next(iter(found))
            raise ConfigError(
                f"{group}.{first} is set, and nothing reads it: a file below {group}/ starts with the line "
                "`# @package _global_`, so that its options are those of the run"
            )
