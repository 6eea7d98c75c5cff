"""Certificates are verified, always; an authority of one's own can be declared."""

from __future__ import annotations

import ipaddress
import json
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ingestion.errors import SiteError, SourceRefused
from ingestion.ingest import ingest
from tests.collection.answering import saying
from tests.collection.conftest import Handler, Server, World


def certificate(folder, days: int = 1):
    """A self-signed certificate for 127.0.0.1, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    begins = datetime.now(UTC) - timedelta(days=2)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=2 + days))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))


@pytest.fixture
def secure(settings, request):
    """The test server behind TLS, its certificate beside the declarations."""
    folder = settings.site / "sources"
    certificate(folder, days=getattr(request, "param", 1))
    handler = type("Handler", (Handler,), {})
    server = Server(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    handler.world = World(f"https://127.0.0.1:{server.server_port}")
    handler.world.answers["/data"] = saying(200, b"[1]")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield handler.world
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_self_signed_certificate_is_refused_at_once(secure, settings, declare, told):
    source = declare(location=f"{secure.url}/data", limits={"attempts": 3})
    with pytest.raises(SourceRefused, match=r"not trusted.*self-signed.*ca_bundle"):
        ingest(settings, source)
    assert [o.error_class for o in told()] == ["tls"]
    assert secure.asked == []


def test_a_declared_authority_is_trusted(secure, settings, declare):
    source = declare(location=f"{secure.url}/data", tls={"ca_bundle": "ca.pem"})
    assert ingest(settings, source)


@pytest.mark.parametrize("secure", [-1], indirect=True)
def test_an_expired_certificate_is_refused_also_of_a_trusted_authority(
    secure, settings, declare
):
    source = declare(location=f"{secure.url}/data", tls={"ca_bundle": "ca.pem"})
    with pytest.raises(SourceRefused, match="expired"):
        ingest(settings, source)


def test_another_name_than_the_certificates_is_refused(secure, settings, declare):
    address = secure.url.replace("127.0.0.1", "localhost")
    source = declare(location=f"{address}/data", tls={"ca_bundle": "ca.pem"})
    with pytest.raises(SourceRefused, match="not trusted"):
        ingest(settings, source)


def test_a_redirect_from_https_to_http_is_refused(secure, world, settings, declare):
    secure.answers["/data"] = saying(302, Location=f"{world.url}/plain")
    source = declare(location=f"{secure.url}/data", tls={"ca_bundle": "ca.pem"})
    with pytest.raises(SourceRefused, match="https to http"):
        ingest(settings, source)
    assert world.asked == []


def test_a_next_page_in_clear_text_is_refused(secure, world, settings, declare):
    body = json.dumps({"next": f"{world.url}/plain"}).encode()
    secure.answers["/data"] = saying(200, body)
    source = declare(
        location=f"{secure.url}/data", tls={"ca_bundle": "ca.pem"}, paging={}
    )
    with pytest.raises(SourceRefused, match=r"next page is no address .*\(https\)"):
        ingest(settings, source)
    assert world.asked == []


def test_a_bundle_that_is_not_there(settings, declare):
    with pytest.raises(SiteError, match="tls"):
        ingest(
            settings,
            declare(location="https://127.0.0.1:1/", tls={"ca_bundle": "no.pem"}),
        )
