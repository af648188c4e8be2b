#!/usr/bin/python3
"""A small app on PostgreSQL: reads, numbered writes, a health check. SIGUSR2 restarts it in place.

    app.py NAME FOLDER

It reads the address of its database from the file `database` in its folder when it starts.
A restart closes the listener, completes the requests in flight, and writes the file `up` when the
next start listens.
"""

import os
import queue
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg2
import psycopg2.errors

NAME, FOLDER = sys.argv[1], Path(sys.argv[2])
SIGNALS = {signal.SIGUSR2, signal.SIGTERM}
CONNECTIONS = 4

READ = "SELECT current_setting('cluster_name'), max(number) FROM notes"
WRITE = "INSERT INTO notes (number) VALUES (%s) RETURNING current_setting('cluster_name')"


class Database:
    """A few connections, each opened when it is first needed."""

    def __init__(self, address):
        self.address = address
        self.free = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self.free.put(None)

    def run(self, statement, *values):
        """Runs the statement in a transaction, and returns its row after the COMMIT."""
        connection = self.free.get(timeout=10)
        try:
            connection = connection or self.connect()
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchone()
        finally:
            self.free.put(connection if connection and not connection.closed else None)

    def connect(self):
        """A new connection."""
        return psycopg2.connect(host=self.address, dbname="shop", user="shop", connect_timeout=10)


DATABASE = Database((FOLDER / "database").read_text().strip())


class Handler(BaseHTTPRequestHandler):
    """One request a connection."""

    timeout = 10

    def do_GET(self):
        """Also the health check: it is a read, so a frozen database is healthy."""
        self.answer(READ)

    def do_POST(self):
        """`/write/17` answers 200 only when the number 17 is committed."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(WRITE, int(self.path.rpartition("/")[2]))

    def answer(self, statement, *values):
        """The name of the database that served, or why none did."""
        try:
            row = DATABASE.run(statement, *values)
        except psycopg2.errors.ReadOnlySqlTransaction:
            self.send(503, "-", "the database is read-only\n", retry_after=60)
        except (psycopg2.Error, queue.Empty) as error:
            self.send(500, "-", f"{error}\n")
        else:
            self.send(200, row[0], f"{row}\n")

    def send(self, status, database, text, retry_after=None):
        """Sends the whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("X-Served-By", f"{NAME} {database}")
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *values):
        """The users keep the account."""


class Server(ThreadingHTTPServer):
    """`server_close` waits for the requests in flight."""

    daemon_threads = False
    request_queue_size = 128


def main():
    """Serves until a signal."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    server = Server(("", 1000), Handler)
    (FOLDER / "pid").write_text(str(os.getpid()))
    (FOLDER / "up").touch()
    threading.Thread(target=server.serve_forever, args=(0.05,)).start()
    asked = signal.sigwait(SIGNALS)
    server.shutdown()
    server.server_close()
    if asked == signal.SIGUSR2:
        os.execv(sys.executable, [sys.executable, *sys.argv])


main()
