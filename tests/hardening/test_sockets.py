"""No network: it is forbidden, that is noticed, and nothing needs it."""

import socket
import sys

import pytest
from jwst_denoise_benchmarks.robustness import sockets


@pytest.mark.parametrize("job", ["steps", "pipeline"])
def test_nothing_connects(job):
    assert sockets.in_fresh_process(job) == []


@pytest.fixture
def connections():
    """Connections that were tried in this test, which it may."""
    found = sys.modules["tests.conftest" if "tests.conftest" in sys.modules else "conftest"].CONNECTIONS
    yield found
    found.clear()


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80)])
def test_connections_are_forbidden(connections, address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as made, pytest.raises(PermissionError, match="no network"):
        made.connect(address)
    assert len(connections) == 1


def test_names_are_not_looked_up(connections):
    with pytest.raises(PermissionError, match="example.org"):
        socket.getaddrinfo("example.org", 443)
    assert len(connections) == 1


def test_this_machine_can_be_reached():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
    assert socket.getaddrinfo("localhost", 80)
