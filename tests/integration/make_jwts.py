#!/usr/bin/env python3
"""make_jwts.py DIRECTORY: writes keys.json, a JWK Set, and a JWT for each algorithm, by PyJWT.

What it makes shares no code with Larder, nor with the library that Larder verifies with.
"""
import json
import pathlib
import sys
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.utils import base64url_encode


def number(value, size):
    return base64url_encode(value.to_bytes(size, "big")).decode()


def rsa_jwk(key):
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(public.n, 256), "e": number(public.e, 3)}


def ec_jwk(key):
    public = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}


def ed25519_jwk(key):
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(raw).decode()}


def main():
    directory = pathlib.Path(sys.argv[1])
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    ed25519_key = ed25519.Ed25519PrivateKey.generate()
    keys = [
        rsa_jwk(rsa_key) | {"kid": "rsa", "use": "sig"},
        ec_jwk(ec_key) | {"kid": "ec", "alg": "ES256"},
        ed25519_jwk(ed25519_key) | {"kid": "ed", "key_ops": ["verify"]},
    ]
    (directory / "keys.json").write_text(json.dumps({"keys": keys}, indent=2))
    claims = {
        "iss": "https://id.example",
        "aud": ["other", "larder"],
        "exp": int(time.time()) + 3600,
        "nbf": int(time.time()),
        "iat": int(time.time()),
        "sub": "Ann Ångström",
        "realm_access": {"roles": ["clerk", "offline_access"]},
    }
    signers = {"RS256": ("rsa", rsa_key), "PS256": ("rsa", rsa_key), "ES256": ("ec", ec_key), "EdDSA": ("ed", ed25519_key)}
    for algorithm, (kid, key) in signers.items():
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})
        (directory / algorithm).write_text(token)
    others = {"RS512": ("rsa", rsa_key), "HS256": ("rsa", "a secret of thirty-two characters")}
    for algorithm, (kid, key) in others.items():
        token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})
        (directory / algorithm).write_text(token)


main()
