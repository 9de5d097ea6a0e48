/** How is the command line documented? The help of every verb, as one page. */
import { renderCommandHelp, renderRootHelp } from '#cli/help';
import { styleFor } from '#cli/output';
import { loadVerbs, VERBS } from '#cli/verbs';

const fenced = (text: string): string => `\`\`\`text\n${text.trimEnd()}\n\`\`\``;

/** Markdown; the same table gives the same text, so that drift can be tested. */
export const renderCliReference = async (): Promise<string> => {
  const plain = styleFor(false, () => undefined);
  const verbs = await loadVerbs();
  const sections = verbs.map(
    ({ name, summary, command }) => `## ${name}\n\n${fenced(renderCommandHelp(name, summary, command, plain))}`,
  );
  return `${[
    '# Command line reference',
    'Generated from the verb table in `src/cli/verbs.ts` by `scripts/generate.ts`; edit that instead.',
    fenced(renderRootHelp(VERBS, plain)),
    ...sections,
  ].join('\n\n')}\n`;
};
