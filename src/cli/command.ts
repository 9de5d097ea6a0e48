/** What a verb of the command line declares: its flags, its arguments, and what it does with them. */
import type { Io } from '#cli/io';
import type { ExitCode } from '#cli/output';

export type FlagSpec =
  /** Present or absent. */
  | { readonly kind: 'switch'; readonly help: string }
  /** `value` is the placeholder in the help, such as PATH. */
  | { readonly kind: 'text'; readonly value: string; readonly help: string; readonly default?: string }
  | {
      readonly kind: 'integer';
      readonly value: string;
      readonly help: string;
      readonly min: number;
      readonly max: number;
      readonly default?: number;
    }
  | {
      readonly kind: 'choice';
      readonly value: string;
      readonly choices: readonly string[];
      readonly help: string;
      readonly default?: string;
    };

/** One argument without a dash; required, unless it takes `many`. */
export interface ArgumentSpec {
  readonly help: string;
  readonly choices?: readonly string[];
  /** Takes all words that are left, also none; the last argument only. */
  readonly many?: true;
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>;
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>;

type Given<Spec, Value> = Spec extends { readonly default: unknown } ? Value : Value | undefined;

type FlagValue<Spec extends FlagSpec> = Spec extends { readonly kind: 'switch' }
  ? boolean
  : Spec extends { readonly kind: 'integer' }
    ? Given<Spec, number>
    : Spec extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
      ? Given<Spec, Choice>
      : Given<Spec, string>;

type ArgumentWord<Spec extends ArgumentSpec> = Spec extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : string;

type ArgumentValue<Spec extends ArgumentSpec> = Spec extends { readonly many: true }
  ? readonly ArgumentWord<Spec>[]
  : ArgumentWord<Spec>;

export interface Input<Flags extends FlagSpecs, Arguments extends ArgumentSpecs> {
  readonly flags: { readonly [name in keyof Flags]: FlagValue<Flags[name]> };
  readonly args: { readonly [name in keyof Arguments]: ArgumentValue<Arguments[name]> };
}

export interface CommandSpec<Flags extends FlagSpecs, Arguments extends ArgumentSpecs> {
  /** What the verb does beyond its one-line summary; plain sentences. */
  readonly details?: string;
  /** Keys are the flags' names without dashes. */
  readonly flags: Flags;
  /** In the order they are written. */
  readonly args: Arguments;
  /** Arguments only, without the program's name. */
  readonly examples?: readonly string[];
  run(input: Input<Flags, Arguments>, io: Io): Promise<ExitCode> | ExitCode;
}

/** Values as the parser found them, before `command` gives them their types back. */
export interface RawInput {
  readonly flags: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly args: Readonly<Record<string, string | readonly string[]>>;
}

/** A verb whose flag types are forgotten: what the table holds. */
export interface Command extends Omit<CommandSpec<FlagSpecs, ArgumentSpecs>, 'run'> {
  run(input: RawInput, io: Io): Promise<ExitCode> | ExitCode;
}

/** Declares a verb. Inside `run` every flag has the type that its declaration says. */
export const command = <const Flags extends FlagSpecs, const Arguments extends ArgumentSpecs>(
  spec: CommandSpec<Flags, Arguments>,
): Command => ({
  ...spec,
  // The parser checked the values against these very declarations.
  run: (input, io) => spec.run(input as unknown as Input<Flags, Arguments>, io),
});
