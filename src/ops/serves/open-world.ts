/** How do the verbs of serves get hold of Docker, of programs and of processes? Each is opened when first used. */
import { messageOf } from '#core/thrown';
import { listGpus, resolveGpus } from '#drivers/gpus';
import { createProcessDriver } from '#drivers/process';
import { logFileName } from '#drivers/process-log';
import type { ServesWorld } from '#ops/serves/world';
import { createCommands } from '#platform/commands';
import { openDockerEngine } from '#platform/docker-socket';
import type { Effects } from '#platform/effects';
import { type NoteFiles, noteFiles } from '#platform/note-files';
import { variableNames } from '#platform/runtime';

export interface WorldOptions {
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
  readonly warn: (message: string) => void;
}

/** Beside the manifest: what processes printed, and how to find them again. */
const STATE_FOLDER = '.anvil/serves';

/** A process that cannot be noted runs all the same; only it will not be known again. */
const unfailing = ({ get, set }: NoteFiles, warn: (message: string) => void): NoteFiles => ({
  get,
  set: (name, text) => {
    try {
      set(name, text);
    } catch (error) {
      warn(`${name} cannot be noted (${messageOf(error)}): the verbs will not find its process again`);
    }
  },
});

/** @param folder of the manifest, absolute */
export const openServesWorld = (
  folder: string,
  effects: Effects,
  { signal, tell, warn }: WorldOptions,
): ServesWorld => {
  const commands = createCommands();
  const stateFolder = `${folder}/${STATE_FOLDER}`;
  const { clock, env, files, reach, sha256 } = effects;
  let docker: ReturnType<ServesWorld['docker']> | undefined;
  const processes = createProcessDriver({
    commands,
    clock,
    env,
    reach,
    sha256,
    notes: unfailing(noteFiles(stateFolder), warn),
    logFolder: stateFolder,
    gpus: async (declared, given) => resolveGpus(declared, await listGpus(commands, given)),
    onWarning: warn,
    variables: variableNames(),
  });
  return {
    effects,
    commands,
    docker: () => {
      docker ??= openDockerEngine({ env, files, commands, clock });
      return docker;
    },
    processes,
    processLog: (serve) => `${stateFolder}/${logFileName(serve, sha256)}`,
    signal,
    tell,
  };
};
