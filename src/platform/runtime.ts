/** What is this process running on? */

export interface RuntimeInfo {
  readonly bun: string;
  /** Such as linux-x64. */
  readonly platform: string;
}

export const runtimeInfo = (): RuntimeInfo => ({ bun: Bun.version, platform: `${process.platform}-${process.arch}` });

/** Absolute folder in which the program was called. */
export const workingFolder = (): string => process.cwd();

/** Names of all variables of the environment. */
export const variableNames = (): readonly string[] => Object.keys(process.env);
