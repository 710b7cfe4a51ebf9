"""A real mail server for tests: on a free port of this machine, with TLS of its own making, and with whims."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import ipaddress
import socket
import ssl
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

PASSWORD = "a pässword"


@dataclass
class Whims:
    """What the server does otherwise than take every mail: by address, or once."""

    refused: dict[str, str] = field(default_factory=dict)
    after_data: dict[str, str] = field(default_factory=dict)
    lost_after_data: set[str] = field(default_factory=set)
    lost_at_rcpt: set[str] = field(default_factory=set)


@dataclass
class MailServer:
    """A server that runs. `got` are the mails that it took, with the address that each went to."""

    port: int
    whims: Whims = field(default_factory=Whims)
    got: list[tuple[str, EmailMessage]] = field(default_factory=list)
    connections: int = 0
    logins: int = 0

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for went_to, mail in self.got if went_to == address]

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _options):  # noqa: N802
        if address in self.whims.lost_at_rcpt:
            self.whims.lost_at_rcpt.discard(address)
            server.transport.abort()
            return "250 OK"
        if address in self.whims.refused:
            return self.whims.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):  # noqa: N802
        (address,) = envelope.rcpt_tos
        if address in self.whims.lost_after_data:
            server.transport.abort()
            return "250 OK"
        if address in self.whims.after_data:
            return self.whims.after_data[address]
        self.got.append((address, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def mail_server(
    *,
    security: str = "none",
    certificate: tuple[Path, Path] | None = None,
    login: bool = False,
    **options,
) -> Iterator[MailServer]:
    """A server: `security` as in the settings; with `login` it takes mails only of `okr` with PASSWORD."""
    made = MailServer(free_port())

    def authenticated(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"okr", PASSWORD.encode())
        made.logins += right
        return AuthResult(success=right, handled=False)  # so that the server answers itself

    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
    if login:
        options |= {"authenticator": authenticated, "auth_required": True}
        options["auth_require_tls"] = security == "starttls"
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}

    class Counting(Controller):
        def factory(self):
            made.connections += 1
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that a login in clear is no good idea
                return SMTP(self.handler, hostname="mail.test", **self.SMTP_kwargs)

    controller = Counting(
        made, hostname="127.0.0.1", port=made.port, ssl_context=context if security == "tls" else None, **options
    )
    controller.start()
    made.connections = 0  # the controller has looked whether it is up
    try:
        yield made
    finally:
        controller.stop()


def certificate(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path, Path]:
    """A certificate for an address, its key, and the authority that has signed it."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)]) for n in ("okr tests", host))
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)

    def signed(subject, public_key, authority):
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(authority_name).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
        builder = builder.add_extension(identifier, critical=False)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        builder = builder.add_extension(above, critical=False)
        if authority:
            usage = dict.fromkeys(
                (
                    "content_commitment",
                    "key_encipherment",
                    "data_encipherment",
                    "key_agreement",
                    "encipher_only",
                    "decipher_only",
                ),
                False,
            )
            builder = builder.add_extension(
                x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True
            )
        else:
            address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
            builder = builder.add_extension(address, critical=False)
        return builder.sign(authority_key, hashes.SHA256())

    pem = serialization.Encoding.PEM
    files = tuple(folder / name for name in ("server.pem", "server.key", "authority.pem"))
    files[0].write_bytes(signed(name, key.public_key(), False).public_bytes(pem))
    files[1].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    files[2].write_bytes(signed(authority_name, authority_key.public_key(), True).public_bytes(pem))
    return files
