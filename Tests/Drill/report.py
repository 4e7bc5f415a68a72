"""The table at the end: for people, for the README, and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trial import Outcome

COLUMNS = (
    "scenario",
    "sent",
    "answered",
    "refused before connect",
    "cut, legitimately",
    "failed",
    "acknowledged writes",
    "lost or doubled",
    "recovery",
    "verdict",
)


def table(outcomes: list[Outcome]) -> str:
    """Aligned columns for a terminal."""
    rows = [list(COLUMNS), *(_row(outcome, outcome.name) for outcome in outcomes), _total(outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(
            cell.ljust(width) if column in (0, len(COLUMNS) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    lines.insert(-1, "-" * len(lines[1]))
    return "\n".join(lines)


def markdown(outcomes: list[Outcome]) -> str:
    """The table as the README wants it."""
    lines = [
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "|".join("---" if column in (0, len(COLUMNS) - 1) else "---:" for column in range(len(COLUMNS))) + "|",
    ]
    lines += ["| " + " | ".join(_row(outcome, outcome.title)) + " |" for outcome in outcomes]
    lines.append("| " + " | ".join(_total(outcomes)) + " |")
    return "\n".join(lines) + "\n"


def write_json(outcomes: list[Outcome], file: Path) -> None:
    """Everything that was counted."""
    document = {"held": all(outcome.skipped or outcome.has_held for outcome in outcomes)}
    file.write_text(json.dumps({**document, "scenarios": [_entry(outcome) for outcome in outcomes]}, indent=2) + "\n")


def _row(outcome: Outcome, title: str) -> list[str]:
    if outcome.skipped:
        return [title, *["–"] * (len(COLUMNS) - 2), outcome.verdict]
    tally = outcome.tally
    return [
        title,
        f"{tally.sent}",
        f"{tally.answered}",
        f"{tally.refused}",
        f"{len(outcome.excused)}",
        f"{len(outcome.failed)}",
        f"{tally.acknowledged}",
        f"{len(outcome.losses) + len(outcome.doubles)}",
        "–" if outcome.recovery is None else f"{outcome.recovery * 1000:.0f} ms",
        outcome.verdict,
    ]


def _total(outcomes: list[Outcome]) -> list[str]:
    played = [outcome for outcome in outcomes if not outcome.skipped]
    rows = [_row(outcome, "") for outcome in played]
    sums = [f"{sum(int(row[column]) for row in rows)}" for column in range(1, 8)]
    held = sum(outcome.has_held for outcome in played)
    slowest = max((outcome.recovery or 0 for outcome in played), default=0)
    return ["all", *sums, f"{slowest * 1000:.0f} ms", f"{held} of {len(played)} held"]


def _entry(outcome: Outcome) -> dict[str, Any]:
    tally = outcome.tally
    return {
        "name": outcome.name,
        "title": outcome.title,
        "promise": outcome.promise,
        "verdict": outcome.verdict,
        "seconds": round(outcome.seconds, 3),
        "sent": tally.sent,
        "answered": tally.answered,
        "answers": {f"{status}": count for status, count in sorted(tally.statuses.items())},
        "slowestMs": round(tally.slowest * 1000, 1),
        "refusedBeforeConnect": tally.refused,
        "cutLegitimately": [str(failure) for failure in outcome.excused],
        "failed": [str(failure) for failure in outcome.failed],
        "acknowledgedWrites": tally.acknowledged,
        "lost": outcome.losses,
        "doubled": outcome.doubles,
        "broken": outcome.broken,
        "notes": outcome.notes,
        "recoveryMs": None if outcome.recovery is None else round(outcome.recovery * 1000, 1),
    }
