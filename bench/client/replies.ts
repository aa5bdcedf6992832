/** Frames that the bench looks into without parsing them, which would take longer than sending them takes the server. */
const MESSAGE = '{"type":"message"';
const REPLY = '{"type":"reply","ref":"';

export const isMessage = (text: string): boolean => text.startsWith(MESSAGE);

/** The mark and status of a reply; undefined where the frame is none. */
export function replyIn(text: string): { readonly ref: number; readonly status: number } | undefined {
  if (!text.startsWith(REPLY)) return undefined;
  const end = text.indexOf('"', REPLY.length);
  const status = text.indexOf('"status":', end) + 9;
  return { ref: Number(text.slice(REPLY.length, end)), status: Number(text.slice(status, status + 3)) };
}
