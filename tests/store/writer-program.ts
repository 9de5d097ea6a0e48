/** A process of its own that writes decisions: `writer-program.ts PATH FIRST COUNT`; COUNT 0 writes until killed. */
import { openDecisions } from '#store/decisions';
import { ARRIVED_AT, idOf, sampleRecord } from '#tests/store/sample-record';
import { realClock } from '#tests/support/clock';

const [path = '', first = '0', count = '0'] = process.argv.slice(2);
const from = Number(first);
const until = count === '0' ? Number.POSITIVE_INFINITY : from + Number(count);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const decisions = openDecisions({
  path,
  ageMaxDays: 100_000,
  bytesMax: 1024 * 1024 * 1024,
  clock: realClock,
  onError: ({ kind }) => say({ problem: kind }),
});

for (let number = from; number < until; number++) {
  decisions.append(sampleRecord({ id: idOf(number), at: ARRIVED_AT + number }));
  if (number % 50 !== 49) continue;
  await decisions.flush();
  say(decisions.stats());
}
await decisions.flush();
const last = decisions.stats();
const newest = decisions.get(idOf(until - 1))?.id ?? null;
await decisions.close();
say({ ...last, newest, closed: true });
