/** Tells whether a text holds what looks like a secret: keys and tokens by their own forms. */

/** Forms that their issuers chose so that scanners find them; none may backtrack. */
const FORMS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]{1,20} ){0,3}PRIVATE KEY-----/,
  /\bAKIA[0-9A-Z]{16}\b/,
  /\bgh[opsur]_[A-Za-z0-9]{36}/,
  /\bgithub_pat_[A-Za-z0-9_]{22}/,
  /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20}/,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10}/,
  /\bAIza[0-9A-Za-z_-]{35}/,
  /\bclaw_[A-Za-z0-9_-]{43}/,
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./,
];

export function holdsSecret(text: string): boolean {
  return FORMS.some((form) => form.test(text));
}
