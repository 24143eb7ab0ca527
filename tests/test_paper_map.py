"""docs/paper_map.md names only symbols, files and commands that exist."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUOTED = re.findall(r"`([^`\n]+)`", (ROOT / "docs" / "paper_map.md").read_text())
SYMBOLS = sorted({text for text in QUOTED if re.fullmatch(r"[\w/.]+\.py:[\w.]+", text)})
FILES = sorted({text for text in QUOTED if re.fullmatch(r"[\w.]+/[\w/.]+\.\w+", text)})
COMMANDS = sorted({text for text in QUOTED if re.match(r"(python|make) ", text)})


def names_defined(body):
    """What a module or a class defines: name -> node."""
    found = {}
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found.update({target.id: node for target in node.targets if hasattr(target, "id")})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


@functools.cache
def module_names(path):
    return names_defined(ast.parse((ROOT / path).read_text()).body)


def flags_of(script):
    sources = [(ROOT / path).read_text() for path in (script, "inpainting/cli.py")]
    return set(re.findall(r'DEFINE_\w+\(\s*"(\w+)"', "".join(sources)))


def test_the_map_is_read():
    assert len(SYMBOLS) > 40
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbol_exists(symbol):
    path, _, dotted = symbol.partition(":")
    name, *members = dotted.split(".")
    node = module_names(path)[name]
    for member in members:
        node = names_defined(node.body)[member]


@pytest.mark.parametrize("path", FILES)
def test_file_exists(path):
    assert (ROOT / path).is_file()


@pytest.mark.parametrize("command", COMMANDS)
def test_command_exists(command):
    program, first, *rest = command.split()
    if program == "make":
        assert re.search(rf"^{first}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif first == "-m":
        assert rest[0] == "pytest"
        assert all((ROOT / path).exists() for path in rest[1:])
    else:
        given = {match[1] for match in (re.match(r"--(\w+)", word) for word in rest) if match}
        assert given <= flags_of(first)


def test_a_wrong_symbol_would_be_found():
    with pytest.raises(KeyError):
        test_symbol_exists("inpainting/losses/perceptual.py:no_such_loss")
    with pytest.raises(KeyError):
        test_symbol_exists("inpainting/losses/vgg.py:Vgg19.no_such_method")
    with pytest.raises(AssertionError):
        test_command_exists("python train.py --no_such_flag=1")
