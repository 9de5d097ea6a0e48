/** Who starts a serve and is then killed without warning? FOLDER PORT [behaviour…]: starts it and prints its process id. */
import { createDriver, diskNotes, never, saysReady, specOf } from '#tests/drivers/process-support';

const [folder = '', port = '0', ...behaviours] = process.argv.slice(2);
const serve = await createDriver(folder, diskNotes(folder)).start(specOf(Number(port), behaviours), never);
await saysReady(serve);
process.stdout.write(`${serve.id}\n`);
// Nothing else keeps this process: the child alone must not.
setInterval(() => undefined, 60_000);
