"""A private authority and the relay's certificate by names and addresses, made anew for each run."""

import pathlib
import subprocess

from . import network

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def make(folder):
    """Returns (authority, chain, key) as paths of PEM files in the folder."""
    folder = pathlib.Path(folder)
    authority, authority_key, request, key, own, chain, extensions = (
        folder / name for name in ("authority.pem", "authority.key", "relay.csr", "relay.key", "relay.crt", "relay.pem", "extensions"))
    _openssl("req", "-x509", *_KEY, "-keyout", authority_key, "-out", authority, "-days", 30, "-subj", "/CN=authority of the tests",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl("req", *_KEY, "-keyout", key, "-out", request, "-subj", "/CN=relay.test")
    names = [f"DNS:{name}" for name in ("localhost", *network.NAMES.values())] + [f"IP:{address}" for address in network.LOOPBACK.values()]
    extensions.write_text(f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    _openssl("x509", "-req", "-in", request, "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", 30,
             "-extfile", extensions, "-out", own)
    chain.write_text(own.read_text() + authority.read_text())
    return authority, chain, key


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
