"""What a cell of the matrix is, and how it may end."""

import dataclasses
import enum


class Transport(enum.Enum):
    """How the client reaches the relay."""

    UDP, TCP, TLS, DTLS = "UDP", "TCP", "TLS", "DTLS"

    @property
    def is_secure(self):
        return self in (Transport.TLS, Transport.DTLS)

    @property
    def is_stream(self):
        return self in (Transport.TCP, Transport.TLS)


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: transport and IP version between client and relay."""

    transport: Transport
    version: int

    @property
    def title(self):
        return f"{self.transport.value}/{self.version}"


COLUMNS = [Column(transport, version) for transport in Transport for version in (4, 6)]


class NotApplicable(Exception):
    """Raised by a row for a column that its client can't do; the text says why."""


class Failure(Exception):
    """Raised by a row when what came back is not what was sent, or the client gave up; the text says what was seen."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One client, or one way to use it. `run` takes (relay, column) and returns what it counted, in words."""

    name: str
    run: object
    attempts: int = 1


@dataclasses.dataclass(frozen=True)
class Result:
    row: Row
    column: Column
    state: str  # ok, n/a or FAIL
    text: str
    seconds: float = 0.0
