/** Where the caller demanded JSON: is the whole visible text strict JSON (or one fenced block of it) that fits the schema? */
import type { OutputFormat, StreamPart } from '#core/message';
import type { Finding, Verifier, VerifierRun, VerifyContext } from '#core/verifier';
import { breaksOff } from '#verifiers/finish-reasons';
import { JsonPrefix } from '#verifiers/json-prefix';

/** Characters of text kept for the schema and for fenced answers. Longer answers are checked as JSON only. */
const KEPT_CHARS_MAX = 1_048_576;

const OPENING_FENCE = /^(`{3,}|~{3,})[ \t]*[A-Za-z0-9_.+-]{0,40}[ \t]*\r?\n/;

/** The body of the one fenced block that is the whole of `text`; undefined when it is not so. */
const soleFencedBody = (text: string): string | undefined => {
  const trimmed = text.trim();
  const opening = OPENING_FENCE.exec(trimmed);
  const marks = opening?.[1];
  if (opening === null || marks === undefined || !trimmed.endsWith(marks)) return undefined;
  return trimmed.slice(opening[0].length, -marks.length);
};

class FormatWellFormed implements VerifierRun {
  readonly #format: OutputFormat;
  readonly #context: VerifyContext;
  readonly #json = new JsonPrefix();
  /** Prose may precede a tool call, so nothing is proven before the end when tools are offered. */
  readonly #early: boolean;
  #kept: string | undefined = '';
  #fenced = false;
  #visible = false;
  #explained = false;

  constructor(context: VerifyContext, format: OutputFormat) {
    this.#format = format;
    this.#context = context;
    this.#early = context.tools.length === 0;
  }

  observe(part: StreamPart): Finding | undefined {
    switch (part.type) {
      case 'text-delta':
        return this.#extend(part.text);
      case 'refusal-delta':
      case 'tool-start':
        this.#explained = true;
        return undefined;
      case 'finish':
        if (breaksOff(part.reason)) this.#explained = true;
        return undefined;
      default:
        return undefined;
    }
  }

  finish(): Finding | undefined {
    if (this.#explained || !this.#visible) return undefined;
    if (this.#fenced) return this.#kept === undefined ? undefined : this.#judgeFenced(this.#kept);
    const fault = this.#json.end();
    if (fault !== undefined) return this.#notJson(fault.position);
    return this.#kept === undefined ? undefined : this.#misfit(this.#kept);
  }

  #extend(text: string): Finding | undefined {
    if (this.#kept !== undefined) {
      this.#kept = this.#kept.length + text.length > KEPT_CHARS_MAX ? undefined : this.#kept + text;
    }
    if (!this.#visible) {
      const opening = text.trimStart().charAt(0);
      this.#visible = opening !== '';
      this.#fenced = opening === '`' || opening === '~';
    }
    if (this.#fenced) return undefined;
    const fault = this.#json.push(text);
    return fault !== undefined && this.#early ? this.#notJson(fault.position) : undefined;
  }

  #judgeFenced(text: string): Finding | undefined {
    const body = soleFencedBody(text);
    if (body === undefined) return { code: 'not-json', detail: 'the text is neither JSON nor one fenced block' };
    const json = new JsonPrefix();
    const fault = json.push(body) ?? json.end();
    return fault === undefined ? this.#misfit(body) : this.#notJson(fault.position);
  }

  #notJson(position: number): Finding {
    return { code: 'not-json', detail: `JSON was demanded; the text stops being JSON after ${position} characters` };
  }

  #misfit(text: string): Finding | undefined {
    if (this.#format.kind !== 'json-schema') return undefined;
    const misfit = this.#context.compileSchema(this.#format.schema)?.(JSON.parse(text));
    if (misfit === undefined) return undefined;
    const detail = `the text does not fit the demanded schema at ${misfit.path || '/'} (${misfit.keyword})`;
    return { code: 'schema-mismatch', detail };
  }
}

/** No demand, no opinion. */
const SILENT: VerifierRun = { observe: () => undefined, finish: () => undefined };

export const format: Verifier = {
  name: 'format_well_formed',
  start: (context) =>
    context.outputFormat === undefined ? SILENT : new FormatWellFormed(context, context.outputFormat),
};
