/** The page on which a person decides on one approval: self-contained, without scripts. */
import { createHash } from 'node:crypto';
import type { Approval } from '../../policy/lifecycle.ts';
import { type Html, html, recorded } from './html.ts';
import { argumentsOf } from './value.ts';
import type { Words } from './word.ts';

const STYLE = `
:root{color-scheme:light dark;--line:#8885;--soft:#8882;--alarm:#b00020;--go:#0a6b2d}
@media(prefers-color-scheme:dark){:root{--alarm:#ff8a80;--go:#1b8f45}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:46rem;padding:1rem}
h1{font-size:1.35rem;line-height:1.3;margin:.5rem 0 1rem}
h2{font-size:1rem;margin:1.25rem 0 .35rem}
p{margin:.5rem 0}
dl{display:grid;gap:.25rem 1rem;grid-template-columns:minmax(7rem,max-content) 1fr;margin:0}
dt{opacity:.75}
dd{margin:0;min-width:0;overflow-wrap:anywhere}
dl.args{display:block}
dl.args dt{font-family:ui-monospace,monospace;margin-top:.4rem}
pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;
font:14px/1.45 ui-monospace,monospace;margin:.2rem 0;overflow-wrap:anywhere;padding:.6rem;
tab-size:4;white-space:pre-wrap}
.odd{background:#b00020;border-radius:3px;color:#fff;font-weight:600;padding:0 .2em}
.kind{font-size:.75rem;opacity:.7}
.alarm{border:2px solid var(--alarm);border-radius:6px;color:var(--alarm);font-weight:600;
padding:.5rem .75rem}
.state{border:1px solid var(--line);border-radius:6px;font-weight:600;padding:.75rem}
form{border-top:1px solid var(--line);margin-top:1.5rem;padding-top:1rem}
label{display:block;font-weight:600}
textarea{border:1px solid var(--line);border-radius:6px;font:inherit;margin:.35rem 0;
min-height:4.5rem;padding:.5rem;width:100%}
.hint{font-size:.875rem;opacity:.75}
.votes{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:.75rem}
button{border:1px solid var(--line);border-radius:6px;cursor:pointer;flex:1 1 11rem;font:inherit;
font-weight:600;min-height:3rem;padding:.5rem 1rem}
.go{background:#0a6b2d;color:#fff}
.no{background:#b00020;color:#fff}
@media(max-width:34rem){dl{display:block}dt{margin-top:.4rem}}
footer{font-size:.8rem;margin-top:2rem;opacity:.7;overflow-wrap:anywhere}
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** Nothing is loaded, nothing runs, nobody frames it, and its form goes nowhere else. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy':
    `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; ` +
    "base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
  vary: 'accept-language',
};

export type Page = {
  readonly words: Words;
  readonly approval: Approval;
  readonly goal: string | undefined;
  readonly person: string;
  /** Unix milliseconds. */
  readonly now_ms: number;
  /** What stands above the rest. */
  readonly said?: 'thanks' | 'reasonNeeded' | 'voteNeeded';
  /** What was typed before. */
  readonly reason?: string;
};

export function approvalPage(page: Page): string {
  const { words, approval, said } = page;
  const own = approval.votes.some(({ by }) => by === `link:${page.person}`);
  const open = approval.state === 'pending' && !own;
  const told =
    said && html`<p class="${open ? 'alarm' : 'state'}" role="status">${words[said]}</p>`;
  const state = open
    ? html``
    : html`<p class="state">${words.states[approval.state]}${
        approval.state === 'pending' ? ` ${words.more}` : ''
      }</p>`;
  return document(
    words,
    html`<h1>${open ? words.asks : words.title}</h1>
${told ?? html``}${state}${action(page)}${facts(page)}${open ? form(page) : closing(words)}`,
  );
}

export function problemPage(words: Words, problem: Problem): string {
  const body = html`<h1>${words.problems[problem]}</h1><p>${words.problems[`${problem}Hint`]}</p>`;
  return document(words, body);
}

export type Problem = 'forged' | 'expired' | 'ended' | 'own' | 'voted' | 'failed';

function document(words: Words, body: Html): string {
  return html`<!doctype html>
<html lang="${words.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${words.title} · Claw</title>
<style>${{ html: STYLE }}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.html;
}

function action({ words, approval }: Page): Html {
  const { tool, cwd, resources = [], approval_id } = approval;
  const touched = resources
    .slice(0, 50)
    .map(
      ({ kind, id, access }) => html`<li>${recorded(`${access} ${kind} ${id.slice(0, 500)}`)}</li>`,
    );
  const left = resources.length - touched.length;
  const more = left > 0 ? html`<p>+${String(left)}</p>` : html``;
  const command = `clawctl approvals show ${approval_id}`;
  const shown = html`<h2>${words.tool}</h2>
<pre>
${recorded(tool.slice(0, 1000))}</pre>
<h2>${words.arguments}</h2>
${argumentsOf(approval.arguments, words, command)}
${
  cwd === undefined
    ? html``
    : html`<h2>${words.cwd}</h2><pre>
${recorded(cwd)}</pre>`
}
${touched.length === 0 ? html`` : html`<h2>${words.resources}</h2><ul>${touched}</ul>${more}`}`;
  // Only `recorded` writes this mark, and no text can: it would be escaped.
  const odd = shown.html.includes('<b class="odd">[U+');
  return odd ? html`<p class="alarm">${words.odd}</p>${shown}` : shown;
}

function facts(page: Page): Html {
  const { words, approval, goal } = page;
  const { agent, user, reason, request_reason, policy_ids, quorum, votes } = approval;
  const who = [agent?.name, agent?.id, agent?.runtime].filter((one) => one !== undefined);
  const voted = votes.map(
    (one) =>
      html`<div>${recorded(one.by)}: ${
        one.vote === 'approve' ? words.approved : words.denied
      } — ${recorded(one.reason.slice(0, 500))}</div>`,
  );
  const lines: readonly (readonly [string, Html | undefined])[] = [
    [words.why, recorded(reason)],
    [words.conditions, text(approval.conditions?.join('\n'))],
    [words.requestReason, text(request_reason)],
    [words.policies, text(policy_ids.join(', '))],
    [words.goal, text(goal?.slice(0, 2000))],
    [words.agent, text(who.join(' · '))],
    [words.user, text(user?.name ?? user?.id)],
    [words.environment, text(approval.environment)],
    [words.session_id, recorded(approval.session_id.slice(0, 100))],
    [words.requested, when(approval.requested_at, page)],
    [words.expires, approval.state === 'pending' ? when(approval.expires_at, page) : undefined],
    [words.quorum, quorum > 1 ? text(String(quorum)) : undefined],
    [words.votes, voted.length === 0 ? undefined : html`${voted}`],
    [words.asYou, recorded(page.person)],
  ];
  const rows = lines.map(([name, value]) =>
    value === undefined ? html`` : html`<dt>${name}</dt><dd>${value}</dd>`,
  );
  return html`<h2>${words.title}</h2><dl>${rows}</dl>
<footer>${approval.approval_id} · ${approval.action_hash}</footer>`;
}

function text(value: string | undefined): Html | undefined {
  return value === undefined || value === '' ? undefined : recorded(value);
}

/** No script tells the reader's zone: the distance from now says it without one. */
function when(time: string, { words, now_ms }: Page): Html {
  const distance_s = Math.round((Date.parse(time) - now_ms) / 1000);
  const relative = new Intl.RelativeTimeFormat(words.lang, { numeric: 'always' });
  const [unit, size] = UNITS.find(([, most]) => Math.abs(distance_s) < most * 90) ?? LONGEST;
  const said = relative.format(Math.round(distance_s / size), unit);
  const at = new Intl.DateTimeFormat(words.lang, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: 'UTC',
  });
  return html`${said} <span class="hint">(${at.format(Date.parse(time))} UTC)</span>`;
}

const LONGEST = ['day', 86_400] as const;
/** A unit is used up to ninety of it. */
const UNITS = [['second', 1], ['minute', 60], ['hour', 3600], LONGEST] as const;

function form({ words, reason = '' }: Page): Html {
  return html`<form method="post">
<label for="reason">${words.reason}</label>
<textarea id="reason" name="reason" required maxlength="4096">${reason}</textarea>
<div class="hint">${words.reasonHint}</div>
<div class="votes">
<button class="go" name="vote" value="once">${words.once}</button>
<button name="vote" value="session">${words.session}</button>
<button class="no" name="vote" value="deny">${words.deny}</button>
</div>
<p class="hint">${words.sessionHint}</p>
</form>`;
}

function closing(words: Words): Html {
  return html`<p>${words.close}</p>`;
}
