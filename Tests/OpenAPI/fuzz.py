#!/usr/bin/env python3
"""Has schemathesis try a running hotel by its own document, with requests that keep to it and requests that do not; every
check that fits is on, and nothing may be found in 2,000 requests and more.

Ends with 0 when all holds; else says what does not. --seed finds again what one run has found.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

# So many requests have to be tried in all, with so many of each kind at most; fewer of a kind make fewer.
FEWEST, EXAMPLES = 2000, 320
# What DELETE cancels stays on record, and can be read.
LEFT_OUT = "use_after_free"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--key", required=True)
    arguments.add_argument("--seed", type=int, default=20261129)
    arguments.add_argument("--examples", type=int, default=EXAMPLES, help="requests of each kind to an operation, at most")
    given = arguments.parse_args()
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "run.ndjson"
        run = subprocess.run(
            [program, "--config-file", pathlib.Path(__file__).parent / "schemathesis.toml", "run",
             f"http://127.0.0.1:{given.port}/openapi.json", "--header", f"Authorization: Bearer {given.key}",
             "--checks", "all", "--exclude-checks", LEFT_OUT, "--max-examples", str(given.examples), "--seed", str(given.seed),
             "--continue-on-failure", "--report", "ndjson", "--report-ndjson-path", report, "--no-color"],
            capture_output=True, text=True, cwd=folder, env={**os.environ, "HOME": folder},
        )
        output = run.stdout + run.stderr
        print(output[-12_000:])
        requests = sum(count(json.loads(line)) for line in report.read_text().splitlines()) if report.exists() else 0
    if run.returncode != 0:
        print(f"FAILED: schemathesis ended with {run.returncode}, seed {given.seed}", file=sys.stderr)
        return 1
    fewest = FEWEST * given.examples // EXAMPLES
    if requests < fewest:
        print(f"FAILED: only {requests} requests, {fewest} were to be tried", file=sys.stderr)
        return 1
    print(f"{requests} requests, nothing found")
    return 0


def count(event):
    """The requests that an event of the report tells of."""
    recorder = event.get("ScenarioFinished", {}).get("recorder", {})
    return len(recorder.get("interactions", {}))


if __name__ == "__main__":
    sys.exit(main())
