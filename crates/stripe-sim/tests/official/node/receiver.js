// A receiver of events, for as long as a scenario runs.
import { once, EventEmitter } from "node:events";
import { createServer } from "node:http";

// Longer than anything that the simulator does by itself.
const PATIENCE = 30_000;

export async function receiver() {
  const waiting = [];
  const news = new EventEmitter();
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    waiting.push({ body: Buffer.concat(parts), signature: request.headers["stripe-signature"] });
    response.end();
    news.emit("arrived");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/hook`,

    // The next event: its bytes and its signature.
    async next() {
      while (waiting.length === 0) await once(news, "arrived", { signal: AbortSignal.timeout(PATIENCE) });
      return waiting.shift();
    },

    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
