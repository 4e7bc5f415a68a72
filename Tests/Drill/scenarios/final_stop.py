"""TERM while many clients come and go."""

from __future__ import annotations

import signal
import time

from scenario import Scenario
from trial import Trial


class FinalStop(Scenario):
    """The one stop that has nobody to take over: connections arrive until the kernel is told to refuse them."""

    name = "final-stop"
    title = "TERM while 24 clients connect and ask, then a start"
    promise = "every request that was sent is answered, every connection that was made is served or ends cleanly"
    # Half of them connect for each request, and hardly anybody pauses: some connect at any moment of the stop.
    readers = 20
    writers = 4
    pause = 0.002

    def run(self, trial: Trial) -> None:
        service = trial.service
        for _ in range(trial.count(10, 5)):
            trial.did("TERM")
            began = time.monotonic()
            service.signal(signal.SIGTERM)
            code = service.wait_for_exit(15)
            trial.check(code == 0, f"it stops gracefully (exit code {code} after {time.monotonic() - began:.3f} s)")
            left = service.wait_for_no_process(2)
            if left:
                trial.check(False, f"no process is left; there are {left}")
            began = time.monotonic()
            service.start_again()
            service.wait_until_healthy()
            trial.recovered(time.monotonic() - began)
            trial.load.wait_for_answers(200, 10)
