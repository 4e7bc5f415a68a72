"""Types every command of the README and of docs/, and looks whether what they show as output appears.

Each document gets a fresh clone, in which its blocks ```sh and ```console are typed command by command, in order, in one
shell, by an ordinary user. A command has to end with 0. What a document shows has to appear: in a `sh` block the comment
right behind a command (with an empty line or the block's end after it), in a `console` block the lines below `$ command`,
and a block behind `<!-- output -->`. `…` stands for anything; times, sizes and identifiers may differ.

A command that serves (SERVERS in typist.py) runs until the document's end or the next one on its port; the next command
comes when it is ready. A page of docs/ is for somebody who has typed bin/run once, as its first page says: so the
release and the hotel's database are there.
Ports are mapped to free ones, and PostgreSQL at db.internal is a throw-away server. A release is not built anew: see `swift`, the stand-in beside this file.

A comment right before a block, or before its paragraph, says what is different about it:
    <!-- not run: REASON -->        it needs what a test has not: a registry, a cluster, somebody else's server
    <!-- exits N -->                its last command ends so
    <!-- output -->                 this block is what the last command before it printed

    python3 -B Tests/Documentation [--list] [DOCUMENT …]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import documents
import workspace
from typist import Typist

#: The order in which a reader meets them; those of docs/ that are not named come in between, by name.
FIRST = ["README.md"]
#: The last: it makes a service, in which the README that a made service gets is then typed.
TUTORIAL = "docs/tutorial.md"
SERVICE_README = "Templates/service/README.md"

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="Tests/Documentation", description=__doc__.split("\n")[0])
    parser.add_argument("documents", nargs="*", metavar="DOCUMENT", help="only these, such as docs/sqlite.md")
    parser.add_argument("--list", action="store_true", help="print the blocks that are not run, and why")
    arguments = parser.parse_args()

    names = FIRST + sorted(
        str(path.relative_to(REPOSITORY))
        for folder in ("docs", "deploy", "Benchmarks")
        for path in (REPOSITORY / folder).rglob("*.md")
        if ".build" not in path.parts and str(path.relative_to(REPOSITORY)) != TUTORIAL
    )
    names.append(TUTORIAL)
    if unknown := set(arguments.documents) - {*names, SERVICE_README}:
        parser.error("there is no " + ", ".join(sorted(unknown)))

    left_out: list[str] = []
    faults: list[str] = []
    typed = 0
    began = time.monotonic()
    chosen = [name for name in names if not arguments.documents or name in arguments.documents]
    if arguments.list:
        for name in [*chosen, SERVICE_README]:
            for block in documents.blocks(REPOSITORY / name):
                if block.reason:
                    print(f"{name}:{block.line}: {block.reason}")
        return 0

    bench = workspace.prepare(REPOSITORY)
    for name in chosen:
        blocks = documents.blocks(REPOSITORY / name)
        left_out += [f"{name}:{block.line}: {block.reason}" for block in blocks if block.reason]
        if not any(block.runs for block in blocks):
            continue
        started = time.monotonic()
        clone = bench.clone(Path(name).stem)
        with Typist(bench, clone) as typist:
            if name.startswith("docs/") and name != TUTORIAL:
                typist.prepare()
            faults += typist.type(name, blocks)
            count = typist.count
            if name == TUTORIAL and not faults:
                # What bin/new-service has made of the template's README, in the service that the tutorial made.
                typist.stop_servers()
                own = documents.blocks(REPOSITORY / SERVICE_README, {"starter": "corner-shop", "Starter": "CornerShop"})
                left_out += [f"{SERVICE_README}:{block.line}: {block.reason}" for block in own if block.reason]
                faults += typist.type(SERVICE_README, own)
        typed += typist.count
        print(f"{name}: {count} commands, {time.monotonic() - started:.0f} s", flush=True)

    for line in left_out:
        print(f"not run: {line}")
    for fault in faults:
        print(fault, file=sys.stderr)
    verdict = f"{len(faults)} of them are wrong" if faults else "all do what they say"
    print(f"documentation: {typed} commands typed in {time.monotonic() - began:.0f} s, {verdict}; {len(left_out)} blocks not run")
    return 1 if faults or typed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
