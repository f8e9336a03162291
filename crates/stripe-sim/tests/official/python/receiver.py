"""A receiver of events, for as long as a scenario runs."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Longer than anything that the simulator does by itself.
PATIENCE = 30


class Receiver:
    """Keeps every event as it came: its bytes and its signature."""

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
        return self.arrived.get(timeout=PATIENCE)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
