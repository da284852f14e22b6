"""Clients of the two stores: PostgreSQL through psql, Redis through its socket."""

import json
import socket
import subprocess


def url_of(database, socket_directory):
    return f"postgresql:///{database}?host={socket_directory}&user=larder"


def psql(url, *arguments, text=None):
    """Runs SQL from arguments (-c, -f) or from text, and gives what it prints."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", url, *arguments]
    done = subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def copy_database(source, target):
    """Makes the empty database target hold what source holds."""
    with subprocess.Popen(["pg_dump", source], stdout=subprocess.PIPE) as dump:
        command = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", target]
        subprocess.run(command, stdin=dump.stdout, stdout=subprocess.DEVNULL, check=True)
    if dump.returncode != 0:
        raise RuntimeError("pg_dump failed")


class Redis:
    """A connection to a Redis. Values are bytes."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")

    def command(self, *arguments):
        parts = [part if isinstance(part, bytes) else str(part).encode() for part in arguments]
        text = b"*%d\r\n" % len(parts)
        text += b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(text)
        return self._reply()

    def _reply(self):
        line = self._file.readline().rstrip()
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(f"Redis: {rest.decode()}")
        if kind == b"$":
            return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def close(self):
        self._file.close()
        self._socket.close()


def same_json(one, other):
    """Whether two bodies mean the same; 24.90 is 24.9."""
    return json.loads(one) == json.loads(other)
