import { settings, type Setting } from './schema';

const INTRODUCTION = `# Configuration

Fieldmark runs without any settings. What can be set is set by environment variables, or in a file \`.env\` beside
\`package.json\`; a variable that is set wins over the file. This page is made from the settings themselves
(\`npm run build\` does not change it; \`node scripts/docs.mjs\` writes it).

More machines: give each the same \`DATABASE_URL\`, \`S3_…\` and \`FIELDMARK_SECRET\`, and let it start with
\`FIELDMARK_WORKERS=0\` to serve pages only, or \`FIELDMARK_WEB=0\` to work through jobs only.
`;

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const rows = Object.entries(settings) as [string, Setting][];
  const groups = [...new Set(rows.map(([, setting]) => setting.group))];
  const tables = groups.map((group) => {
    const lines = rows.filter(([, s]) => s.group === group).map(([name, s]) => `| \`${name}\` | ${s.default} | ${s.help} |`);
    return `## ${group}\n\n| variable | default | what it does |\n|---|---|---|\n${lines.join('\n')}\n`;
  });
  return `${INTRODUCTION}\n${tables.join('\n')}`;
}
