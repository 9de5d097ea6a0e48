/** Do the small helpers hold: refused ports refuse, folders vanish, gates open once for everyone? */

import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { createGates } from '#tests/support/gates';
import { refusedPort } from '#tests/support/ports';
import { rejectionOf } from '#tests/support/rejection';
import { tmpdir } from '#tests/support/tmp';

const listenAnywhere = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

test('a refused port refuses every time', async () => {
  await using refused = await refusedPort();
  for (let attempt = 0; attempt < 3; attempt++) {
    expect((await rejectionOf(fetch(refused.url))).code).toBe('ECONNREFUSED');
  }
});

test('nobody who asks for any free port is given a refused one', async () => {
  await using refused = await refusedPort();
  const servers = Array.from({ length: 300 }, () => createServer());
  const ports = await Promise.all(servers.map((server) => listenAnywhere(server)));
  expect(ports).not.toContain(refused.port);
  for (const server of servers) server.close();
});

test('a refused port is given back afterwards', async () => {
  const refused = await refusedPort();
  await refused[Symbol.asyncDispose]();
  const socket = connect({ port: refused.port, host: '127.0.0.1' });
  const code = Promise.withResolvers<string | undefined>();
  socket.once('error', (error: Error & { code?: string }) => code.resolve(error.code));
  expect(await code.promise).toBe('ECONNREFUSED');
});

test('a temporary folder holds files, makes the folders they need, and is gone afterwards', async () => {
  let path = '';
  {
    await using folder = await tmpdir();
    path = folder.path;
    await folder.write('deep/er/config.toml', 'a = 1\n');
    expect(await folder.read('deep/er/config.toml')).toBe('a = 1\n');
    expect(folder.file('x').startsWith(path)).toBe(true);
  }
  expect(existsSync(path)).toBe(false);
});

test('a gate opens for those who wait already and for those who come later', async () => {
  const gates = createGates();
  const early = gates.wait('go');
  expect(gates.isReleased('go')).toBe(false);
  gates.release('go');
  await early;
  await gates.wait('go');
  expect(gates.isReleased('go')).toBe(true);
});

test('shutting gates down rejects who waits, not who has passed', async () => {
  const gates = createGates();
  gates.release('open');
  const waiting = rejectionOf(gates.wait('closed'));
  gates.shutDown(new Error('over'));
  expect((await waiting).message).toBe('over');
  expect((await rejectionOf(gates.wait('later'))).message).toBe('over');
  await gates.wait('open');
});

test('asking for the rejection of a promise that resolves is an error', async () => {
  expect((await rejectionOf(rejectionOf(Promise.resolve(1)))).message).toContain('resolved instead');
});
