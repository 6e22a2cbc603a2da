import os
import socket
import stat
import subprocess
import sys

import pytest
import trustme
from cryptography.hazmat.primitives import serialization as s

from maildesk.errors import Misconfigured, Unavailable
from maildesk.settings import Endpoint


def test_a_busy_port_is_named(open_listener):
    listener = open_listener()
    with pytest.raises(Unavailable, match=f"{listener.endpoint}: another process listens"):
        open_listener(endpoint=listener.endpoint)


@pytest.mark.parametrize("host", ["x" * 70, "192.0.2.1"], ids=["no host", "foreign"])
def test_an_address_that_is_not_ours_is_named(open_listener, host):
    with pytest.raises(Misconfigured, match=f"{host}:0: "):
        open_listener(endpoint=Endpoint(host, 0))


def test_a_key_that_everybody_can_read_is_refused(open_listener, certificate):
    certificate.key.chmod(0o644)
    with pytest.raises(Misconfigured, match=r"desk\.key: .* every user") as refusal:
        open_listener(tls=certificate)
    assert f"chmod o= {certificate.key}" in str(refusal.value)


@pytest.mark.parametrize("missing", ["desk.key", "desk.pem"])
def test_a_missing_file_is_named(open_listener, certificate, missing):
    certificate.key.with_name(missing).unlink()
    with pytest.raises(Misconfigured, match=f"{missing}: .*No such file"):
        open_listener(tls=certificate)


def test_a_key_of_another_certificate_is_refused(open_listener, certificate):
    other = trustme.CA().issue_cert("desk.example")
    other.private_key_pem.write_to_path(certificate.key)
    with pytest.raises(Misconfigured, match=r"desk\.pem: .*desk\.key"):
        open_listener(tls=certificate)


@pytest.mark.parametrize(
    "content",
    [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"],
    ids=["empty", "rubbish", "no key"],
)
def test_rubbish_is_no_key(open_listener, certificate, content):
    certificate.key.write_bytes(content)
    with pytest.raises(Misconfigured, match=r"desk\.pem"):
        open_listener(tls=certificate)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(open_listener, certificate):
    key = s.load_pem_private_key(certificate.key.read_bytes(), None)
    secret = key.private_bytes(
        s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"secret")
    )
    certificate.key.write_bytes(secret)
    with pytest.raises(Misconfigured, match=r"without a password"):
        open_listener(tls=certificate)


def test_a_unix_socket_is_for_owner_and_group_and_goes_away(open_listener, connect, tmp_path):
    path = tmp_path / "lmtp"
    listener = open_listener("lmtp", endpoint=Endpoint(path=path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert connect(listener).reply().startswith("220 ")
    assert listener.endpoint == Endpoint(path=path)
    listener.stop(1)
    assert not path.exists()


def test_the_socket_file_of_a_dead_process_is_replaced(open_listener, connect, tmp_path):
    path = tmp_path / "lmtp"
    script = "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])"
    subprocess.run([sys.executable, "-W", "ignore", "-c", script, path], check=True)
    assert path.is_socket()
    assert connect(open_listener("lmtp", endpoint=Endpoint(path=path))).reply().startswith("220 ")


def test_the_socket_of_a_living_process_is_left_alone(open_listener, connect, tmp_path):
    endpoint = Endpoint(path=tmp_path / "lmtp")
    listener = open_listener("lmtp", endpoint=endpoint)
    with pytest.raises(Unavailable, match=f"{endpoint}: another process listens"):
        open_listener("lmtp", endpoint=endpoint)
    assert connect(listener).reply().startswith("220 ")


def test_a_socket_file_that_somebody_else_put_there_is_not_removed(open_listener, tmp_path):
    path = tmp_path / "lmtp"
    listener = open_listener("lmtp", endpoint=Endpoint(path=path))
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        listener.stop(1)
        assert path.is_socket()


def test_a_file_that_is_no_socket_is_not_replaced(open_listener, tmp_path):
    path = tmp_path / "lmtp"
    path.write_text("precious")
    with pytest.raises(Misconfigured, match="lmtp: the file is not a socket"):
        open_listener("lmtp", endpoint=Endpoint(path=path))
    assert path.read_text() == "precious"


@pytest.mark.parametrize("name", ["missing/lmtp", "x" * 200])
def test_a_path_that_cannot_be_bound_is_named(open_listener, tmp_path, name):
    with pytest.raises(Misconfigured, match=os.path.basename(name)):
        open_listener("lmtp", endpoint=Endpoint(path=tmp_path / name))
