"""A client of the authorization server with authlib and joserfc, JOSE and OAuth stacks that share no code with the portal or with
openid-client. Started by end2end/tests/authlib.spec.ts; every check that fails raises.

    authlib_client.py begin FILE    reads what to do from FILE, prints the address to send a browser to
    authlib_client.py finish FILE   reads where the browser came back to, redeems, verifies, refreshes, asks; prints what it saw as JSON
    authlib_client.py own FILE      a client's own tokens, proved by private_key_jwt
"""

import json
import sys
import time

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey

ALGORITHMS = ["ES256", "EdDSA", "RS256"]


def discovered(issuer):
    """Discovery (OpenID Connect Discovery 1.0 §4), its issuer compared letter by letter (§4.3)."""
    answer = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10)
    answer.raise_for_status()
    metadata = answer.json()
    assert metadata["issuer"] == issuer, metadata["issuer"]
    assert set(ALGORITHMS) <= set(metadata["id_token_signing_alg_values_supported"])
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    return metadata


def keys(metadata):
    answer = requests.get(metadata["jwks_uri"], timeout=10)
    answer.raise_for_status()
    return KeySet.import_key_set(answer.json())


def session(task, metadata, **more):
    return OAuth2Session(
        task["client_id"],
        task.get("secret"),
        token_endpoint_auth_method=task.get("authentication", "client_secret_basic"),
        scope=task.get("scope"),
        redirect_uri=task.get("redirect_uri"),
        code_challenge_method="S256",
        **more,
    )


def access_token(task, metadata, token):
    """An access token as a resource server checks it (RFC 9068 §4)."""
    decoded = jwt.decode(token, keys(metadata), algorithms=[task["algorithm"]])
    assert decoded.header["typ"] == "at+jwt", decoded.header
    claims = decoded.claims
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": metadata["issuer"]},
        aud={"essential": True, "value": task["audience"]},
        client_id={"essential": True, "value": task["client_id"]},
        exp={"essential": True},
        iat={"essential": True},
        sub={"essential": True},
        jti={"essential": True},
    )
    rules.validate(claims)
    return claims


def id_token(task, metadata, tokens, nonce=None):
    """An id token (OpenID Connect Core §3.1.3.7), at_hash included."""
    decoded = jwt.decode(tokens["id_token"], keys(metadata), algorithms=[task["algorithm"]])
    params = {"client_id": task["client_id"], "access_token": tokens["access_token"], "nonce": nonce}
    options = {"iss": {"essential": True, "value": metadata["issuer"]}, "aud": {"essential": True, "value": task["client_id"]}}
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(now=int(time.time()))
    assert "at_hash" in claims, "the id token is tied to its access token"
    return dict(claims)


def begin(task):
    metadata = discovered(task["issuer"])
    client = session(task, metadata)
    url, state = client.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=task["verifier"], nonce=task["nonce"], state=task["state"]
    )
    assert state == task["state"]
    return {"url": url}


def finish(task):
    metadata = discovered(task["issuer"])
    client = session(task, metadata, state=task["state"])
    tokens = client.fetch_token(
        metadata["token_endpoint"], authorization_response=task["came_back"], code_verifier=task["verifier"], state=task["state"]
    )
    identity = id_token(task, metadata, tokens, task["nonce"])
    access = access_token(task, metadata, tokens["access_token"])
    assert access["sub"] == identity["sub"]

    def introspected(token):
        answer = client.introspect_token(metadata["introspection_endpoint"], token=token)
        answer.raise_for_status()
        return answer.json()

    looked = introspected(tokens["access_token"])
    assert looked["active"] is True and looked["sub"] == identity["sub"], looked
    info = client.get(metadata["userinfo_endpoint"])
    info.raise_for_status()
    assert info.json()["sub"] == identity["sub"]

    # Rotation: the old refresh token is worth nothing afterwards, and takes its family along.
    refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    assert refreshed["refresh_token"] != tokens["refresh_token"]
    again = id_token(task, metadata, refreshed)
    assert again["sub"] == identity["sub"]
    access_token(task, metadata, refreshed["access_token"])
    refused = None
    try:
        client.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    except OAuthError as error:
        refused = error.error
    after = introspected(refreshed["access_token"])
    return {
        "algorithm": task["algorithm"],
        "claims": identity,
        "scope": tokens["scope"],
        "reuse": refused,
        "active_after_reuse": after["active"],
    }


def own(task):
    metadata = discovered(task["issuer"])
    key_type = ECKey if task["key"]["kty"] == "EC" else OKPKey
    client = OAuth2Session(task["client_id"], key_type.import_key(task["key"]), token_endpoint_auth_method="private_key_jwt")
    header = {"kid": task["key"]["kid"]}
    client.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg=task["key"]["alg"], headers=header))
    tokens = client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope=task["scope"])
    claims = access_token(task, metadata, tokens["access_token"])
    assert claims["sub"] == task["client_id"], claims
    # Somebody else's key under the same name proves nothing.
    stranger = OAuth2Session(task["client_id"], key_type.generate_key(task["key"]["crv"]), token_endpoint_auth_method="private_key_jwt")
    stranger.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"], alg=task["key"]["alg"], headers=header))
    refused = None
    try:
        stranger.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope=task["scope"])
    except OAuthError as error:
        refused = error.error
    return {"scope": claims["scope"], "stranger": refused}


if __name__ == "__main__":
    what, file = sys.argv[1], sys.argv[2]
    with open(file, encoding="utf-8") as opened:
        given = json.load(opened)
    print(json.dumps({"begin": begin, "finish": finish, "own": own}[what](given)))
