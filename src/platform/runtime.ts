/** What is this process running on? */

export interface RuntimeInfo {
  readonly bun: string;
  /** Such as linux-x64. */
  readonly platform: string;
}

export const runtimeInfo = (): RuntimeInfo => ({ bun: Bun.version, platform: `${process.platform}-${process.arch}` });
