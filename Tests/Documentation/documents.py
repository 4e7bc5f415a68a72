"""What a document tells its reader to type, and what it says will appear."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


class Malformed(Exception):
    """A document that cannot be read as a reader would type it."""


@dataclass
class Command:
    """One command, with the line it stands on and the lines of output that the document shows for it."""

    text: str
    line: int
    output: list[str] = field(default_factory=list)
    status: int = 0


@dataclass
class Block:
    """A fenced block of commands."""

    line: int
    commands: list[Command]
    #: Why it is not run.
    reason: str | None = None

    @property
    def runs(self) -> bool:
        return self.reason is None


_MARK = re.compile(r"^<!-- (not run: (?P<reason>.+)|exits (?P<status>\d+)|(?P<output>output)) -->$")


def blocks(path: Path, names: dict[str, str] | None = None) -> list[Block]:
    """All blocks of commands in a document, in order; with these names instead of those that it has.

    Raises:
        Malformed: a mark without a block, or output of no command.
    """
    found: list[Block] = []
    mark: re.Match[str] | None = None
    text = path.read_text()
    for name, other in (names or {}).items():
        text = re.sub(rf"\b{name}", other, text)
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if match := _MARK.match(line):
            mark = match
            continue
        fence = re.match(r"^(\s*)(```+)(\w*)$", line)
        if not fence:
            continue
        body = []
        first = at + 1
        while at < len(lines) and lines[at].strip() != fence[2]:
            body.append(lines[at].removeprefix(fence[1]))
            at += 1
        at += 1
        language = fence[3]
        if language in ("sh", "console", "bash", "shell"):
            block = Block(first, _console(body, first) if language == "console" else _shell(body, first))
            if mark and mark["reason"]:
                block.reason = mark["reason"]
            if mark and mark["status"] and block.commands:
                block.commands[-1].status = int(mark["status"])
            found.append(block)
        elif mark and mark["output"]:
            if not found or not found[-1].commands:
                raise Malformed(f"{path}:{first}: this is the output of no command")
            found[-1].commands[-1].output += body
        elif not language and any(line.startswith("$ ") for line in body):
            raise Malformed(f"{path}:{first}: a block with a command is a ```console")
        elif mark:
            raise Malformed(f"{path}:{first}: the mark before this block is for blocks of commands (sh or console)")
        mark = None
    if mark:
        raise Malformed(f"{path}: nothing follows the mark {mark[0]}")
    return found


def _is_complete(text: str) -> bool:
    """Whether a shell would run this rather than ask for more."""
    told = subprocess.run(["bash", "-n"], input=text + "\n", text=True, capture_output=True, check=False)
    return told.returncode == 0 and not told.stderr and not text.endswith("\\")


def _shell(body: list[str], first: int) -> list[Command]:
    """Commands with the comments behind them; a comment that a command follows at once is about that command."""
    commands: list[Command] = []
    comment: list[str] = []
    pending = ""
    began = first
    for number, line in enumerate([*body, ""], first):
        if not pending and line.startswith("# "):
            comment.append(line[2:])
            continue
        if not pending and not line.strip():
            if comment and commands:
                commands[-1].output += comment
            comment = []
            continue
        comment = []
        began = began if pending else number
        pending = f"{pending}\n{line}" if pending else line
        if _is_complete(pending):
            commands.append(Command(pending, began))
            pending = ""
    if pending:
        raise Malformed(f"line {began}: this command is not complete: {pending}")
    return commands


def _console(body: list[str], first: int) -> list[Command]:
    """Lines behind `$ ` are commands, `> ` continues one, what follows is output."""
    commands: list[Command] = []
    for number, line in enumerate(body, first):
        if line.startswith("$ "):
            commands.append(Command(line[2:], number))
        elif line.startswith("> ") and commands and not _is_complete(commands[-1].text):
            commands[-1].text += "\n" + line[2:]
        elif commands:
            commands[-1].output.append(line)
    return commands
