"""Single requests, for preparing and checking."""

import collections
import http.client
import json

from harness.servers import BenchError

FIRST_PRODUCT = 100_000  # data.sql
HOT_PRODUCTS = 1000  # those that are only read, by the floor too

Answer = collections.namedtuple("Answer", "status cache body")


def product_path(number):
    """Path of the product with this number, from 0."""
    return f"/products/00000000-0000-4000-8000-{FIRST_PRODUCT + number:012d}"


def ask(server, method, path, value=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {} if value is None else {"Content-Type": "application/json"}
    body = None if value is None else json.dumps(value)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers["X-Cache"], answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise BenchError(f"{server.name}: {method} {path}: {error}") from error
    finally:
        connection.close()


def expect(server, status, method, path, value=None):
    answer = ask(server, method, path, value)
    if answer.status != status:
        raise BenchError(
            f"{server.name}: {method} {path}: {answer.status}, not {status}: {answer.body[:200]!r}"
        )
    return answer
