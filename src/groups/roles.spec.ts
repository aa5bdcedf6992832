import { expect, it } from '@jest/globals';
import { RoleNumber } from '../conversations/member.entity.js';
import { mayChange, mayManage, mayRemove, roleName } from './roles.js';

const { member, admin, owner } = RoleNumber;

it('each role number has the name of its role', () => {
  for (const [name, number] of Object.entries(RoleNumber)) expect(roleName(number)).toBe(name);
});

it('owner and admins may manage a group, members may not', () => {
  expect([member, admin, owner].map(mayManage)).toEqual([false, true, true]);
});

it.each([
  { actor: owner, removes: [member, admin] },
  { actor: admin, removes: [member] },
  { actor: member, removes: [] },
])('a member of role $actor may remove members of roles $removes', ({ actor, removes }) => {
  expect([member, admin, owner].filter((target) => mayRemove(actor, target))).toEqual(removes);
});

const changes = [undefined, member, admin, owner].flatMap((from) => [member, admin, owner].map((to) => ({ from, to })));
const allowed = (actor: RoleNumber): string[] =>
  changes.filter(({ from, to }) => mayChange(actor, from, to)).map(({ from, to }) => `${from ?? 'none'}-${to}`);

it('a plain member may change no role', () => {
  expect(allowed(member)).toEqual([]);
});

it('an admin may add plain members and change no role', () => {
  expect(allowed(admin)).toEqual(['none-0', '0-0', '1-1', '2-2']);
});

it('the owner may change every role but their own', () => {
  expect(allowed(owner)).toEqual(['none-0', 'none-1', 'none-2', '0-0', '0-1', '0-2', '1-0', '1-1', '1-2', '2-2']);
});
