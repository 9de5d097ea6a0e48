/** With what does a multiplexer reach its machine: Docker, GPUs, programs, and the folder in which it remembers? */

import type { Registry } from '#core/registry';
import { createComposeDriver } from '#drivers/compose';
import { createDockerDriver, type DockerDriver } from '#drivers/docker';
import { type GpuListing, listGpus, type ResolvedGpus, resolveGpus } from '#drivers/gpus';
import { createProcessDriver, type ProcessDriver } from '#drivers/process';
import type { MultiplexerWorld } from '#multiplexer/world';
import { type Commands, createCommands } from '#platform/commands';
import type { DockerEngine } from '#platform/docker-engine';
import { openDockerEngine } from '#platform/docker-socket';
import type { Effects } from '#platform/effects';
import { variableNames } from '#platform/runtime';
import { tellOnce } from '#platform/tell-once';
import type { MultiplexerState } from '#store/multiplexer-state';

const STATE_FOLDER = '.anvil/multiplexer';
/** Hex digits of the digest of a registry's path. */
const OWNER_DIGITS = 16;

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** What one multiplexer calls its own. */
export interface Belongings {
  readonly folder: string;
  /** Locked while it runs. */
  readonly file: string;
  /** Tells its containers from all others. */
  readonly owner: string;
}

/**
 * Where this registry's state is: one file each, also where several share a folder. The lock is in that file, so whoever
 * has another folder is somebody else, and containers are not his.
 */
export const stateOf = (
  { path }: Pick<Registry, 'path'>,
  { sha256 }: Pick<Effects, 'sha256'>,
  stateFolder: string | undefined,
): Belongings => {
  const digest = sha256(path).slice(0, OWNER_DIGITS);
  const folder = stateFolder ?? `${folderOf(path)}/${STATE_FOLDER}`;
  const owner = stateFolder === undefined ? digest : sha256(`${path}\n${stateFolder}`).slice(0, OWNER_DIGITS);
  return { folder, file: `${folder}/${baseOf(path)}-${digest.slice(0, 8)}.sqlite`, owner };
};

/** Cards do not change while we run, so a list that names some is asked for once. */
const createGpuLookup = (commands: Commands): GpuLookup => {
  let known: GpuListing | undefined;
  return async (declared, signal) => {
    if (declared.length === 0) return { uuids: [], ids: [], warnings: [] };
    const listing = known ?? (await listGpus(commands, signal));
    if (listing.gpus.length > 0) known = listing;
    return resolveGpus(declared, listing);
  };
};

/** The same, telling each warning once. */
const warning = (lookUp: GpuLookup, onWarning: (message: string) => void): GpuLookup => {
  const once = tellOnce(onWarning);
  return async (declared, signal) => {
    const resolved = await lookUp(declared, signal);
    for (const message of resolved.warnings) once(message);
    return resolved;
  };
};

export type GpuLookup = (declared: readonly string[], signal: AbortSignal) => Promise<ResolvedGpus>;

export interface Tools {
  readonly commands: Commands;
  readonly engine: DockerEngine;
  readonly gpus: GpuLookup;
}

/** What starts, finds and stops servers. Nothing is asked of Docker or of GPUs before the first need. */
export const openTools = async (effects: Effects): Promise<Tools> => {
  const commands = createCommands();
  const { env, files, clock } = effects;
  const engine = await openDockerEngine({ env, files, commands, clock });
  return { commands, engine, gpus: createGpuLookup(commands) };
};

export interface OpenDrivers {
  readonly docker: DockerDriver;
  readonly process: ProcessDriver;
  readonly all: MultiplexerWorld['drivers'];
}

/**
 * One driver of each kind for the servers of a registry.
 * @param notes where processes are written down
 */
export const openDrivers = (
  { commands, engine, gpus }: Tools,
  effects: Effects,
  notes: Pick<MultiplexerState, 'get' | 'set'>,
  belongings: Belongings,
  onWarning: (message: string) => void,
): OpenDrivers => {
  const { clock, env, reach, sha256 } = effects;
  const docker = createDockerDriver({
    engine,
    effects,
    owner: belongings.owner,
    resolveGpus: warning(gpus, onWarning),
  });
  const compose = createComposeDriver({ commands, engine, clock, env, reach });
  const process = createProcessDriver({
    commands,
    clock,
    env,
    reach,
    sha256,
    gpus,
    notes: { get: (name) => notes.get(`process/${name}`), set: (name, text) => notes.set(`process/${name}`, text) },
    variables: variableNames(),
    logFolder: `${belongings.folder}/logs`,
    onWarning,
  });
  return { docker, process, all: { docker, compose, process } };
};
