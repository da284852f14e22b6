"""The floors and the peers: how they are built and started. All of them use the stores of Larder's
stack, with tables of their own, because larder-feed would follow their writes otherwise."""

import glob
import os
import shutil
import subprocess
from pathlib import Path

from harness import http, stores
from harness.servers import BenchError, Missing, Processes, Server, free_port, listen, wait_for

HERE = Path(__file__).resolve().parents[1]
DATABASE = "peers"
FLASK_MODULES = ("flask_caching", "flask_sqlalchemy", "psycopg2", "redis")
GO_PACKAGES = "/usr/share/gocode"
BATCH = ("chrt", "--batch", "0")  # as scripts/lib/process.sh has it


class Peer(Server):
    """A floor or a peer; roots are its own processes."""

    def __init__(self, name, port, stack, roots):
        super().__init__(name, port)
        self._stack = stack
        self._roots = roots

    def groups(self):
        return self._roots | self._stack.store_groups()


def run_build(what, command, **options):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except FileNotFoundError as error:
        raise Missing(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        text = done.stderr or done.stdout
        raise Missing(f"{what} failed: {' '.join(text.split())[:300]}")


def build_go(programs):
    target = programs / "go-peer"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": GO_PACKAGES,
        "GOCACHE": str(programs / "go-cache"),
        "GOFLAGS": "",
    }
    run_build("go build", ["go", "build", "-o", target, "main.go"], cwd=HERE / "peers" / "go",
              env=environment)
    return target


def build_fastify(programs):
    """The locked packages are fetched once, and again when the lock changes."""
    target = programs / "fastify"
    source = HERE / "peers" / "fastify"
    target.mkdir(exist_ok=True)
    lock = (source / "package-lock.json").read_bytes()
    installed = target / "installed-lock.json"
    for name in ("package.json", "package-lock.json", "server.js"):
        shutil.copy(source / name, target)
    if not installed.exists() or installed.read_bytes() != lock:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--engine-strict"]
        run_build("npm ci", command, cwd=target)
        installed.write_bytes(lock)
    return target


def find_php():
    found = sorted(glob.glob("/usr/sbin/php-fpm*"))
    if not found:
        raise Missing("php-fpm is not installed")
    return found[-1]


def find_gunicorn():
    """Debian's, whose Python has Debian's packages."""
    run_build("python3", ["/usr/bin/python3", "-c", f"import {', '.join(FLASK_MODULES)}"])
    found = shutil.which("gunicorn", path="/usr/bin")
    if not found:
        raise Missing("gunicorn is not installed")
    return found


class Peers:
    """Starts what is wanted of floors and peers. directory: for sockets, logs and programs, which
    the account can read; programs: where things are built and kept for the next time."""

    def __init__(self, stack, directory, programs, account):
        self._stack = stack
        self._directory = directory
        self._programs = programs / "bench"
        self._account = account
        self._processes = Processes(directory, account, {
            "PGHOST": stack.run_directory,
            "PGUSER": "larder",
            "PGDATABASE": DATABASE,
            "REDIS_SOCKET": stack.redis_socket,
            "NODE_ENV": "production",
            "PYTHONDONTWRITEBYTECODE": "1",
        })
        self._loop_program = programs / "bin" / "larder-floor"
        self.servers = {}
        self.missing = {}

    def start(self, wanted):
        self._programs.mkdir(parents=True, exist_ok=True)
        self._ports = {name: free_port() for name in
                       ("LOOP", "GO", "FASTIFY", "PHP", "FLASK")}
        self._nginx = self._start_nginx()
        makers = {"loop": self._start_loop, "go": self._start_go, "fastify": self._start_fastify,
                  "php": self._start_php, "flask": self._start_flask}
        for name in wanted:
            try:
                makers[name]()
            except Missing as why:
                self.missing[name] = str(why)
        for server in self.servers.values():
            wait_for(f"{server.name} answers", lambda server=server: self._answers(server))

    def stop(self):
        self._processes.stop()

    def _answers(self, server):
        self._processes.check()
        try:
            return http.ask(server, "GET", http.product_path(0)).status == 200
        except BenchError:
            return False

    def _add(self, name, port, roots):
        self.servers[name] = Peer(name, port, self._stack, roots)

    def _start_nginx(self):
        text = (HERE / "nginx.conf.in").read_text()
        for name, value in (self._ports | {"DIRECTORY": self._directory}).items():
            text = text.replace(f"@{name}@", str(value))
        config = self._directory / "nginx.conf"
        config.write_text(text)
        (self._directory / "nginx-temp").mkdir()
        self._account.own(self._directory / "nginx-temp")
        nginx = shutil.which("nginx", path="/usr/sbin:" + os.environ["PATH"])
        return self._processes.start(
            "nginx", [*BATCH, nginx, "-e", "stderr", "-p", self._directory, "-c", config])

    def _behind_nginx(self, pids):
        return {self._nginx: "nginx"} | dict.fromkeys(pids, "app")

    def _start_loop(self):
        """As many processes as Larder has workers, on one socket."""
        program = shutil.copy(self._loop_program, self._directory)
        with listen(self._directory / "loop.socket", self._account) as listener:
            pids = [
                self._processes.start("loop", [program, self._stack.redis_socket], stdin=listener)
                for _ in range(self._stack.workers)
            ]
        self._add("loop", self._ports["LOOP"], self._behind_nginx(pids))

    def _start_twice(self, name, command):
        """Once on a port, once on a socket behind nginx."""
        port = free_port()
        pid = self._processes.start(name, command, LISTEN=str(port))
        self._add(name, port, {pid: "app"})
        path = self._directory / f"{name}.socket"
        pid = self._processes.start(f"{name}-nginx", command, LISTEN=str(path))
        self._add(f"{name}-nginx", self._ports[name.upper()], self._behind_nginx([pid]))

    def _start_go(self):
        program = shutil.copy(build_go(self._programs), self._directory)
        self._start_twice("go", [program])

    def _start_fastify(self):
        source = build_fastify(self._programs)
        shutil.copytree(source, self._directory / "fastify")
        self._start_twice("fastify", ["node", self._directory / "fastify" / "server.js"])

    def _start_php(self):
        program = find_php()
        shutil.copytree(HERE / "peers" / "php", self._directory / "php")
        config = self._directory / "php" / "fpm.conf"
        text = (HERE / "peers" / "php" / "fpm.conf.in").read_text()
        config.write_text(text.replace("@SOCKET@", str(self._directory / "php.socket")))
        pid = self._processes.start("php", [program, "--fpm-config", config])
        self._add("php", self._ports["PHP"], self._behind_nginx([pid]))

    def _start_flask(self):
        """Synchronous workers, as many as gunicorn's documentation recommends. They close every
        connection, so that only nginx in front of them makes sense."""
        program = find_gunicorn()
        shutil.copytree(HERE / "peers" / "flask", self._directory / "flask")
        pid = self._processes.start("flask", [
            program, "--workers", str(2 * os.cpu_count() + 1), "--backlog", "4096",
            "--worker-tmp-dir", "/dev/shm", "--log-level", "warning",
            "--chdir", self._directory / "flask",
            "--bind", f"unix:{self._directory / 'flask.socket'}", "app:app"])
        self._add("flask", self._ports["FLASK"], self._behind_nginx([pid]))


def prepare_stores(stack):
    """Gives the peers a database with Larder's rows, the floor the bytes that Larder answers."""
    stores.psql(stack.database("postgres"), "-c", f"CREATE DATABASE {DATABASE}")
    stores.copy_database(stack.database(), stack.database(DATABASE))
    stores.psql(stack.database(DATABASE), "-c", "ANALYZE")
    redis = stores.Redis(stack.redis_socket)
    paths = [http.product_path(number) for number in range(http.HOT_PRODUCTS)]
    for path in (*paths, "/employees/high-salary"):
        redis.command("SET", path, http.expect(stack, 200, "GET", path).body)
    redis.close()
