/** The groups of operations in the order in which they are shown; a path's first word after /v1 names its group. */
export const TAGS = [
  { name: 'users', description: 'Accounts: register, look up, change, remove.' },
  { name: 'sessions', description: 'Log in, refresh, list devices, log out.' },
  { name: 'messages', description: 'Send, list, mark as delivered or read.' },
  { name: 'conversations', description: 'Direct conversations and groups as the caller sees them, newest first.' },
  { name: 'groups', description: 'Groups, their members and roles.' },
  { name: 'blocks', description: 'Block users, so that they cannot write to the caller.' },
  { name: 'sync', description: 'For clients that store everything: what is new since their positions.' },
  { name: 'api-keys', description: 'Keys of applications.' },
  { name: 'health', description: 'For load balancers and orchestrators.' },
];

export function tagOf(path: string): string {
  const tag = path.replace(/^\/v1/, '').split('/')[1]!;
  if (!TAGS.some(({ name }) => name === tag)) throw new Error(`${path} belongs to no tag`);
  return tag;
}
