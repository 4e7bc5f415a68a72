"""What a scenario is: something that goes wrong, and what must hold all the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from load import PAUSE, READERS, WRITERS

if TYPE_CHECKING:
    from service import Service
    from stage import Stage
    from tally import Failure
    from trial import Trial


class Scenario(ABC):
    """One kind of trouble. `run` makes it, the rest says which consequences are legitimate.

    Unless it says otherwise it plays on the hotel, whose clients read and book all the time, and whose books are
    checked afterwards.
    """

    #: What `--scenarios` calls it.
    name: ClassVar[str]
    #: What the table calls it.
    title: ClassVar[str]
    #: What must hold, in one line.
    promise: ClassVar[str]
    #: How many workers the service has.
    workers: ClassVar[int] = 4
    #: The environment of the service, besides address and database.
    settings: dict[str, str] = {}
    #: Whether the database must be on a disk, where a commit takes its time; else it is in memory if possible.
    on_disk: ClassVar[bool] = False
    #: How many clients read and write, and how long each pauses, on average, between two requests.
    readers: ClassVar[int] = READERS
    writers: ClassVar[int] = WRITERS
    pause: ClassVar[float] = PAUSE
    #: What a process may hold at the end beyond what the busiest one held at the start.
    spare_descriptors: int = 4
    #: Seconds after which the scenario is given up.
    limit: ClassVar[float] = 90.0

    #: Whether it plays on the fixture service of the tests, which has handlers that wait, with crowds of its own.
    on_fixture: ClassVar[bool] = False

    def prepare(self, stage: Stage) -> Stage:
        """The stage to play on; the common one unless the scenario spoils its own.

        Raises:
            stage.Impossible: when the scenario cannot be played on this machine.
        """
        return stage

    def entrance(self, service: Service) -> int:
        """The port that the clients connect to, asked once; the service's own unless something stands in front of it.

        Raises:
            stage.Impossible: when what should stand there cannot be had on this machine.
        """
        return service.port

    def clean_up(self) -> None:
        """Undoes what `prepare` and `run` did to the machine; also after a failure."""

    @abstractmethod
    def run(self, trial: Trial) -> None:
        """Makes the trouble, on a healthy service under load, and ends it."""

    def excuses(self, trial: Trial, failure: Failure) -> bool:
        """Whether this failed request is a legitimate consequence. By default none is."""
        return False
