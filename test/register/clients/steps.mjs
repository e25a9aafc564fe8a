// What every client of this folder does: one step after another, each with what came of it.
const [, , base, refused] = process.argv;
const log = [];

/** Where the server is, and where none is. */
export { base, refused };

/** Ports differ from run to run. */
function withoutPorts(text) {
  return String(text).replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:(port)');
}

function described(error) {
  const { name, code, message, cause } = error;
  return { error: { name, code, message: withoutPorts(message), cause: cause?.code ?? cause?.name } };
}

/** Runs one step, and keeps what it gives, or its error. */
export async function step(label, run) {
  try {
    log.push({ label, outcome: JSON.parse(withoutPorts(JSON.stringify((await run()) ?? null))) });
  } catch (error) {
    log.push({ label, outcome: described(error) });
  }
  // What it used is back where it belongs.
  await new Promise((resolve) => setImmediate(resolve));
}

/** Hands all over; the process is to end by itself now. */
export function done() {
  process.send({ log }, () => process.disconnect());
}
