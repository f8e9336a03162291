"""A receiver of events for one scenario."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Longer than any delay of the simulator.
RECEIVE_TIMEOUT = 30


class Receiver:
    """Queues every event: its bytes and its signature."""

    def __init__(self):
        self.arrived = queue.Queue()
        arrived = self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                arrived.put((body, self.headers["stripe-signature"]))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        """The next event: its bytes and its signature."""
        return self.arrived.get(timeout=RECEIVE_TIMEOUT)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
