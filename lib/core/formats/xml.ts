/** Small XML documents, read safely: no entities beyond the five of XML itself, and bounds on depth and number of nodes. */
import { SaxesParser } from 'saxes';

export interface XmlNode {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlNode[];
  /** Text directly inside, trimmed. */
  readonly text: string;
}

/** The text is not well-formed XML, or larger than any annotation file is. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
}

const MAX_DEPTH = 64;
const MAX_NODES = 500_000;

interface Building {
  name: string;
  attributes: Record<string, string>;
  children: XmlNode[];
  text: string;
}

/** @throws XmlError that says where the text is not well formed */
export function parseXml(text: string): XmlNode {
  const parser = new SaxesParser({ position: true });
  const stack: Building[] = [];
  let root: XmlNode | null = null;
  let nodes = 0;
  parser.on('error', (error) => {
    throw new XmlError(error.message.replace(/^(\d+):(\d+): /, 'line $1, column $2: ').replace(/\.$/, ''));
  });
  parser.on('doctype', (doctype) => {
    if (/<!ENTITY/i.test(doctype)) throw new XmlError('it declares entities, which no annotation file needs');
  });
  parser.on('opentag', (tag) => {
    if (++nodes > MAX_NODES) throw new XmlError(`it has more than ${MAX_NODES} elements`);
    if (stack.length >= MAX_DEPTH) throw new XmlError(`its elements are nested deeper than ${MAX_DEPTH}`);
    stack.push({ name: tag.name, attributes: Object.assign(Object.create(null) as Record<string, string>, tag.attributes), children: [], text: '' });
  });
  const addText = (piece: string) => {
    const top = stack.at(-1);
    if (top) top.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const built = stack.pop()!;
    const node: XmlNode = { ...built, text: built.text.trim() };
    const parent = stack.at(-1);
    if (parent) parent.children.push(node);
    else root = node;
  });
  parser.write(text.trimStart()).close();
  if (!root) throw new XmlError('it holds no element');
  return root;
}

/** The first child of this name. */
export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((c) => c.name === name);
}
export function childrenOf(node: XmlNode, name: string): XmlNode[] {
  return node.children.filter((c) => c.name === name);
}
/** The text of the first child of this name, if it has any. */
export function childText(node: XmlNode | undefined, name: string): string | undefined {
  return child(node, name)?.text || undefined;
}

/** The text of an XML file: in the encoding that it declares, else UTF-8. @throws when the bytes are not of that encoding */
export function decodeXml(bytes: Uint8Array): string {
  let head = '';
  for (const byte of bytes.subarray(0, 200)) head += String.fromCharCode(byte);
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
  const label = utf16 ?? /^\s*(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*?encoding=["']([A-Za-z0-9._-]+)["']/.exec(head)?.[1] ?? 'utf-8';
  return new TextDecoder(label, { fatal: true }).decode(bytes);
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
/** Text made safe for element content and attribute values. Characters that XML 1.0 cannot hold become U+FFFD. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => escapes[c]!).replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
