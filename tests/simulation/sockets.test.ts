/** Do the invariants hold on real sockets as well, where bytes are torn and connections break as the system pleases? */
import { expect, test } from 'bun:test';
import { simulateOnSockets } from '#tests/simulation/sockets';

const REQUESTS = 40;
const TIMEOUT_MS = 60_000;

for (let seed = 1; seed <= 4; seed++) {
  test(
    `seed ${seed}: ${REQUESTS} requests keep every promise`,
    async () => {
      const { problems, calls } = await simulateOnSockets(seed, REQUESTS);
      expect(problems).toEqual([]);
      expect(calls).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
}
