"""No network: connections to other machines are forbidden, and nothing needs them."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError

from support.offline import connections_of


@pytest.mark.slow
@pytest.mark.parametrize("job", ["steps", "pipeline"])
def test_steps_and_pipeline_do_not_connect(job):
    assert connections_of(job) == []


def test_attempts_of_child_processes_are_recorded():
    (attempt,) = connections_of("connection")
    assert "socket.connect" in attempt and "127.0.0.1" in attempt


@pytest.mark.filterwarnings("ignore:A test tried to use socket:UserWarning")
@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80)])
def test_connections_to_other_machines_are_forbidden(address):
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as client, pytest.raises(SocketConnectBlockedError):
        client.connect(address)


def test_this_machine_can_be_reached():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
