/** A reader of RFC 4180, strict and written for the tests: what it reads is what a reader sees. */

/** Records of a CSV text. Throws for a stray quote, a bare line feed, or an unclosed field. */
export function readCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    const [field, end] = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    record.push(field);
    if (text[end] === ',') {
      at = end + 1;
      continue;
    }
    if (!text.startsWith('\r\n', end)) throw new SyntaxError(`No field ends at ${end}.`);
    records.push(record);
    record = [];
    at = end + 2;
  }
  if (record.length > 0) throw new SyntaxError('The last record is not ended.');
  return records;
}

function readPlain(text: string, at: number): [string, number] {
  const field = /^[^",\r\n]*/.exec(text.slice(at))?.[0] ?? '';
  return [field, at + field.length];
}

function readQuoted(text: string, at: number): [string, number] {
  const match = /^"((?:[^"]|"")*)"/.exec(text.slice(at));
  if (!match) throw new SyntaxError(`The quote at ${at} is never closed.`);
  return [(match[1] ?? '').replaceAll('""', '"'), at + match[0].length];
}
