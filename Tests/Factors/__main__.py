"""The fifteen factors, each proven on the built release. Start it with `bin/factors`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

import beyond
import processes
import release
import running
from factor import Broken, Factor, NotProven, Outcome, Verdict
from stage import Stage

ALL = (
    Factor("I", "Codebase", release.codebase),
    Factor("II", "Dependencies", release.dependencies),
    Factor("III", "Config", running.config),
    Factor("IV", "Backing services", running.backing_services),
    Factor("V", "Build, release, run", release.build_release_run),
    Factor("VI", "Processes", running.processes),
    Factor("VII", "Port binding", running.port_binding),
    Factor("VIII", "Concurrency", running.concurrency),
    Factor("IX", "Disposability", running.disposability),
    Factor("X", "Dev/prod parity", release.parity),
    Factor("XI", "Logs", running.logs),
    Factor("XII", "Admin processes", release.admin),
    Factor("XIII", "API first", beyond.api_first),
    Factor("XIV", "Telemetry", beyond.telemetry),
    Factor("XV", "Authentication and authorisation", beyond.auth),
)


def main() -> int:
    """Proves the chosen factors; the exit code: 0 none fails, 1 one does, or a tool is missing in CI."""
    arguments = _arguments()
    processes.adopt_orphans()
    stage = Stage(Path(__file__).resolve().parents[2], arguments.binary)
    outcomes: list[Outcome] = []
    try:
        for factor in ALL:
            if not arguments.only or factor.name in arguments.only:
                outcomes.append(_prove(factor, stage))
                if arguments.format == "text":
                    print(_text(outcomes[-1]), flush=True)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        stage.close()
    if arguments.format == "json":
        print(json.dumps([_json(outcome) for outcome in outcomes], indent=2))
    elif arguments.format == "markdown":
        print(_markdown(outcomes))
    else:
        print(_summary(outcomes))
    if any(outcome.verdict == Verdict.FAILS for outcome in outcomes):
        return 1
    return 1 if os.environ.get("CI") and any(outcome.is_missing_tool for outcome in outcomes) else 0


def _prove(factor: Factor, stage: Stage) -> Outcome:
    outcome = Outcome(factor)
    stage.steps = outcome.steps
    began = time.monotonic()
    try:
        factor.prove(stage)
    except Broken as broken:
        outcome.verdict, outcome.reason, outcome.todo = Verdict.FAILS, str(broken), broken.todo
    except NotProven as missing:
        outcome.verdict, outcome.reason = Verdict.NOT_PROVEN, str(missing)
        outcome.is_missing_tool = missing.is_missing_tool
    except Exception as error:  # noqa: BLE001  a release that answers what nobody foresaw is no proof
        outcome.verdict, outcome.reason = Verdict.FAILS, f"{type(error).__name__}: {error}"
        outcome.todo = "look at what the release does; this was not foreseen"
    finally:
        stage.clear()
    outcome.seconds = time.monotonic() - began
    return outcome


def _text(outcome: Outcome) -> str:
    factor = outcome.factor
    lines = [f"{factor.name:>5}  {factor.title:<33}{outcome.verdict.value:<11}{outcome.seconds:5.1f} s"]
    lines += [f"       - {step}" for step in outcome.steps]
    if outcome.reason:
        lines.append(f"       ! {outcome.reason}")
    if outcome.todo:
        lines.append(f"       > {outcome.todo}")
    return "\n".join(lines)


def _summary(outcomes: list[Outcome]) -> str:
    counts = [
        f"{count} {verdict.value.replace('holds', 'hold').replace('fails', 'fail')}"
        for verdict in Verdict
        if (count := sum(outcome.verdict == verdict for outcome in outcomes))
    ]
    return f"\n{', '.join(counts)}; {sum(outcome.seconds for outcome in outcomes):.0f} s"


def _json(outcome: Outcome) -> dict[str, object]:
    return {
        "factor": outcome.factor.name,
        "title": outcome.factor.title,
        "verdict": outcome.verdict.value,
        "run": outcome.steps,
        "reason": outcome.reason,
        "todo": outcome.todo,
        "seconds": round(outcome.seconds, 2),
    }


def _markdown(outcomes: list[Outcome]) -> str:
    rows = ["| | factor | verdict | what was run |", "|---|---|---|---|"]
    for outcome in outcomes:
        said = [*outcome.steps, *([outcome.reason] if outcome.reason else [])]
        text = "<br>".join(step.replace("|", "\\|") for step in said)
        rows.append(f"| {outcome.factor.name} | {outcome.factor.title} | {outcome.verdict.value} | {text} |")
    return "\n".join(rows)


def _arguments() -> argparse.Namespace:
    names = [factor.name for factor in ALL]
    parser = argparse.ArgumentParser(
        prog="bin/factors",
        description="The twelve factors (12factor.net) and API first, telemetry and auth, proven on the built release.",
        epilog="Exit codes: 0 no factor fails, 1 one does. With CI set, a proof that lacks a tool is a failure, too.",
    )
    parser.add_argument("--only", metavar="III,IX", type=lambda text: text.split(","), help="only these factors")
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="of the scorecard (text)"
    )
    parser.add_argument(
        "--binary", metavar="FILE", type=Path, required=True, help="the release (bin/factors builds it)"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.only or []) - set(names):
        parser.error(f"no such factor: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    arguments.binary = arguments.binary.resolve()
    if not os.access(arguments.binary, os.X_OK):
        parser.error(f"{arguments.binary} is no program")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
