/** The real world on Bun: the one production implementation of `Effects`. */
import { mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Effects, FetchSession, Files } from '#platform/effects';

/** Idle upstream connections kept per tier. */
const IDLE_CONNECTIONS_MAX = 64;

const realClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  setTimeout: (callback, ms) => setTimeout(callback, ms),
  clearTimeout: (handle) => clearTimeout(handle as Timer),
};

const openSession = (): FetchSession => {
  const session = new Bun.FetchSession({ proxy: false, keepAlive: { maxIdleSockets: IDLE_CONNECTIONS_MAX } });
  return { fetch: session.fetch, close: () => session.close() };
};

const reach = async (host: string, port: number, timeoutMs: number): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })),
    timeoutMs,
  );
  Bun.connect({
    hostname: host,
    port,
    socket: {
      open: (socket) => {
        socket.end();
        resolve();
      },
      connectError: (_socket, error) => reject(error),
      data: () => {},
    },
  }).catch(reject);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
};

const readText = async (path: string): Promise<string | undefined> => {
  const file = Bun.file(path);
  return (await file.exists()) ? file.text() : undefined;
};

const LETTERS = 'abcdefghijklmnop';

/** Of a file that nobody has written yet. */
const OWNER_ONLY = 0o600;

/** Permissions of the file as it is, so that replacing it takes them from nobody. */
const modeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ mode }) => mode & 0o777,
    () => OWNER_ONLY,
  );

const replaceFile = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    const mode = await modeOf(path);
    const handle = await open(temporary, 'wx', OWNER_ONLY);
    try {
      await handle.writeFile(text);
      // Not at its making: the umask would take some of them away.
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
};

const files: Files = {
  read: readText,
  replace: replaceFile,
  exists: async (path) =>
    stat(path).then(
      () => true,
      () => false,
    ),
};

/** Hex digits as letters, in the same order. */
const inLetters = (hex: string): string => {
  let letters = '';
  for (const digit of hex) letters += LETTERS[Number.parseInt(digit, 16)];
  return letters;
};

/**
 * Ids that are unique, not secret: 64 random bits per process, then a counter. A random number for each would cost more
 * than everything else about an id. Written with the letters a to p: an id stands in error replies, and clients look for
 * numbers such as 500 there.
 */
const createIds = (): (() => string) => {
  const process = inLetters(crypto.getRandomValues(new Uint8Array(8)).toHex());
  let count = 0;
  return () => process + inLetters((count++ % 2 ** 32).toString(16).padStart(8, '0'));
};

/** Effects backed by the running process. */
export const bunEffects = (): Effects => ({
  clock: realClock,
  id: createIds(),
  openSession,
  reach,
  hash64: (text) => Bun.hash(text).toString(16).padStart(16, '0'),
  sha256: (text) => new Bun.CryptoHasher('sha256').update(text).digest('hex'),
  files,
  env: (name) => process.env[name]?.trim() || undefined,
});
