// A receiver of events for one scenario.
import { once, EventEmitter } from "node:events";
import { createServer } from "node:http";

// Longer than any delay of the simulator.
const RECEIVE_TIMEOUT = 30_000;

export async function receiver() {
  const waiting = [];
  const events = new EventEmitter();
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    waiting.push({ body: Buffer.concat(parts), signature: request.headers["stripe-signature"] });
    response.end();
    events.emit("arrived");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/hook`,

    // The next event: its bytes and its signature.
    async next() {
      while (waiting.length === 0) await once(events, "arrived", { signal: AbortSignal.timeout(RECEIVE_TIMEOUT) });
      return waiting.shift();
    },

    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
