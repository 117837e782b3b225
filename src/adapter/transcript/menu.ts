/** The transcripts that Claw reads: adding one is a file here and a line below. */
import { claudeCodeTranscript } from './claude-code.ts';
import { codexTranscript } from './codex.ts';
import { geminiTranscript } from './gemini.ts';
import { jsonlTranscript } from './jsonl.ts';
import { openaiChatTranscript } from './openai-chat.ts';
import type { Transcript } from './transcript.ts';

const TRANSCRIPTS: readonly Transcript[] = [
  claudeCodeTranscript,
  codexTranscript,
  geminiTranscript,
  openaiChatTranscript,
  jsonlTranscript,
];

export const TRANSCRIPT_FORMATS: readonly string[] = TRANSCRIPTS.map(({ format }) => format);

export function transcriptOf(format: string): Transcript | undefined {
  return TRANSCRIPTS.find((one) => one.format === format);
}
