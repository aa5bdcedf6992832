/** The groups of operations in the order in which they are shown; a path's first word after /v1 names its group. */
export const TAGS = [
  { name: 'users', description: 'Accounts: register, look up, change, remove.' },
  { name: 'sessions', description: 'Log in, refresh, list devices, log out.' },
  { name: 'messages', description: 'Send, list, mark as delivered or read.' },
  { name: 'conversations', description: 'What one caller sees of direct pairs and groups, newest first.' },
  { name: 'groups', description: 'Groups, their members and roles.' },
  { name: 'blocks', description: 'Who may not write to whom.' },
  { name: 'sync', description: 'For clients that keep everything: what is new since the positions they hold.' },
  { name: 'api-keys', description: 'Keys of applications.' },
  { name: 'health', description: 'For load balancers and orchestrators.' },
];

export function tagOf(path: string): string {
  const tag = path.replace(/^\/v1/, '').split('/')[1]!;
  if (!TAGS.some(({ name }) => name === tag)) throw new Error(`${path} belongs to no tag`);
  return tag;
}
